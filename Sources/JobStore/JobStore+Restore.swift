import CSystem
import Diagnostics
import Files
import Foundation
import GRDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Which database this is, and how a copy becomes the database.
extension JobStore {
  /// Nil for one of an earlier version that nobody has opened for writing since.
  public func identity() throws(JobStoreError) -> DatabaseIdentity? { try read(DatabaseIdentity.load) }

  /// Makes a sound copy the database at `target`, which may be the copy itself, and opens it for writing. What belonged to
  /// the database that was there goes: above all its -wal file, which SQLite would lay over the copy.
  ///
  /// Refused while a process has the database at `target` open, and where that is another one than the copy is of.
  ///
  /// - Parameter generation: asked when all else is well, with the copy; the highest number that is known elsewhere.
  package static func restore(_ source: String, to target: String, generation: (JobStore) throws -> Int) throws -> JobStore {
    let (from, to) = (try DatabaseFile(source), try DatabaseFile(target))
    if let kind = FileSystemKind.network(at: to.folder) { throw JobStoreError.networkFileSystem(path: to.path, kind: kind) }
    let isThere = try to.contentAnywhere() != .missing
    guard to.isWritable else { throw JobStoreError.readOnly(path: to.path) }
    let isHere = from.path == to.path
    let replaced = isHere || !isThere ? nil : try? Replaced(to.path)
    let opening = try takeOpening(to.path)
    defer { opening.release() }
    // nobody can open it now, and nobody has
    let exclusion = isThere ? try exclude(to.path) : nil
    defer { exclusion?.release() }
    if isHere {
      if try isBackup(to.path) { removeLogs(of: to.path) }
      exclusion?.release()
      opening.release()
    }
    let copy = try open(from.path, mode: .readOnly)
    if let problem = try copy.integrityCheck().first { throw JobStoreError.damaged(path: from.path, why: problem) }
    let known = try copy.identity()
    if let replaced, try !replaced.isRelated(to: copy) { throw JobStoreError.otherDatabase(path: to.path, source: from.path) }
    let next = max(known?.generation ?? 0, replaced?.identity?.generation ?? 0, try generation(copy)) + 1
    guard DatabaseIdentity.possibleGenerations.contains(next) else {
      throw JobStoreError.damaged(path: to.path, why: "it says that it was taken over \(next - 1) times")
    }
    func take(_ db: Database, file: String) throws {
      guard let file = DatabaseFile.Identity(file) else { throw JobStoreError.cannotOpen(path: to.path, why: systemWords(errno)) }
      try DatabaseIdentity(
        uuid: known?.uuid ?? UUID().uuidString.lowercased(), generation: next, inode: file.number, path: to.path
      ).save(db)
      try db.execute(sql: "PRAGMA application_id = \(Migrator.applicationID)")
    }
    if isHere {
      try copy.close()
      let opening = try takeOpening(to.path)
      defer { opening.release() }
      try caught(to.path) {
        let queue = try DatabaseQueue(path: to.path)
        // into the file itself: with the mark in the file and its end in a log, that would be taken for another's
        try queue.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA journal_mode = DELETE") }
        try queue.write { try take($0, file: to.path) }
        try queue.close()
      }
      opening.release()
      return try open(to.path, mode: .existing)
    }
    let temporary = to.path + ".\(UUID().uuidString).tmp"
    defer { for end in ["", "-wal", "-shm", "-journal"] { unlink(temporary + end) } }
    try caught(to.path) {
      let queue = try DatabaseQueue(path: temporary)
      try copy.databaseReader.backup(to: queue)
      try queue.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA journal_mode = DELETE") }
      try queue.write { try take($0, file: temporary) }
      try queue.close()
    }
    try copy.close()
    try DatabaseFile.synchronize(temporary, as: to.path)
    // before the copy is there: it must never lie beside them
    removeLogs(of: to.path)
    guard rename(temporary, to.path) == 0 else { throw JobStoreError.cannotOpen(path: to.path, why: systemWords(errno)) }
    try DatabaseFile.synchronize(to.folder, as: to.path)
    exclusion?.release()
    opening.release()
    return try open(to.path, mode: .existing)
  }

  private static func removeLogs(of path: String) {
    for end in ["-wal", "-shm", "-journal"] { unlink(path + end) }
  }

  /// Keeps all others from opening a database; throws if anybody has it open.
  ///
  /// Every connection holds the first of SQLite's shared bytes for as long as it is open. No connection of this process may be
  /// open: closing the file would take its locks away.
  private static func exclude(_ path: String) throws(JobStoreError) -> ByteLock {
    let firstSharedByte: Int64 = 0x4000_0002
    let descriptor = Foundation.open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .cannotOpen(path: path, why: systemWords(errno)) }
    switch csystem_lock_byte(descriptor, firstSharedByte) {
    case 0: return ByteLock(fd: descriptor, offset: firstSharedByte)
    case EAGAIN:
      Foundation.close(descriptor)
      throw .inUse(path: path)
    case let code:
      Foundation.close(descriptor)
      throw .cannotOpen(path: path, why: systemWords(code))
    }
  }

  // MARK: What a file is

  /// Where the database is of which this is a copy; nil for the database itself.
  static func original(_ db: Database, _ path: String) throws -> String? {
    let known = try DatabaseIdentity.load(db)
    if try db.integer("PRAGMA application_id") == Migrator.backupID { return known?.path ?? path }
    return known?.standing(of: path) == .copy ? known?.path : nil
  }

  /// Whether the file itself, without what is beside it, is what `backup` makes.
  private static func isBackup(_ path: String) throws(JobStoreError) -> Bool {
    let queue = try ImmutableFile(path).open()
    return try caught(path) { try queue.read { db in try db.integer("PRAGMA application_id") } } == Migrator.backupID
  }

  /// Throws for a backup beside which a -wal file lies, before SQLite lays it over: a backup has none of its own.
  static func refuseForeignLog(_ path: String) throws(JobStoreError) {
    var info = stat()
    guard stat(path + "-wal", &info) == 0, info.st_size > 0 else { return }
    // what else is wrong with it, SQLite says when it is opened
    if (try? isBackup(path)) == true { throw .foreignLog(path: path) }
  }

  /// Notes which database this is, where nobody has, and where it is by now. A copy stays one.
  static func adopt(_ db: Database, _ path: String) throws {
    let known = try DatabaseIdentity.load(db)
    guard known == nil || known?.standing(of: path) == .moved, let file = DatabaseFile.Identity(path) else { return }
    try DatabaseIdentity(
      uuid: known?.uuid ?? UUID().uuidString.lowercased(), generation: known?.generation ?? 1, inode: file.number, path: path
    ).save(db)
  }
}

/// The database that a copy takes the place of, as far as it can be read.
private struct Replaced {
  let identity: DatabaseIdentity?
  private let jobs: Set<String>

  init(_ path: String) throws {
    let store = try JobStore.open(path, mode: .readOnly)
    identity = try store.identity()
    jobs = Set(try store.jobs().map(\.description.uuid))
    try store.close()
  }

  func isRelated(to copy: JobStore) throws -> Bool {
    if jobs.isEmpty { return true }
    if let identity, try copy.identity()?.uuid == identity.uuid { return true }
    return try !jobs.isDisjoint(with: copy.jobs().map(\.description.uuid))
  }
}
