import Diagnostics
import Files
import Foundation
import TestSupport
import Testing

/// What stands in the place of a file is told at once: a plain `open` would wait for ever for who writes to a FIFO.
@Suite struct RegularFileTests {
  /// A FIFO, a socket and a device in a folder, by what they are called.
  private func others(in folder: TemporaryFolder) throws -> [(path: String, kind: String)] {
    let fifo = folder.path + "/fifo"
    try #require(mkfifo(fifo, 0o600) == 0)
    // a short path: those of sockets are limited
    let name = "/tmp/blockfuse-\(UInt32.random(in: 0...UInt32.max))"
    let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(name.utf8)) }
    let isBound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 }
    }
    try #require(isBound)
    return [(fifo, "a FIFO"), (name, "a socket"), ("/dev/null", "a device")]
  }

  @Test(.timeLimit(.minutes(1))) func whatIsNoFileIsTold() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    for (path, kind) in try others(in: folder) {
      defer { if path.hasPrefix("/tmp/blockfuse-") { unlink(path) } }
      let expected = StorageError.noFile(path: path, kind: kind)
      #expect(expected.code == .noFile && !expected.isTransient && !expected.isMissing)
      #expect(thrown(StorageError.self) { _ = try FileReader.open(path) } == expected)
      #expect(thrown(StorageError.self) { _ = try FileBytes.read(path, limit: 100) } == expected)
      #expect(thrown(StorageError.self) { try RegularFile.check(path) } == expected)
      #expect(FileBytes.first(8, of: path) == [])
    }
  }

  @Test func filesAreReadAndFoldersAreFolders() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try folder.write([1, 2, 3], to: "a/b")
    let (descriptor, status) = try RegularFile.open(folder.path + "/a/b")
    close(descriptor)
    #expect(status.st_size == 3)
    try RegularFile.check(folder.path + "/a/b")
    try RegularFile.check(folder.path + "/nothing")
    #expect(
      thrown(StorageError.self) { _ = try RegularFile.open(folder.path + "/a") }
        == .io(step: .read, path: folder.path + "/a", errno: EISDIR))
    let isThere = try FileReader.open(folder.path + "/nothing") != nil
    #expect(!isThere)
  }

  /// A FIFO under the name of a temp file, too, is not waited for.
  @Test(.timeLimit(.minutes(1))) func aFIFOUnderATemporaryName() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try #require(mkfifo(folder.path + "/.5.t.tmp", 0o600) == 0)
    let error = thrown(StorageError.self) { _ = try AtomicFile(target: folder.path + "/5", tag: "t", isNamedLate: false) }
    #expect(error?.systemNumber == ENXIO)
  }
}
