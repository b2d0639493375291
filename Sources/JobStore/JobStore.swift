import Faults
import Foundation
import GRDB
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The job database: which jobs there are, what each is made of, and which of its blocks are done.
///
/// All calls block and may be made from any thread; readers never wait for the writer. What a call records is on its
/// way to the disk as one transaction: after a crash all of it is there or nothing. Work on a job goes through `Run`.
public final class JobStore: Sendable {
  public enum Mode: Sendable {
    /// Makes the database if there is none.
    case create
    case existing
    /// Reads only; also if the file cannot be written.
    case readOnly
  }

  /// The path of the database with links resolved.
  public let path: String
  package let locks: LockFile
  private let reader: any DatabaseReader
  private let pool: DatabasePool?
  /// The file if it is read without locks.
  private let immutable: ImmutableFile?
  private let file: DatabaseFile.Identity?
  /// Locks of the jobs that this process is creating.
  private let creations = Mutex<[JobID: ByteLock]>([:])

  init(path: String, reader: any DatabaseReader, pool: DatabasePool? = nil, immutable: ImmutableFile? = nil) {
    (self.path, self.reader, self.pool, self.immutable) = (path, reader, pool, immutable)
    locks = LockFile(path: JobStore.lockPath(path))
    file = DatabaseFile.Identity(path)
  }

  /// Keeps a job that this process has begun to create.
  func hold(_ job: JobID, _ lock: ByteLock) { creations.withLock { $0[job] = lock } }
  /// Lets go of a job whose creation has ended.
  func letGo(of job: JobID) { creations.withLock { $0[job] = nil } }

  /// Whether the file still is where it was opened. While it is open, no other one has its number.
  package var isInPlace: Bool {
    guard let file, let now = DatabaseFile.Identity(path) else { return true }
    return now == file
  }

  public static func open(_ path: String, mode: Mode) throws(JobStoreError) -> JobStore {
    try open(path, mode: mode, migrator: Migrator(path: path))
  }

  package static func open(_ given: String, mode: Mode, migrator: Migrator) throws(JobStoreError) -> JobStore {
    try readingAgain { () throws(JobStoreError) in try openOnce(given, mode: mode, migrator: migrator) }
  }

  private static func openOnce(_ given: String, mode: Mode, migrator: Migrator) throws(JobStoreError) -> JobStore {
    let file = try found(given, mode)
    let path = file.path
    var finding = Migrator.Finding.blank
    if try file.content() == .some {
      try refuseForeignLog(path)
      if mode == .readOnly, file.isOnlyReadable { return try openImmutable(path, migrator) }
      // Looked at read-only first: opening for writing would already change the file of another program.
      let queue: DatabaseQueue
      do throws(JobStoreError) {
        (queue, finding) = try inspect(path, file, migrator)
      } catch {
        // A process killed while it made the database leaves a journal that only a writer may roll back.
        guard case .readOnly = error, file.isWritable, access(path + "-journal", F_OK) == 0 else { throw error }
        try rollBack(path)
        (queue, finding) = try inspect(path, file, migrator)
      }
      if mode == .readOnly && finding == .current { return JobStore(path: path, reader: queue, pool: nil) }
      let original = try caught(path) { () -> String? in
        defer { try? queue.close() }
        return try queue.read { db in try db.tellingDiskFromDamage { try self.original(db, path) } }
      }
      if let original, mode != .readOnly, file.isWritable { throw .copied(path: path, original: original) }
    }
    if finding == .blank && mode != .create { throw .noDatabase(path: path) }
    guard file.isWritable else { throw .readOnly(path: path) }
    let store = try openForWriting(path, migrator: migrator, finding: finding)
    guard mode == .readOnly else { return store }
    try store.close()
    return JobStore(path: path, reader: try openForReading(path, isWritable: true), pool: nil)
  }

