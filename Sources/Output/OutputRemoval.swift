import Faults
import Files
import Foundation
import Store

/// The way of a job's output out of the world: it is renamed aside at once, so that nobody takes what is half removed for an
/// image, and its files are then removed one by one. What has no name of this program is put back where it was.
///
/// The name aside carries the job's uuid: stopped anywhere, the removal is found again, and goes on. Where a link leads to the
/// output, all of this is done at its end, and the link stays as another's.
package struct OutputRemoval {
  private let output: OutputFolder
  private let path: String
  private let aside: String

  /// Nil for an output in a store that does not rename.
  package init?(of output: OutputFolder) {
    guard let named = output.place.filePath, output.place.store.abilities.contains(.renames) else { return nil }
    // a ring of links leads nowhere, so that nothing is there to be removed
    let path = (try? FilePath.linkEnd(of: named)) ?? named
    (self.output, self.path) = (output, path)
    aside = "\(FilePath.folder(of: path))/.\(FilePath.lastComponent(of: path)).\(output.uuid).removed.tmp"
  }

  /// Whether it was begun, and not ended.
  package var isBegun: Bool { FileStatus.isFolder(aside) }

  /// What is there to be removed.
  package func extent() throws -> OwnFiles.Extent {
    try OwnFiles(in: isBegun ? Place(aside) : output.place, names: output.ownNames).extent()
  }

  /// Renames the output aside. To be called while nobody writes to it, and nobody begins to.
  package func begin() throws {
    try rename(path, aside)
    if let number = Faults.reach(.outputPutAside) { throw StorageError.io(step: .rename, path: path, errno: number) }
    try sync()
  }

  /// Removes what is the output's, and puts the rest back. Returns the paths of that.
  package func finish() throws -> [String] {
    let others = try OwnFiles(in: Place(aside), names: output.ownNames).remove()
    // somebody may have made another output there
    if isBegun, !FileStatus.exists(path) {
      try rename(aside, path)
      if let number = Faults.reach(.othersPutBack) { throw StorageError.io(step: .rename, path: path, errno: number) }
    }
    try sync()
    if isBegun { return others }
    return others.map { path + $0.dropFirst(aside.count) } + (path == output.path || FileStatus.exists(path) ? [] : [output.path])
  }

  private func sync() throws {
    let parent = FilePath.folder(of: path)
    try FolderMaker(root: parent).sync(parent)
  }

  private func rename(_ from: String, _ to: String) throws {
    guard Foundation.rename(from, to) == 0 else { throw StorageError.io(step: .rename, path: from, errno: errno) }
  }
}
