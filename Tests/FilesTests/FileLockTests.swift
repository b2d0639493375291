import Files
import Foundation
import Testing

@Suite struct FileLockTests {
  private func path() -> String { NSTemporaryDirectory() + "blockfuse-lock-" + UUID().uuidString }

  @Test func manyShareItOrOneHasIt() throws {
    let path = path()
    defer { unlink(path) }
    var first: FileLock? = try FileLock(path)
    let second = try FileLock(path)
    #expect(try first?.take(.shared) == .taken)
    #expect(try second.take(.shared) == .taken)
    #expect(try first?.take(.alone) == .held)
    first = nil
    #expect(try second.take(.alone) == .taken)
    #expect(try FileLock(path).take(.shared) == .held)
    // and back
    #expect(try second.take(.shared) == .taken)
    #expect(try FileLock(path).take(.shared) == .taken)
  }

  @Test func whatIsNoFileIsRefused() throws {
    let path = path()
    defer { unlink(path) }
    #expect(throws: StorageError.self) { _ = try FileLock(path + "/missing") }
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/nonexistent/lock")
    #expect(throws: StorageError.self) { _ = try FileLock(path) }
  }
}
