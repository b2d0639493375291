import CSystem
import Diagnostics
import Files
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What is checked of a database file before SQLite may touch it: a file of another program is left as it is.
struct DatabaseFile {
  enum Content: Equatable {
    case missing
    /// Zero bytes: what a killed creation leaves.
    case empty
    case some
  }

  /// The path with the links on the way resolved, so that all names of one file share one lock file.
  let path: String

  init(_ path: String) throws(JobStoreError) {
    guard !path.isEmpty else { throw .unusablePath(path: path, why: "the path is empty") }
    if let resolved = DatabaseFile.realPath(path) {
      self.path = resolved
      return
    }
    let (parent, name) = DatabaseFile.split(path)
    guard let folder = DatabaseFile.realPath(parent) else { throw .noParentFolder(path: path) }
    self.path = folder == "/" ? "/" + name : folder + "/" + name
  }

  /// The folder of a path and the name in it, as text. Foundation's own way traps on a relative path of one letter.
  private static func split(_ path: String) -> (folder: String, name: String) {
    let slash = UInt8(ascii: "/")
    var rest = path.utf8[...]
    while rest.count > 1, rest.last == slash { rest.removeLast() }
    guard let at = rest.lastIndex(of: slash) else { return (".", String(Substring(rest))) }
    let folder = at == rest.startIndex ? "/" : String(Substring(rest[..<at]))
    return (folder, String(Substring(rest[rest.index(after: at)...])))
  }

  var folder: String { URL(fileURLWithPath: path).deletingLastPathComponent().path }

  /// Throws for what is not a regular file, and for a network file system.
  func content() throws(JobStoreError) -> Content {
    if let kind = FileSystemKind.network(at: folder) { throw .networkFileSystem(path: path, kind: kind) }
    return try contentAnywhere()
  }

  /// As `content`, also on a network file system.
  ///
  /// Looks at the file from outside only: closing a descriptor of it would drop the locks that other connections of
  /// this process hold on it. What is inside, SQLite says.
  func contentAnywhere() throws(JobStoreError) -> Content {
    var info = stat()
    guard stat(path, &info) == 0 else {
      if errno == ENOENT { return .missing }
      throw .cannotOpen(path: path, why: systemWords(errno))
    }
    guard info.st_mode & S_IFMT != S_IFDIR else { throw .unusablePath(path: path, why: "it is a folder") }
    guard info.st_mode & S_IFMT == S_IFREG else { throw .unusablePath(path: path, why: "it is not a regular file") }
    return info.st_size == 0 ? .empty : .some
  }

  /// Gives a whole file this name, which another process may have taken meanwhile: then that one stays.
  func appear(from temporary: String) throws(JobStoreError) {
    // unlike a rename, a link never replaces anything; but not every network file system has links
    if link(temporary, path) == 0 { return }
    switch errno {
    case EEXIST: throw .fileExists(path: path)
    case EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS, EMLINK:
      guard try contentAnywhere() == .missing else { throw .fileExists(path: path) }
      if rename(temporary, path) == 0 { return }
    default: break
    }
    throw .cannotOpen(path: path, why: systemWords(errno))
  }

  /// Which file a name leads to, and 0, 0 where there is none. Nil where the system does not say.
  struct Identity: Equatable {
    let device: UInt64
    let inode: UInt64
    /// As it is recorded.
    var number: Int { Int(truncatingIfNeeded: inode) }

    init?(_ path: String) {
      var info = stat()
      guard stat(path, &info) == 0 || errno == ENOENT else { return nil }
      (device, inode) = (UInt64(info.st_dev), UInt64(info.st_ino))
    }
  }

  /// Whether this process may write the file, or make it, and make SQLite's files beside it.
  var isWritable: Bool {
    access(folder, W_OK) == 0 && (access(path, W_OK) == 0 || errno == ENOENT)
  }

  /// Whether nobody has the database open, and this process cannot make the files beside it with which it is opened in
  /// the usual way, or would make them read-only as the database is: then nobody could write it later.
  var isOnlyReadable: Bool { !isWritable && !DatabaseFile.hasLog(path) }

  /// Whether there is a file of SQLite's with what is not yet, or not only, in the database: somebody has it open, or died.
  static func hasLog(_ path: String) -> Bool {
    ["-wal", "-journal"].contains { access(path + $0, F_OK) == 0 }
  }

  /// Makes a file or folder survive a loss of power; errors name the database `name`.
  static func synchronize(_ path: String, as name: String) throws(JobStoreError) {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { throw .cannotOpen(path: name, why: systemWords(errno)) }
    defer { close(fd) }
    switch csystem_sync(fd) {
    case 0: return
    case ENOSPC, EDQUOT: throw .diskFull(path: name)
    case let code: throw .cannotOpen(path: name, why: systemWords(code))
    }
  }

  /// Whether the disk of a file has no space left: then that is what an I/O error is about.
  static func isDiskFull(_ path: String) -> Bool {
    var info = statvfs()
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard statvfs(folder, &info) == 0 else { return false }
    return UInt64(info.f_bavail) * UInt64(info.f_frsize) < 1 << 16
  }

  private static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