  private static func found(_ path: String, _ mode: Mode) throws(JobStoreError) -> DatabaseFile {
    do {
      return try DatabaseFile(path)
    } catch {
      if case .noParentFolder = error, mode != .create { throw .noDatabase(path: path) }
      throw error
    }
  }

  /// Opens a file that this user cannot write: of somebody else, or one that is to stay as it is.
  private static func openImmutable(_ path: String, _ migrator: Migrator) throws(JobStoreError) -> JobStore {
    let file = ImmutableFile(path)
    let store = JobStore(path: path, reader: try file.open(), immutable: file)
    switch try store.read(migrator.inspect) {
    case .current: return store
    case .blank: throw .noDatabase(path: path)
    case .older: return try store.migratedInMemory(migrator)
    }
  }

  /// The same, brought to the newest version in memory, for an older file that is not to be written.
  func migratedInMemory(_ migrator: Migrator) throws(JobStoreError) -> JobStore {
    let copy = try JobStore.caught(path) {
      let copy = try DatabaseQueue()
      try reader.backup(to: copy)
      try copy.write(migrator.migrate)
      return copy
    }
    try close()
    return JobStore(path: path, reader: copy, immutable: immutable)
  }

  private static func openForReading(_ path: String, isWritable: Bool) throws(JobStoreError) -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(busySeconds)
    configuration.prepareDatabase { db in try db.readFirst() }
    do {
      return try DatabaseQueue(path: path, configuration: configuration)
    } catch {
      let known = JobStoreError(error, path: path)
      // A WAL database cannot be read without its shared memory, which is a file beside it.
      if case .cannotOpen = known, access(path, R_OK) == 0, !isWritable { throw .readOnly(path: path) }
      throw known
    }
  }

  private static func inspect(_ path: String, _ file: DatabaseFile, _ migrator: Migrator) throws(JobStoreError)
    -> (DatabaseQueue, Migrator.Finding)
  {
    // a file beside it would be left read-only too
    let queue =
      file.isOnlyReadable
      ? try ImmutableFile(path).open() : try openForReading(path, isWritable: file.isWritable)
    return (queue, try caught(path) { try queue.read { db in try db.tellingDiskFromDamage { try migrator.inspect(db) } } })
  }

  /// What any reader that may write does first: undoes a transaction that a killed process left half done.
  private static func rollBack(_ path: String) throws(JobStoreError) {
    var configuration = Configuration()
    configuration.busyMode = .timeout(busySeconds)
    try caught(path) {
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      _ = try queue.write { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") }
      try queue.close()
    }
  }

  /// Keeps all others from opening a database for writing.
  static func takeOpening(_ path: String) throws(JobStoreError) -> ByteLock {
    guard let lock = try LockFile(path: lockPath(path)).take(LockFile.opening, within: busySeconds) else { throw .busy(path: path) }
    return lock
  }

  static func openForWriting(
    _ path: String, migrator: Migrator, finding: Migrator.Finding
  ) throws(JobStoreError) -> JobStore {
    // One process at a time turns a file into a WAL database and migrates it.
    let opening = try takeOpening(path)
    defer { opening.release() }
    var configuration = Configuration()
    configuration.busyMode = .timeout(busySeconds)
    configuration.maximumReaderCount = 8
    configuration.prepareDatabase { db in
      try db.readFirst()
      if db.configuration.readonly { return }
      // 8 KiB: the row of a brick with two bitmaps fits a page several times, and so does that of a view.
      try db.execute(sql: "PRAGMA page_size = 8192; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864")
    }
    let pool: DatabasePool
    do throws(JobStoreError) {
      pool = try caught(path) { try DatabasePool(path: path, configuration: configuration) }
    } catch {
      // the connection that could say whether it was the disk is gone; a new one reads first
      guard case .damaged = error else { throw error }
      pool = try caught(path) { try DatabasePool(path: path, configuration: configuration) }
    }
    try caught(path) {
      if finding != .current {
        try pool.writeWithoutTransaction { db in
          try db.writing { db in
            try migrator.migrate(db)
            try FixedRows.sealOld(db)
            try adopt(db, path)
          }
        }
      }
      // by the writer: a reader that was opened would keep the log from being folded into the file at the end
      try pool.writeWithoutTransaction { db in
        try db.tellingDiskFromDamage {
          try checkClaims(db)
          if try DatabaseIdentity.load(db)?.standing(of: path) == .own { return }
          try db.inTransaction(.immediate) {
            try adopt(db, path)
            return .commit
          }
        }
      }
    }
    return JobStore(path: path, reader: pool, pool: pool)
  }

  /// Throws where blocks are in the hands of a run that is not there, as when a database was put beside the -wal file of
  /// another: nobody would ever give them back. There are few claims, however many blocks there are.
  private static func checkClaims(_ db: Database) throws {
    let lost = try db.row(
      """
      SELECT c.run AS run FROM claim c
      WHERE NOT EXISTS (SELECT 1 FROM run r WHERE r.id = c.run AND r.job = c.job AND r.ended_ms IS NULL)
        OR NOT EXISTS (SELECT 1 FROM brick b WHERE b.job = c.job AND b.level = c.level AND b.brick = c.brick)
      LIMIT 1
      """)
    guard let lost else { return }
    throw DatabaseError(
      resultCode: .SQLITE_CORRUPT,
      message: "blocks are in the hands of run \(try lost.integer("run")), which is not at work, or of a brick that is not there")
  }

  private static let busySeconds = 30.0

  package static func lockPath(_ path: String) -> String { path + ".lock" }

  /// The log that SQLite keeps beside the database, and how long it is; 0 where there is none.
  package var log: (path: String, byteCount: Int) {
    let log = path + "-wal"
    var info = stat()
    return (log, stat(log, &info) == 0 ? Int(info.st_size) : 0)
  }

  /// Closes the file. Calls that follow fail.
  public func close() throws(JobStoreError) {
    creations.withLock { $0 = [:] }
    try JobStore.caught(path) { try reader.close() }
  }

  func read<T>(_ body: (Database) throws -> T) throws(JobStoreError) -> T {
    try JobStore.readingAgain { () throws(JobStoreError) in
      let answer = Result { try reader.read { db in try db.tellingDiskFromDamage { try body(db) } } }
      if let immutable, !immutable.isUnchanged { throw .busy(path: path) }
      return try JobStore.caught(path) { try answer.get() }
    }
  }

  /// In one `BEGIN IMMEDIATE` transaction.
  package func write<T>(_ body: (Database) throws -> T) throws(JobStoreError) -> T {
    let pool = try writer()
    return try JobStore.caught(path) { try pool.writeWithoutTransaction { db in try db.writing(body) } }
  }

  /// As `write`, for what does other things within the transaction too: their errors come out as they are.
  func writeBeside<T>(_ body: (Database) throws -> T) throws -> T {
    let pool = try writer()
    do {
      return try pool.writeWithoutTransaction { db in try db.writing(body) }
    } catch let error as DatabaseError {
      throw JobStoreError(error, path: path)
    }
  }

  private func writer() throws(JobStoreError) -> DatabasePool {
    guard let pool else { throw .readOnly(path: path) }
    guard isInPlace else { throw .databaseGone(path: path) }
    return pool
  }

  /// A place where tests can make a call fail between two transactions.
  func reach(_ point: FaultPoint) throws(JobStoreError) {
    if let number = Faults.reach(point) { throw JobStoreError(DatabaseError.made(number), path: path) }
  }

  /// The reader or the writer, for what runs outside transactions.
  var databaseReader: any DatabaseReader { reader }

  static func caught<T>(_ path: String, _ body: () throws -> T) throws(JobStoreError) -> T {
    do {
      return try body()
    } catch {
      throw JobStoreError(error, path: path)
    }
  }
}
