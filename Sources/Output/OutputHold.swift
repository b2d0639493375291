import Files
import Foundation
import JobStore
import Planning
import Store

/// An output in the hands of one job database, for as long as this object lives: whoever writes to the output, or removes
/// from it, has one.
///
/// Processes of one database share it; a repair has it alone. It is a lock beside the output, so that it is seen by all hosts
/// that the file system's locks reach; where there are none, a note says so, and the owner that is noted is all there is.
package final class OutputHold: Sendable {
  package enum Use: Sendable {
    /// Blocks are made; others may make some, too. Where nobody is noted as the owner, this database is.
    case writing
    /// A task of a work order: as `writing`, and notes nothing.
    case task
    /// Files are removed: nobody else may write.
    case alone
    /// This database becomes the owner, whoever was.
    case takingOver

    var isAlone: Bool { self == .alone || self == .takingOver }
  }

  private let output: String
  private let job: String
  /// Nil for a database that does not know: of an order that an earlier version made.
  private let identity: DatabaseIdentity?
  /// Its path; nil for an order.
  private let database: String?
  /// Nil where there are no locks.
  private let lock: FileLock?

  /// The lock's name beside the output.
  package static let lockName = "lock"

  /// How long another that begins, or removes, is waited for.
  private static let patience = 10.0

  /// - Parameters:
  ///   - database: its path; nil for an order.
  ///   - note: told what is worth a word.
  package static func take(
    _ output: OutputFolder, of identity: DatabaseIdentity?, database: String?, for use: Use, note: (String) -> Void
  ) throws -> OutputHold {
    let lock: FileLock?
    do throws(StorageError) {
      lock = output.place.filePath == nil ? nil : try lockFile(of: output.path)
    } catch {
      guard isForbidden(error) else { throw error }
      note("\(unnoted(error)): see to it that no other job database writes to \(output.path)")
      try check(OutputOwner.read(ofOutput: output.path), output.path, output.uuid, identity, database)
      return OutputHold(output, identity, database, nil)
    }
    let hold = OutputHold(output, identity, database, lock)
    try hold.begin(use, note)
    return hold
  }

  private init(_ output: OutputFolder, _ identity: DatabaseIdentity?, _ database: String?, _ lock: FileLock?) {
    (self.output, job, self.identity, self.database, self.lock) = (output.path, output.uuid, identity, database, lock)
  }

  private func begin(_ use: Use, _ note: (String) -> Void) throws {
    switch try lock?.take(use == .task ? .shared : .alone, within: use.isAlone ? Self.patience : 0) {
    case .unknown:
      note("the file system of \(output) has no locks: see to it that no other job database writes to it")
      try settleOwner(use, note)
    case .taken, nil:
      try settleOwner(use, note)
      // whoever looks from now on finds the owner that is noted
      if use == .writing, try lock?.take(.shared) == .held { throw inUse }
    case .held:
      // others make blocks, or somebody removes; of these only the first may be shared
      guard !use.isAlone, try lock?.take(.shared, within: Self.patience) == .taken else { throw inUse }
      try checkBesideOthers()
    }
  }

  private static func isForbidden(_ error: StorageError) -> Bool { [EACCES, EPERM, EROFS].contains(error.systemNumber ?? 0) }
  private static func unnoted(_ error: StorageError) -> String { "who owns the output cannot be noted beside it: \(error)" }

  private static func lockFile(of output: String) throws(StorageError) -> FileLock {
    let folder = OutputOwner.folder(ofOutput: output)
    try FolderMaker.makeDurably(folder)
    return try FileLock(folder + "/" + lockName)
  }

  /// Keeps whoever writes to the output at a path, for whatever database, from beginning, as long as the lock is kept; throws
  /// where somebody is at work. Nil where nobody ever was, or where there are no locks.
  ///
  /// - Parameter own: the database whose own writers are no matter here; nil: all are.
  package static func excludeWriters(ofOutput path: String, but own: DatabaseIdentity? = nil) throws -> FileLock? {
    let folder = OutputOwner.folder(ofOutput: path)
    if let own, (try? OutputOwner.read(ofOutput: path))??.database == own.uuid { return nil }
    guard Place(path).filePath != nil, FileStatus.isFolder(folder), let lock = try? FileLock(folder + "/" + lockName) else { return nil }
    guard (try? lock.take(.alone)) != .held else {
      throw JobError.inUse(output: path, database: ((try? OutputOwner.read(ofOutput: path)) ?? nil)?.path)
    }
    return lock
  }

  /// Throws where the output is another database's.
  package static func checkOwner(of output: OutputFolder, by store: JobStore) throws {
    try check(OutputOwner.read(ofOutput: output.path), output.path, output.uuid, try store.identity(), store.path)
  }

  private static func check(
    _ owner: OutputOwner?, _ output: String, _ job: String, _ identity: DatabaseIdentity?, _ database: String?
  ) throws {
    guard let owner, owner.job == job, let identity else { return }
    guard owner.database == identity.uuid, owner.generation <= identity.generation else {
      throw JobError.notOwner(output: output, database: database, owner: owner.path)
    }
  }

  /// While no other process has the output.
  private func settleOwner(_ use: Use, _ note: (String) -> Void) throws {
    let found = try OutputOwner.read(ofOutput: output)
    if use != .takingOver { try Self.check(found, output, job, identity, database) }
    guard use != .task, let identity, let database else { return }
    let own = OutputOwner(identity, path: database, job: job)
    if found == own { return }
    do throws(StorageError) {
      try own.write(ofOutput: output)
    } catch {
      guard Self.isForbidden(error) else { throw error }
      note("\(Self.unnoted(error))")
    }
  }

  /// While others have it: they must be of this database, and of this generation.
  private func checkBesideOthers() throws {
    guard let owner = try OutputOwner.read(ofOutput: output), owner.job == job, let identity else { return }
    if owner.database != identity.uuid || owner.generation != identity.generation { throw inUse }
  }

  private var inUse: JobError {
    .inUse(output: output, database: ((try? OutputOwner.read(ofOutput: output)) ?? nil)?.path)
  }
}
