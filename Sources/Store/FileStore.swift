import Files
import Foundation

/// The file system as a store: keys are paths.
///
/// Every file is written beside its place, synced and renamed into it; the folders that name it are synced by whoever pays
/// the debt, each once for a group of files.
public final class FileStore: Store {
  /// For reading, and for small files anywhere; these owe nothing once they are written.
  public static let local = FileStore(folders: nil)

  /// The folders of an output; nil: those of each file are looked for when it is written.
  private let folders: FolderMaker?

  private init(folders: FolderMaker?) { self.folders = folders }

  public var abilities: StoreAbilities { [.folders, .renames, .appends] }

  public func address(of key: String) -> String { key }
  public func filePath(of key: String) -> String? { key }

  // MARK: Reading

  public func open(_ key: String) throws(StorageError) -> (any StoredObject)? {
    guard let file = try FileReader.open(key) else { return nil }
    return FileObject(file)
  }

  public func bytes(_ key: String, limit: Int) throws(StorageError) -> [UInt8]? {
    do throws(StorageError) {
      return try FileBytes.read(key, limit: limit)
    } catch {
      guard error.systemNumber == ENOENT else { throw error }
      return nil
    }
  }

  public func firstBytes(_ count: Int, of key: String) -> [UInt8] { FileBytes.first(count, of: key) }

  public func look(at key: String) throws(StorageError) -> ObjectInfo? {
    var status = stat()
    guard stat(key, &status) == 0 else {
      if errno == ENOENT { return nil }
      throw .io(step: .stat, path: key, errno: errno)
    }
    return ObjectInfo(
      byteCount: Int(status.st_size), version: .file(FileVersion(status)), modifiedAt: FileStatus.modifiedAt(status),
      // a FIFO is no object either
      isFolder: status.st_mode & S_IFMT != S_IFREG, statusChangedAt: status.statusChangedAt)
  }

  public func isFolder(_ key: String) -> Bool { FileStatus.isFolder(key) }

  public func list(_ key: String, isDeep: Bool, _ body: (StoreEntry) -> Bool) throws(StorageError) {
    _ = try list(key, below: "", isDeep: isDeep, body)
  }

  /// - Returns: whether `body` wants more.
  private func list(_ key: String, below: String, isDeep: Bool, _ body: (StoreEntry) -> Bool) throws(StorageError) -> Bool {
    var (folders, goesOn) = ([String](), true)
    try FolderListing(key).forEach { entry in
      if isDeep, entry.isFolder, entry.isText {
        folders.append(entry.name)
      } else {
        goesOn = body(StoreEntry(name: below + entry.name, isFolder: entry.isFolder, isText: entry.isText))
      }
      return goesOn
    }
    for name in folders where goesOn {
      goesOn = try list("\(key)/\(name)", below: "\(below)\(name)/", isDeep: true, body)
    }
    return goesOn
  }

  // MARK: Writing

  public func writer(_ key: String, tag: String) throws(StorageError) -> any ObjectWriter {
    try fileWriter(key, tag: tag)
  }

  private func fileWriter(_ key: String, tag: String) throws(StorageError) -> FileWriter {
    try FileWriter(key, tag: tag, folders: maker(of: key), paysItself: folders == nil)
  }

  /// What makes the folders of a file.
  private func maker(of key: String) -> FolderMaker {
    if let folders { return folders }
    var root = parentFolder(of: key)
    while root != "/", root != ".", !FileStatus.exists(root) { root = parentFolder(of: root) }
    return FolderMaker(root: root)
  }

  public func put(_ key: String, _ bytes: [UInt8], if condition: PutCondition) throws(StorageError) -> ObjectVersion? {
    guard case .version(let version) = condition else { return try put(key, bytes, isNew: condition == .absent) }
    // one at a time of those who compare
    let folder = try FolderLock(parentFolder(of: key))
    defer { folder.unlock() }
    guard try look(at: key)?.version == version else { return nil }
    return try put(key, bytes, isNew: false)
  }

  private func put(_ key: String, _ bytes: [UInt8], isNew: Bool) throws(StorageError) -> ObjectVersion? {
    // processes of other hosts, which may have the same number, may write the same file
    let random = String(UInt32.random(in: 0...UInt32.max), radix: 16)
    let writer = try fileWriter(key, tag: "\(ProcessInfo.processInfo.processIdentifier)-\(random)")
    try writer.append(bytes)
    guard let (version, debt) = try writer.finish(isNew: isNew) else { return nil }
    try pay(debt)
    return .file(version)
  }

  public func remove(_ key: String) throws(StorageError) -> Debt? {
    if let folders { return try folders.remove(key) ? Debt([key]) : nil }
    let folders = FolderMaker(root: parentFolder(of: key))
    guard try folders.remove(key) else { return nil }
    try folders.sync(folders.root)
    return Debt.none
  }

  public func removeAll(_ key: String) throws(StorageError) -> Bool {
    do {
      try FileManager.default.removeItem(atPath: key)
      return true
    } catch {
      let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
      let number = cause.flatMap { $0.domain == NSPOSIXErrorDomain ? Int32($0.code) : nil } ?? EIO
      var status = stat()
      if lstat(key, &status) == 0 { throw .io(step: .remove, path: key, errno: number) }
      return false
    }
  }

  public func pay(_ debt: Debt) throws(StorageError) {
    guard let folders, !debt.keys.isEmpty else { return }
    for folder in folders.takeUnsynced(debt.keys) { try folders.sync(folder) }
  }

  public func appender(_ key: String) throws(StorageError) -> (any ObjectAppender)? {
    let folders = maker(of: key)
    try folders.ensureParent(of: key)
    let descriptor = Foundation.open(key, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o666)
    if descriptor < 0 {
      if errno == EEXIST { return nil }
      throw .io(step: .open, path: key, errno: errno)
    }
    let appender = FileAppender(path: key, descriptor: descriptor)
    for folder in folders.takeUnsynced([key]) { try folders.sync(folder) }
    return appender
  }

  public func claim(_ key: String) throws(StorageError) -> Bool {
    let parent = parentFolder(of: key)
    try FolderMaker.makeDurably(parent)
    if mkdir(key, 0o777) != 0 {
      if errno == EEXIST { return false }
      throw .io(step: .makeFolder, path: key, errno: errno)
    }
    try FolderMaker(root: parent).sync(parent)
    return true
  }

  // MARK: An output

  public func writing(below key: String) -> any Store { FileStore(folders: FolderMaker(root: key)) }

  public func holding(_ key: String) throws(StorageError) -> any Store {
    FileStore(folders: FolderMaker(try OpenFolder(key)))
  }

  public func isInPlace() throws(StorageError) -> Bool { try folders?.isInPlace() ?? true }

  public func forget() { folders?.forget() }
}

/// A lock on a folder: one holder at a time, of all processes where the file system has locks.
private struct FolderLock {
  private let descriptor: Int32

  init(_ folder: String) throws(StorageError) {
    descriptor = Foundation.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .io(step: .open, path: folder, errno: errno) }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else { break }
    }
  }

  func unlock() { close(descriptor) }
}
