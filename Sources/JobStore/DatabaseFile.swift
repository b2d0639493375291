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
    if let resolved = try DatabaseFile.realPath(path, of: path) {
      self.path = resolved
      return
    }
    let (parent, name) = DatabaseFile.split(path)
    guard let folder = try DatabaseFile.realPath(parent, of: path) else { throw .noParentFolder(path: path) }
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
    guard info.st_nlink < 2 else { throw .severalNames(path: path, count: Int(info.st_nlink)) }
    // SQLite would wait for a FIFO
    for beside in ["-wal", "-shm", "-journal"].map({ path + $0 }) {
      var other = stat()
      guard stat(beside, &other) != 0 || other.st_mode & S_IFMT == S_IFREG else {
        throw .unusablePath(path: beside, why: "it is not a regular file")
      }
    }
    return info.st_size == 0 ? .empty : .some
  }

  /// Gives a whole file this name, which another process may have taken meanwhile: then that one stays.
  func appear(from temporary: String) throws(JobStoreError) {
    // at no moment has the file two names
    if csystem_rename_new(temporary, path) == 0 { return }
    guard [EINVAL, ENOSYS, ENOTSUP, EOPNOTSUPP].contains(errno) else { throw appearing(errno) }
    // unlike a rename, a link never replaces anything; but not every network file system has links
    if link(temporary, path) == 0 {
      unlink(temporary)
      return
    }
    switch errno {
    case EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS, EMLINK:
      guard try contentAnywhere() == .missing else { throw .fileExists(path: path) }
      if rename(temporary, path) == 0 { return }
    default: break
    }
    throw appearing(errno)
  }

  private func appearing(_ number: Int32) -> JobStoreError {
    number == EEXIST ? .fileExists(path: path) : .cannotOpen(path: path, why: systemWords(number))
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

    /// Of a file that is open.
    init?(descriptor: Int32) {
      var info = stat()
      guard fstat(descriptor, &info) == 0 else { return nil }
      (device, inode) = (UInt64(info.st_dev), UInt64(info.st_ino))
    }
  }

  /// Whether this process may write the file, or make it, and make SQLite's files beside it.
  ///
  /// Where the system does not answer that, opening the file says why.
  var isWritable: Bool { !DatabaseFile.isWritingRefused(folder) && !DatabaseFile.isWritingRefused(path) }

  /// Whether the rights to a file or folder, or those of its disk, keep this process from writing it.
  static func isWritingRefused(_ path: String) -> Bool {
    access(path, W_OK) != 0 && [EACCES, EPERM, EROFS].contains(errno)
  }

  /// Whether nobody has the database open, and this process cannot make the files beside it with which it is opened in
  /// the usual way, or would make them read-only as the database is: then nobody could write it later.
  var isOnlyReadable: Bool { !isWritable && !DatabaseFile.hasLog(path) }

  /// Whether there is a file of SQLite's with what is not yet, or not only, in the database: somebody has it open, or died.
  static func hasLog(_ path: String) -> Bool {
    // where the system does not say, there may be one
    ["-wal", "-journal"].contains { access(path + $0, F_OK) == 0 || !ErrnoMeaning(errno).isMissing }
  }

  /// Makes a file or folder survive a loss of power; errors name the database `name`.
  static func synchronize(_ path: String, as name: String) throws(JobStoreError) {
    let fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard fd >= 0 else { throw .cannotOpen(path: name, why: systemWords(errno)) }
    defer { close(fd) }
    switch csystem_sync(fd) {
    case 0: return
    case ENOSPC, EDQUOT: throw .diskFull(path: name)
    case let code: throw .cannotOpen(path: name, why: systemWords(code))
    }
  }

  /// Whether the disk of a file has no space left, for bytes or for files: then that is what an I/O error is about.
  static func isDiskFull(_ path: String) -> Bool {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    return FileStatus.freeByteCount(at: folder).map { $0 < 1 << 16 } ?? false || FileStatus.isOutOfFiles(at: folder)
  }

  private static func realPath(_ path: String, of database: String) throws(JobStoreError) -> String? {
    guard let resolved = realpath(path, nil) else {
      let number = errno
      if ErrnoMeaning(number).isMissing { return nil }
      throw .cannotOpen(path: database, why: systemWords(number))
    }
    defer { free(resolved) }
    guard let text = String(validatingCString: resolved) else {
      throw .unusablePath(path: database, why: "a link leads to a name that is not UTF-8")
    }
    return text
  }
}
