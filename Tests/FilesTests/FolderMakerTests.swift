import Diagnostics
import Files
import Foundation
import TestSupport
import Testing

@Suite struct FolderMakerTests {
  @Test func makesEachFolderAndSaysWhatToSync() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let root = folder.path
    let maker = FolderMaker(root: root + "/")
    let file = root + "/0/1/2/3"
    try maker.ensureParent(of: file)
    var isFolder: ObjCBool = false
    #expect(FileManager.default.fileExists(atPath: root + "/0/1/2", isDirectory: &isFolder) && isFolder.boolValue)
    let folders = maker.takeUnsynced([file])
    #expect(folders == [root + "/0/1/2", root + "/0/1", root + "/0", root])
    for folder in folders { try maker.sync(folder) }
    // now durable: only the folder of the file itself is left
    #expect(maker.takeUnsynced([file, root + "/0/1/2/4"]) == [root + "/0/1/2"])
    try maker.ensureParent(of: root + "/0/1/9/0")
    #expect(maker.takeUnsynced([root + "/0/1/9/0"]) == [root + "/0/1/9", root + "/0/1"])
    #expect(maker.takeUnsynced([root + "/zarr.json"]) == [root])
  }

  /// Until a fresh folder's parent is synced, every file below it needs that sync, whoever asked first.
  @Test func freshFoldersStayFreshUntilSynced() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let root = folder.path
    let maker = FolderMaker(root: root)
    try maker.ensureParent(of: root + "/a/0")
    #expect(maker.takeUnsynced([root + "/a/0"]) == [root + "/a", root])
    #expect(maker.takeUnsynced([root + "/a/1"]) == [root + "/a", root])
    try maker.sync(root + "/a")
    #expect(maker.takeUnsynced([root + "/a/1"]) == [root + "/a", root])
    try maker.sync(root)
    #expect(maker.takeUnsynced([root + "/a/1"]) == [root + "/a"])
  }

  /// A folder that has its own name on the disk may lie in one that has not: its parent's sync failed.
  @Test func durableFoldersOfFreshOnesDoNotHideThem() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let root = folder.path
    let maker = FolderMaker(root: root)
    try maker.ensureParent(of: root + "/a/b/0")
    try maker.sync(root + "/a/b")
    try maker.sync(root + "/a")
    #expect(maker.takeUnsynced([root + "/a/b/1"]) == [root + "/a/b", root])
    try maker.sync(root)
    #expect(maker.takeUnsynced([root + "/a/b/1"]) == [root + "/a/b"])
  }

  /// A killed process may have made a folder without syncing it.
  @Test func foldersThatWereFoundAreNotTrusted() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let root = folder.path
    try folder.write([1], to: "a/b/0")
    let maker = FolderMaker(root: root)
    try maker.ensureParent(of: root + "/a/b/1")
    #expect(maker.takeUnsynced([root + "/a/b/1"]) == [root + "/a/b", root + "/a", root])
  }

  @Test func errors() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try folder.write([1], to: "a")
    let maker = FolderMaker(root: folder.path)
    #expect(
      thrown(StorageError.self) { try maker.ensureParent(of: folder.path + "/a/0") }
        == .io(step: .makeFolder, path: folder.path + "/a", errno: ENOTDIR))
    #expect(thrown(StorageError.self) { try maker.ensureParent(of: folder.path + "/a/b/0") }?.code.rawValue == "io-failed")
    #expect(thrown(StorageError.self) { try maker.sync(folder.path + "/none") }?.code.rawValue == "io-failed")
    let lost = FolderMaker(root: folder.path + "/none")
    #expect(thrown(StorageError.self) { try lost.ensureParent(of: folder.path + "/none/0/0") }?.code.rawValue == "io-failed")
  }

  @Test func manyThreads() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let root = folder.path
    let maker = FolderMaker(root: root)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<4 {
        group.addTask {
          for i in 0..<40 {
            let path = "\(root)/\(i % 5)/\(i % 7)/\(i)"
            try maker.ensureParent(of: path)
            try writeFileAtomically(Data([UInt8(worker)]), to: path + ".\(worker)", sync: false)
            for unsynced in maker.takeUnsynced([path]) { try maker.sync(unsynced) }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(folder.files.count == 160)
    for i in 0..<35 { #expect(maker.takeUnsynced(["\(root)/\(i % 5)/\(i % 7)/x"]).count == 1) }
  }
}
