import Files
import Foundation
import TestSupport
import Testing

/// Files that users named.
@Suite struct NamedFileTests {
  private let bytes = Data([1, 2, 3])

  private func kind(_ path: String) -> mode_t {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
  }

  @Test func aRegularFileIsReplacedAsAWhole() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try folder.write([9, 9, 9, 9, 9], to: "a")
    let old = open(folder.path + "/a", O_RDONLY)
    defer { close(old) }
    try writeNamedFile(bytes, to: folder.path + "/a", sync: true)
    #expect(try fileBytes(folder.path + "/a") == [1, 2, 3])
    // who reads the former one has all of it
    var rest = [UInt8](repeating: 0, count: 9)
    #expect(read(old, &rest, 9) == 5)
    #expect(folder.files == ["a"])
  }

  @Test func aLinkIsFollowedToItsEnd() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try FileManager.default.createDirectory(atPath: folder.path + "/far", withIntermediateDirectories: false)
    try folder.write([9], to: "far/there")
    for (link, target) in [("a", "b"), ("b", "far/there"), ("c", folder.path + "/far/new"), ("self", "self")] {
      try #require(symlink(target, folder.path + "/" + link) == 0)
    }
    try writeNamedFile(bytes, to: folder.path + "/a", sync: false)
    try writeNamedFile(bytes, to: folder.path + "/c", sync: false)
    for link in ["a", "b", "c"] { #expect(kind(folder.path + "/" + link) == S_IFLNK) }
    for file in ["far/there", "far/new"] {
      #expect(try fileBytes(folder.path + "/" + file) == [1, 2, 3])
      #expect(kind(folder.path + "/" + file) == S_IFREG)
    }
    #expect(throws: StorageError.io(step: .open, path: folder.path + "/self", errno: ELOOP)) {
      try writeNamedFile(bytes, to: folder.path + "/self", sync: false)
    }
  }

  @Test func aFIFOIsWrittenInto() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let fifo = folder.path + "/fifo"
    try #require(mkfifo(fifo, 0o600) == 0)
    // does not wait for a writer
    let reader = open(fifo, O_RDONLY | O_NONBLOCK)
    defer { close(reader) }
    try writeNamedFile(bytes, to: fifo, sync: true)
    var read = [UInt8](repeating: 0, count: 9)
    #expect(Foundation.read(reader, &read, 9) == 3)
    #expect(read.prefix(3) == [1, 2, 3])
    #expect(kind(fifo) == S_IFIFO)
  }

  @Test func aDeviceThatTakesNothingIsSaid() throws {
    guard access("/dev/full", W_OK) == 0 else { return }
    #expect(throws: StorageError.io(step: .write, path: "/dev/full", errno: ENOSPC)) {
      try writeNamedFile(bytes, to: "/dev/full", sync: false)
    }
    #expect(kind("/dev/full") == S_IFCHR)
  }

  @Test func aFolderIsNoFile() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    #expect(throws: StorageError.self) { try writeNamedFile(bytes, to: folder.path, sync: false) }
  }
}
