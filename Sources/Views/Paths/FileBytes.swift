import Foundation
import Zarr

/// The bytes of small files, with the errno of what failed.
enum FileBytes {
  /// The whole file; refused where it is no file or longer than `limit`.
  static func read(_ path: String, limit: Int) throws(ZarrError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .io(step: .open, path: path, errno: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .io(step: .stat, path: path, errno: errno) }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw .io(step: .read, path: path, errno: EISDIR) }
    guard status.st_size <= limit else {
      throw .metadataInvalid(path: path, reason: "the file has \(status.st_size) bytes, more than \(limit)", advice: "check that this is the file meant")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Int(status.st_size))
    var piece = [UInt8](repeating: 0, count: max(4096, min(Int(status.st_size) + 1, 1 << 22)))
    while true {
      let count = piece.withUnsafeMutableBytes { Foundation.read(descriptor, $0.baseAddress, $0.count) }
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw .io(step: .read, path: path, errno: errno)
      }
      bytes.append(contentsOf: piece[..<count])
      guard bytes.count <= limit else {
        throw .metadataInvalid(path: path, reason: "the file has more than \(limit) bytes", advice: "check that this is the file meant")
      }
    }
  }

  static func isFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// The first bytes of a file; fewer where it has no more, or cannot be read.
  static func first(_ count: Int, of path: String) -> [UInt8] {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return [] }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: count)
    let got = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
    return Array(bytes.prefix(max(0, got)))
  }

  /// FNV-1a, 64 bit, as 16 hexadecimal digits: tells a changed file, proves nothing.
  static func digest(_ bytes: [UInt8]) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
