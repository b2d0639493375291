import Diagnostics
import Faults
import Foundation
import GRDB
import Geometry
import Synchronization

/// One process's work on a job, from `JobStore.beginRun` to `end` or the process's death.
///
/// A run claims blocks, and records what became of them. It is alive as long as this object holds its lock: when the
/// object goes away without `end`, the run counts as dead, and others free its claims at once.
///
/// Any number of threads may use one run. While it lives, what is settled stays so (`JobStore.setPending` is refused),
/// so bricks that are settled are asked for once and then remembered.
public final class Run: Sendable, Identifiable {
  public let id: Int64
  public let job: JobID
  let store: JobStore
  let levels: [LevelInfo]
  let order = MortonOrder()
  let settled = SettledBricks()
  /// Bricks of the pyramid in which nothing was ready, as of when.
  let unready = Mutex<[BrickKey: UnreadyMark]>([:])
  private let sampling = Mutex(SampleSchedule())
  private let lock: ByteLock

  init(id: Int64, job: JobID, store: JobStore, lock: ByteLock, levels: [LevelInfo]) {
    (self.id, self.job, self.store, self.lock, self.levels) = (id, job, store, lock, levels)
  }

  public var layouts: [LevelLayout] { levels.map(\.layout) }

  /// Tells people that this run lives and how far it is; liveness itself needs no heartbeat.
  public func heartbeat(_ progress: RunProgress) throws(JobStoreError) {
    let now = Date()
    var schedule = sampling.withLock { $0 }
    try store.write { db in
      try setProgress(db, progress, at: now)
      try schedule.add(db, run: id, progress, at: now)
    }
    sampling.withLock { $0 = schedule }
  }

  private func setProgress(_ db: Database, _ progress: RunProgress, at now: Date) throws {
    try db.run(
      "UPDATE run SET heartbeat_ms = ?, blocks = ?, voxels = ?, written_voxels = ?, bytes = ?, worked_ms = ? WHERE id = ?",
      [
        now.milliseconds, progress.blocks, progress.voxels, progress.writtenVoxels, progress.bytes, progress.workedMilliseconds, id,
      ])
  }

  /// Leaves what is to be done at the very end to others, where there are any: ends this run and says true. The one that
  /// is told false is the last; whoever joins after that leaves it to this one.
  public func leavesToOthers(progress: RunProgress) throws(JobStoreError) -> Bool {
    let leaves = try store.write { db -> Bool in
      try checkAlive(db)
      try store.freeDead(db, job, except: id)
      let others = try db.integer("SELECT count(*) FROM run WHERE job = ? AND id <> ? AND ended_ms IS NULL", [job, id])
      if others == 0 { return false }
      try close(db, .finished, progress)
      return true
    }
    if leaves { lock.release() }
    return leaves
  }

  /// Ends the run: its claims are freed, and the job gets the state that its counts say, unless others still run it:
  /// `complete` where everything is settled, `failed` where blocks failed and nothing else is left, else `interrupted`.
  /// One that others declared dead has no say in that any more.
  @discardableResult
  public func end(_ outcome: RunOutcome, progress: RunProgress? = nil) throws(JobStoreError) -> JobState {
    let state = try store.write { db -> JobState in
      try store.freeDead(db, job, except: id)
      guard try isAlive(db) else { return try store.storedState(db, job) }
      try close(db, outcome, progress)
      if try db.integer("SELECT count(*) FROM run WHERE job = ? AND ended_ms IS NULL", [job]) != 0 { return .running }
      let state = outcome == .finished ? try finalState(db) : .interrupted
      try JobStore.setStored(db, job, state)
      try db.reach(.endingRun)
      return state
    }
    lock.release()
    return state
  }

  private func close(_ db: Database, _ outcome: RunOutcome, _ progress: RunProgress?) throws {
    try JobStore.freeClaims(db, of: id)
    let (name, message): (String, String?) =
      switch outcome {
      case .finished: ("finished", nil)
      case .interrupted: ("interrupted", nil)
      case .error(let message): ("error", message)
      case .died: ("died", nil)
      }
    try db.run(
      "UPDATE run SET heartbeat_ms = ?, ended_ms = ?, outcome = ?, message = ? WHERE id = ? AND ended_ms IS NULL",
      [Date().milliseconds, Date().milliseconds, name, message, id])
    if let progress { try setProgress(db, progress, at: Date()) }
  }

  private func finalState(_ db: Database) throws -> JobState {
    let now = try LevelInfo.all(db, job: job)
    if now.allSatisfy({ $0.settled == $0.blocks }) { return .complete }
    return now.contains { $0.failed > 0 } ? .failed : .interrupted
  }

  /// Throws where another process has declared this run dead: its claims are gone.
  func checkAlive(_ db: Database) throws {
    guard try isAlive(db) else { throw JobStoreError.runEnded(id) }
  }

  private func isAlive(_ db: Database) throws -> Bool {
    try db.row("SELECT 1 FROM run WHERE id = ? AND ended_ms IS NULL", [id]) != nil
  }

  func level(_ level: Int) throws(JobStoreError) -> LevelInfo {
    guard levels.indices.contains(level) else { throw .invalid("job \(job) has no level \(level)") }
    return levels[level]
  }
}

struct BrickKey: Hashable, Sendable {
  let level: Int
  let brick: Int
}

/// A brick of the pyramid need not be looked at again while neither the level below nor what is pending in it changed.
struct UnreadyMark: Hashable, Sendable {
  let settledBelow: Int
  let pending: Int
}
