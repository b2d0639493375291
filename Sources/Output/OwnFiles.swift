import Faults
import Files
import Store

/// The files below a folder that have names of this program, to be counted or removed. Everything else stays, with the folders
/// that it lies in. Links are not followed.
package struct OwnFiles {
  /// What there is to remove.
  package struct Extent: Sendable {
    package var fileCount = 0
    package var byteCount = 0
    /// The paths of what would stay.
    package var others: [String] = []
  }

  /// Of what stays so many are named; there may be any number.
  package static let namedAtMost = 20

  private let root: Place
  private let names: OwnNames

  package init(in root: Place, names: OwnNames) {
    // files are removed one by one, and what is lost of that in a power failure is removed again
    (self.root, self.names) = (root.forWriting, names)
  }

  package func extent() throws -> Extent {
    var extent = Extent()
    try walk(root, []) { (place) throws in
      extent.fileCount += 1
      extent.byteCount += try place.look()?.byteCount ?? 0
    } leave: { _ in
    } other: {
      extent.others.append($0)
    }
    return extent
  }

  /// Removes the files, and the folders that are empty then, the root last. Returns the paths of what stays. May be stopped at
  /// any point and be done again.
  package func remove() throws -> [String] {
    var others: [String] = []
    try walk(root, []) { (place) throws in
      try place.remove()
      if let number = Faults.reach(.ownFileRemoved) { throw StorageError.io(step: .remove, path: place.address, errno: number) }
    } leave: { (place) throws in
      if let path = place.filePath { try EmptyFolder.remove(path) }
    } other: {
      others.append($0)
    }
    return others
  }

  /// - Parameters:
  ///   - file: called for each file.
  ///   - leave: called for each folder when all in it was seen.
  ///   - other: called with the path of what has another name.
  private func walk(
    _ folder: Place, _ path: [String], file: (Place) throws -> Void, leave: (Place) throws -> Void, other: (String) -> Void
  ) throws {
    let entries: [StoreEntry]
    do throws(StorageError) {
      entries = try folder.entries()
    } catch {
      if error.isMissing { return }
      throw error
    }
    for entry in entries.sorted(by: { $0.name < $1.name }) {
      let (place, path) = (folder / entry.name, path + [entry.name])
      if entry.isText, entry.isFolder, names.isFolder(path) {
        try walk(place, path, file: file, leave: leave, other: other)
      } else if entry.isText, !entry.isFolder, names.isFile(path) {
        try file(place)
      } else {
        other(place.address)
      }
    }
    try leave(folder)
  }
}
