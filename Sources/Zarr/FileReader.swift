import Faults
import Foundation

/// A regular file open for reading by position.
struct FileReader: ~Copyable {
  let path: String
  let byteCount: Int
  /// When the file was last written, in nanoseconds.
  let modificationTime: Int64
  let inode: UInt64
  private let descriptor: Int32

  /// nil where there is no such file, which errors of the kind `absence` say.
  static func open(_ path: String, absence: [Int32] = [ENOENT]) throws(ZarrError) -> FileReader? {
    var descriptor: Int32
    repeat { descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC) } while descriptor < 0 && errno == EINTR
    if descriptor < 0 {
      if absence.contains(errno) { return nil }
      throw .io(step: .open, path: path, errno: errno)
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let number = errno
      close(descriptor)
      throw .io(step: .stat, path: path, errno: number)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw .io(step: .read, path: path, errno: EISDIR)
    }
    return FileReader(path: path, status: status, descriptor: descriptor)
  }

  private init(path: String, status: stat, descriptor: Int32) {
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    self.path = path
    self.byteCount = Int(status.st_size)
    self.modificationTime = Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    self.inode = UInt64(status.st_ino)
    self.descriptor = descriptor
  }

  /// Fills `target` from `offset`; returns the byte count read, less only where the file ends.
  func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(ZarrError) -> Int {
    try reach(.fileRead, .read, path)
    var done = 0
    while done < target.count, let start = target.baseAddress {
      // some systems refuse to read 2 GiB at once
      let count = pread(descriptor, start + done, min(target.count - done, 1 << 30), off_t(offset + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw .io(step: .read, path: path, errno: errno)
      }
      if count == 0 { break }
      done += count
    }
    return done
  }

  deinit { close(descriptor) }
}

/// The bytes of a metadata file; nil where there is none.
func metadataBytes(_ path: String) throws(ZarrError) -> [UInt8]? {
  // probing a path below a file that is no folder finds nothing either
  guard let file = try FileReader.open(path, absence: [ENOENT, ENOTDIR]) else { return nil }
  guard file.byteCount <= JSONValue.maximumByteCount else {
    throw .metadataInvalid(path: path, reason: "it has \(file.byteCount) bytes, too many for metadata")
  }
  var bytes = [UInt8](repeating: 0, count: file.byteCount)
  let count = try bytes.withUnsafeMutableBufferPointer { (buffer) throws(ZarrError) -> Int in
    try file.read(at: 0, into: UnsafeMutableRawBufferPointer(buffer))
  }
  bytes.removeLast(bytes.count - count)
  return bytes
}

/// A metadata document; nil where there is none.
func metadataDocument(_ path: String) throws(ZarrError) -> JSONValue? {
  guard let bytes = try metadataBytes(path) else { return nil }
  do throws(ZarrError) {
    return try JSONValue.parse(bytes)
  } catch {
    throw .metadataInvalid(path: path, reason: "\(error)")
  }
}

/// Whether there is a folder.
func isFolder(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}
