import Diagnostics
import Faults
import Files
import Foundation
import Planning
import Store

/// The way of a job's output into its place by renames: made beside it in a folder that carries the job's uuid, and renamed,
/// after what was there before was renamed aside. And the way back.
struct RenamedPlacement: OutputPlacing {
  let path: String
  private let temporary: String
  private let aside: String
  /// Those above the output that are not there yet, the deepest first.
  private let newFolders: [String]

  init(path: String, uuid: String) {
    let parent = FilePath.folder(of: path)
    let name = FilePath.lastComponent(of: path)
    self.path = path
    temporary = "\(parent)/.\(name).\(uuid).new.tmp"
    aside = "\(parent)/.\(name).\(uuid).old.tmp"
    var folders: [String] = []
    var folder = parent
    while folder != "/", !folder.isEmpty, !FileStatus.exists(folder) {
      folders.append(folder)
      folder = FilePath.folder(of: folder)
    }
    newFolders = folders
  }

  private var parent: String { FilePath.folder(of: path) }

  func prepare(_ files: [OutputFolder.MetadataFile]) throws {
    // a parent that is there has its name; it may lie where folders can be passed through and not be read
    if !FileStatus.isFolder(parent) { try FolderMaker.makeDurably(parent) }
    do {
      try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: false)
    } catch {
      throw JobError.output(
        "cannot make a folder in \(parent): \(errorWords(error))", hint: "check the path and its permissions")
    }
    try reach(.metadataFolderMade, .makeFolder, temporary)
    let folder = Place(temporary).forWriting
    for file in files { try (folder / file.name).put(file.bytes) }
    try reach(.metadataWritten, .write, temporary)
  }

  func takePlace(_ files: [OutputFolder.MetadataFile], overwrite: Bool) throws {
    if overwrite {
      do {
        try rename(path, aside)
      } catch StorageError.io(_, _, ENOENT) {
        // there was none, or it has gone since it was looked at
      }
    }
    try reach(.oldMovedAside, .rename, path)
    do {
      try rename(temporary, path)
    } catch StorageError.io(_, _, let number) where [EEXIST, ENOTEMPTY, ENOTDIR].contains(number) {
      throw JobError.invalid(
        what: "the output \(path) exists: somebody else has just made it",
        hint: overwrite ? "submit again, if that is to be replaced too" : "choose another place, or add --overwrite")
    }
    try reach(.outputRenamed, .rename, path)
    try FolderMaker(root: parent).sync(parent)
  }

  private func reach(_ point: FaultPoint, _ step: StorageError.Step, _ path: String) throws(StorageError) {
    if let number = Faults.reach(point) { throw .io(step: step, path: path, errno: number) }
  }

  func giveBack(isPlaced: Bool) -> Bool {
    if isPlaced, (try? rename(path, temporary)) == nil { return false }
    restoreAside()
    return true
  }

  func restoreAside() {
    if FileStatus.exists(aside), !FileStatus.exists(path) { try? rename(aside, path) }
  }

  func removeRemains(_ files: [OutputFolder.MetadataFile], ofKilled: Bool) -> [String] {
    let left = [remove(temporary), FileStatus.exists(path) ? remove(aside) : FileStatus.exists(aside) ? aside : nil]
    // those that others have put something into stay
    for folder in newFolders { rmdir(folder) }
    return left.compactMap { $0 }
  }

  var keptAside: String? { FileStatus.exists(aside) ? aside : nil }

  func removeAside() -> String? {
    let left = remove(aside)
    // it is there no more, so that nothing is left to fail
    _ = Faults.reach(.oldRemoved)
    return left
  }

  private func remove(_ path: String) -> String? {
    try? FileManager.default.removeItem(atPath: path)
    return FileStatus.exists(path) ? path : nil
  }

  private func rename(_ from: String, _ to: String) throws {
    guard Foundation.rename(from, to) == 0 else {
      throw StorageError.io(step: .rename, path: to, errno: errno)
    }
  }
}
