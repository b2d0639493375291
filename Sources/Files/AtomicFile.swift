import CSystem
import Faults
import Foundation
import Synchronization

/// A file that appears under its name only when it is complete: bytes go to a temp file beside it, which `commit`
/// renames. A file that is neither committed nor discarded is removed.
///
/// Temp files have names (`TemporaryName`), where the system can only from `sync` or `commit` on: while a folder is being
/// synced, whoever opens a name in it waits, and those who write are not those who sync. Sandboxes may let a process make a
/// file without a name and not name it: then its bytes are copied once, and the files that follow there have names from the
/// beginning. One writer at a time for a target and tag: what a killed writer left under that name is replaced.
public struct AtomicFile: ~Copyable {
  public let target: String
  public let temporaryPath: String
  /// Appended so far.
  public private(set) var byteCount = 0
  private let held: OpenFolder?
  private var descriptor: Int32
  private var hasTemporaryName = false

  /// Disks on which a file that has no name was refused one.
  private static let refusedNames = Mutex<Set<UInt64>>([])

  /// Opens the temp file; the folder must be there.
  ///
  /// - Parameters:
  ///   - tag: names the writer, so that strays can be told apart; without `/`.
  ///   - held: a folder above, by which the file is reached.
  public init(target: String, tag: String, in held: OpenFolder? = nil) throws(StorageError) {
    try self.init(target: target, tag: tag, in: held, isNamedLate: true)
  }

  /// - Parameter isNamedLate: where the system can; false to do as where it cannot.
  package init(target: String, tag: String, in held: OpenFolder? = nil, isNamedLate: Bool) throws(StorageError) {
    self.target = target
    self.held = held
    temporaryPath = TemporaryName.path(of: target, tag: tag)
    if let number = Faults.reach(.fileOpening) {
      descriptor = -1
      throw .io(step: .open, path: target, errno: number)
    }
    if isNamedLate, !Self.isRefusedNames(held.locate(parentFolder(of: target))) {
      let place = held.locate(parentFolder(of: target))
      descriptor = csystem_open_unnamed(place.folder, place.path)
      if descriptor >= 0 { return }
      // what is wrong with the folder or the disk shows below
    }
    descriptor = -1
    descriptor = try openTemporary()
    hasTemporaryName = true
  }

  public mutating func append(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
    var done = 0
    while done < bytes.count, let start = bytes.baseAddress {
      let count = write(descriptor, start + done, min(bytes.count - done, 1 << 30))
      if count < 0 {
        if errno == EINTR { continue }
        throw .io(step: .write, path: target, errno: errno)
      }
      done += count
    }
    byteCount += bytes.count
    try reach(.fileWritten, .write, target)
  }

