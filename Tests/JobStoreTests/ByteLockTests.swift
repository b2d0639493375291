import JobStore
import Testing

@Suite struct ByteLockTests {
  @Test func aByteHasOneHolderUntilItIsReleasedOrDropped() throws {
    let folder = try TemporaryFolder()
    let file = LockFile(path: folder.file("a.lock"))
    #expect(try file.held([1]) == [])
    let one = try #require(try file.take(1))
    #expect(try file.take(1) == nil)
    #expect(try file.take(1, within: 0.02) == nil)
    let two = try #require(try file.take(2))
    #expect(try file.held([0, 1, 2, 3]) == [1, 2])
    one.release()
    #expect(try file.held([1, 2]) == [2])
    var three = try file.take(1)
    #expect(three != nil)
    three = nil
    #expect(try file.held([1]) == [])
    two.release()
  }

  @Test func aLockFileThatCannotBeMadeIsAnError() throws {
    let file = LockFile(path: "/nonexistent-folder/a.lock")
    #expect(throws: JobStoreError.self) { _ = try file.take(1) }
    #expect(try file.held([1]) == [])
  }
}
