import Foundation
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

  /// As a child that was forked has it, until it runs its program.
  @Test func aCopyOfTheDescriptorKeepsNoLock() throws {
    let folder = try TemporaryFolder()
    let file = LockFile(path: folder.file("a.lock"))
    let lock = try #require(try file.take(1))
    let copies = (0..<1024 as Range<Int32>).filter { fd in
      var (open, named) = (stat(), stat())
      return fstat(fd, &open) == 0 && stat(file.path, &named) == 0 && open.st_ino == named.st_ino && open.st_dev == named.st_dev
    }.map { dup($0) }
    #expect(copies.count == 1)
    #expect(try file.held([1]) == [1])
    lock.release()
    #expect(try file.held([1]) == [])
    copies.forEach { close($0) }
  }

  @Test func aLockFileThatCannotBeMadeIsAnError() throws {
    let file = LockFile(path: "/nonexistent-folder/a.lock")
    #expect(throws: JobStoreError.self) { _ = try file.take(1) }
    #expect(try file.held([1]) == [])
  }
}