  public mutating func append(_ bytes: [UInt8]) throws(StorageError) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(StorageError) in
      try append(UnsafeRawBufferPointer(buffer))
    }
  }

  /// Writes over bytes that were appended before, as a format needs that begins with what is known at the end.
  package mutating func replace(_ bytes: [UInt8], at offset: Int) throws(StorageError) {
    guard offset >= 0, offset + bytes.count <= byteCount else {
      throw .io(step: .write, path: target, errno: EINVAL)
    }
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done, off_t(offset + done)) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .io(step: .write, path: target, errno: errno) }
      done += count
    }
  }

  /// Makes the bytes survive a loss of power. Errors that the disk has held back show here.
  public mutating func sync() throws(StorageError) {
    try giveTemporaryName()
    let number = csystem_sync(descriptor)
    guard number == 0 else { throw .io(step: .sync, path: target, errno: number) }
    try reach(.fileSynced, .sync, target)
  }

  /// What it will be told by under its name.
  package borrowing func version() throws(StorageError) -> FileVersion {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .io(step: .stat, path: target, errno: errno) }
    return FileVersion(status)
  }

  /// Renames the temp file to its target. The folder must still be synced for the name to survive a loss of power.
  public consuming func commit() throws(StorageError) {
    try giveTemporaryName()
    try closeDescriptor()
    let (from, to) = (held.locate(temporaryPath), held.locate(target))
    guard renameat(from.folder, from.path, to.folder, to.path) == 0 else {
      throw .io(step: .rename, path: target, errno: errno)
    }
    hasTemporaryName = false
    try reach(.fileRenamed, .rename, target)
  }

  /// As `commit`, but false where the target is there, which then stays; of several who do this one succeeds.
  public consuming func commitIfAbsent() throws(StorageError) -> Bool {
    try giveTemporaryName()
    try closeDescriptor()
    let (from, to) = (held.locate(temporaryPath), held.locate(target))
    if linkat(from.folder, from.path, to.folder, to.path, 0) != 0 {
      switch errno {
      // a network may have lost the answer to a try that was done
      case EEXIST: guard isOne(from, to) else { return false }
      case EPERM, ENOTSUP, ENOSYS, EMLINK:
        // no second names there: the name is taken first, and the file follows
        let claim = openat(to.folder, to.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        if claim < 0, errno == EEXIST { return false }
        guard claim >= 0 else { throw .io(step: .link, path: target, errno: errno) }
        close(claim)
        guard renameat(from.folder, from.path, to.folder, to.path) == 0 else {
          throw .io(step: .rename, path: target, errno: errno)
        }
        hasTemporaryName = false
      case let number: throw .io(step: .link, path: target, errno: number)
      }
    }
    try reach(.fileRenamed, .rename, target)
    return true
  }

  private func isOne(_ a: (folder: Int32, path: String), _ b: (folder: Int32, path: String)) -> Bool {
    var (first, second) = (stat(), stat())
    guard fstatat(a.folder, a.path, &first, AT_SYMLINK_NOFOLLOW) == 0, fstatat(b.folder, b.path, &second, AT_SYMLINK_NOFOLLOW) == 0
    else { return false }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }

  /// Removes the temp file.
  public consuming func discard() {}

  private func openTemporary() throws(StorageError) -> Int32 {
    let place = held.locate(temporaryPath)
    var descriptor: Int32
    repeat {
      descriptor = openat(place.folder, place.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o666)
    } while descriptor < 0 && errno == EINTR
    guard descriptor >= 0 else { throw .io(step: .open, path: target, errno: errno) }
    return descriptor
  }

  private mutating func giveTemporaryName() throws(StorageError) {
    if hasTemporaryName { return }
    let place = held.locate(temporaryPath)
    let number = csystem_name(descriptor, place.folder, place.path)
    if number == 0 {
      hasTemporaryName = true
      return
    }
    guard [EPERM, EACCES, ENOENT, EXDEV, EINVAL, ENOSYS, ENOTSUP, EOPNOTSUPP, ELOOP].contains(number) else {
      throw .io(step: .link, path: target, errno: number)
    }
    try copyUnderName()
    if let device = FileStatus.device(ofOpen: descriptor) { Self.refusedNames.withLock { _ = $0.insert(device) } }
  }

  /// Goes on with a file that has the temporary name, and what was appended so far.
  private mutating func copyUnderName() throws(StorageError) {
    let named = try openTemporary()
    let unnamed = descriptor
    (descriptor, hasTemporaryName) = (named, true)
    defer { close(unnamed) }
    var piece = [UInt8](repeating: 0, count: min(max(byteCount, 1), 1 << 20))
    var done = 0
    while true {
      let count = piece.withUnsafeMutableBytes { pread(unnamed, $0.baseAddress, $0.count, off_t(done)) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .io(step: .read, path: target, errno: errno) }
      if count == 0 { break }
      let number = writeWhole(Array(piece[..<count]), to: named)
      guard number == 0 else { throw .io(step: .write, path: target, errno: number) }
      done += count
    }
    guard done == byteCount else { throw .io(step: .read, path: target, errno: EIO) }
  }

  private static func isRefusedNames(_ folder: (folder: Int32, path: String)) -> Bool {
    if refusedNames.withLock({ $0.isEmpty }) { return false }
    guard let device = FileStatus.device(of: folder) else { return false }
    return refusedNames.withLock { $0.contains(device) }
  }

  /// Network file systems report failed writes as late as this.
  private mutating func closeDescriptor() throws(StorageError) {
    let result = close(descriptor)
    let number = errno
    descriptor = -1
    // after EINTR the descriptor is closed all the same
    guard result == 0 || number == EINTR else { throw .io(step: .write, path: target, errno: number) }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    guard hasTemporaryName else { return }
    let place = held.locate(temporaryPath)
    unlinkat(place.folder, place.path, 0)
  }
}

/// Writes a small file as a whole or not at all. With `sync` it survives a loss of power, its name included.
public func writeFileAtomically(
  _ bytes: Data, to path: String, in held: OpenFolder? = nil, sync: Bool
) throws(StorageError) {
  // processes of other hosts, which may have the same number, may write the same file
  let random = String(UInt32.random(in: 0...UInt32.max), radix: 16)
  var file = try AtomicFile(target: path, tag: "\(ProcessInfo.processInfo.processIdentifier)-\(random)", in: held)
  try file.append([UInt8](bytes))
  if sync { try file.sync() }
  try file.commit()
  if sync { try syncFolder(parentFolder(of: path), in: held) }
}

/// Makes what was written to an open file survive a loss of power. Returns 0 or errno.
package func synchronize(_ descriptor: Int32) -> Int32 { csystem_sync(descriptor) }

/// Makes the names in a folder survive a loss of power.
package func syncFolder(_ path: String, in held: OpenFolder? = nil) throws(StorageError) {
  let place = held.locate(path)
  let descriptor = openat(place.folder, place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .io(step: .open, path: path, errno: errno) }
  defer { close(descriptor) }
  let number = csystem_sync(descriptor)
  guard number == 0 else { throw .io(step: .sync, path: path, errno: number) }
  try reach(.folderSynced, .sync, path)
}

/// A place where tests can make a step fail.
func reach(_ point: FaultPoint, _ step: StorageError.Step, _ path: String) throws(StorageError) {
  if let number = Faults.reach(point) { throw .io(step: step, path: path, errno: number) }
}

/// The folder of a path; `.` where it names none.
package func parentFolder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}
