import Files
import Foundation
import Testing

@Suite struct FolderListingTests {
  private func scene() throws -> String {
    let folder = NSTemporaryDirectory() + "blockfuse-listing-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder + "/a", withIntermediateDirectories: true)
    try Data().write(to: URL(fileURLWithPath: folder + "/b"))
    try FileManager.default.createSymbolicLink(atPath: folder + "/c", withDestinationPath: "a")
    return folder
  }

  @Test func entriesAndWhatTheyAre() throws {
    let folder = try scene()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let entries = try FolderListing(folder).entries().sorted { $0.name < $1.name }
    #expect(entries.map(\.name) == ["a", "b", "c"])
    #expect(entries.map(\.isFolder) == [true, false, false])
    #expect(try FolderListing(folder + "/a").names() == [])
    var seen = 0
    try FolderListing(folder).forEach { _ in
      seen += 1
      return false
    }
    #expect(seen == 1)
    for (name, number) in [("nothing", ENOENT), ("b", ENOTDIR)] {
      #expect(throws: StorageError.io(step: .open, path: "\(folder)/\(name)", errno: number)) {
        _ = try FolderListing("\(folder)/\(name)").names()
      }
    }
  }

  /// As that of a task's logs, which others list while it is made.
  @Test func aFolderThatComesAndGoesIsThereOrNot() async throws {
    let folder = try scene()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let fickle = folder + "/a"
    async let change: Void = {
      for _ in 0..<20_000 {
        rmdir(fickle)
        mkdir(fickle, 0o777)
      }
    }()
    for _ in 0..<20_000 {
      do {
        #expect(try FolderListing(fickle).names() == [])
      } catch {
        #expect(error as? StorageError == .io(step: .open, path: fickle, errno: ENOENT))
      }
    }
    await change
  }
}
