import Foundation

/// Writes a file that a user named. A regular one appears whole or not at all, where a link leads to its end; what is no
/// regular file (a FIFO, a terminal, `/dev/stdout`) is written into, since a file in its place would break it for others.
public func writeNamedFile(_ bytes: Data, to path: String, sync: Bool) throws(StorageError) {
  var status = stat()
  guard stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
    return try writeFileAtomically(bytes, to: FilePath.linkEnd(of: path), sync: sync)
  }
  // its place in it, and whether it is appended to, are the shell's
  if let open = [STDOUT_FILENO, STDERR_FILENO].first(where: { isFile(status, openAs: $0) }) {
    return try write(bytes, into: open, path)
  }
  if status.st_mode & S_IFMT == S_IFREG { return try writeFileAtomically(bytes, to: FilePath.linkEnd(of: path), sync: sync) }
  var descriptor: Int32
  repeat { descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY) } while descriptor < 0 && errno == EINTR
  guard descriptor >= 0 else { throw .io(step: .open, path: path, errno: errno) }
  defer { close(descriptor) }
  try write(bytes, into: descriptor, path)
}

/// Whether a path leads to what this process writes its answers or messages into.
public func isOwnOutput(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && [STDOUT_FILENO, STDERR_FILENO].contains { isFile(status, openAs: $0) }
}

private func isFile(_ status: stat, openAs descriptor: Int32) -> Bool {
  var own = stat()
  return fstat(descriptor, &own) == 0 && own.st_dev == status.st_dev && own.st_ino == status.st_ino
}

private func write(_ bytes: Data, into descriptor: Int32, _ path: String) throws(StorageError) {
  let number = writeWhole([UInt8](bytes), to: descriptor)
  guard number == 0 else { throw .io(step: .write, path: path, errno: number) }
}

/// Writes all of some bytes, also where the file does not wait by itself. Returns 0 or errno.
public func writeWhole(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, min($0.count, 1 << 30)) }
    if count >= 0 {
      rest = rest.dropFirst(count)
      continue
    }
    switch errno {
    case EINTR: break
    case EAGAIN:
      var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      poll(&ready, 1, -1)
    case let number: return number
    }
  }
  return 0
}
