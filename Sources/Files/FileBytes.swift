import Foundation

/// The bytes of small files, with the errno of what failed.
public enum FileBytes {
  /// The whole file; refused where it is no file or longer than `limit`.
  public static func read(_ path: String, limit: Int) throws(StorageError) -> [UInt8] {
    let (descriptor, status) = try RegularFile.open(path)
    defer { close(descriptor) }
    guard status.st_size <= limit else { throw .tooLong(path: path, byteCount: Int(status.st_size), limit: limit) }
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
      guard bytes.count <= limit else { throw .tooLong(path: path, byteCount: nil, limit: limit) }
    }
  }

  /// The first bytes of a file; fewer where it has no more, or cannot be read.
  public static func first(_ count: Int, of path: String) -> [UInt8] {
    guard let (descriptor, _) = try? RegularFile.open(path) else { return [] }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: count)
    let got = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
    return Array(bytes.prefix(max(0, got)))
  }
}
