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
  private let row: RunRow
  private let claimer: BlockClaimer
  private let settled = SettledBricks()
  private let beganAt = ContinuousClock.now
  private let sampling = Mutex(SampleSchedule())
  private let lock: ByteLock

  init(_ row: RunRow, lock: ByteLock) {
    (self.row, self.lock) = (row, lock)
    claimer = BlockClaimer(row, settled: settled)
  }

  public var id: Int64 { row.id }
  public var job: JobID { row.job }
  public var layouts: [LevelLayout] { row.levels.map(\.layout) }

  // MARK: Blocks

  /// Takes up to `limit` blocks of a level that nobody has: pending ones, whose source blocks on the level below are
  /// all settled. They come in claims of one brick each; none if nothing is ready now, which may change while blocks
  /// below are pending or running, here or in other processes.
  public func claim(level: Int, limit: Int) throws(JobStoreError) -> [Claim] {
    try claimer.claim(level: level, limit: limit)
  }

  /// Whether blocks of a level may still become free, or are: somebody else has some in hand, or some are pending that
  /// nothing below holds up. To be asked when `claim` came back empty.
  public func expectsMore(level: Int) throws(JobStoreError) -> Bool { try claimer.expectsMore(level: level) }

  /// The other processes that have blocks of a level in hand, and how many.
  public func others(level: Int) throws(JobStoreError) -> [(worker: WorkerInfo, blocks: Int)] {
    try row.store.read { db in
      let held = try db.rows(
        "SELECT run, sum(count) AS blocks FROM claim WHERE job = ? AND level = ? AND run <> ? GROUP BY run ORDER BY run", [job, level, id])
      let blocks = try held.map { (run: Int64(try $0.integer("run")), count: try $0.integer("blocks")) }
      let runs = try row.store.runRecords(db, where: "job = ? AND ended_ms IS NULL", job)
      return blocks.compactMap { held in runs.first { $0.id == held.run }.map { ($0.worker, held.count) } }
    }
  }

  /// Records results of any number of claims in one transaction: checks that each claim is still this run's, adds the
  /// bits to those read in that transaction, takes the blocks out of the claims, and changes the counts.
  ///
  /// Throws `claimLost` if claims were taken away, after recording the results of the others.
  public func record(_ results: [BlockResult]) throws(JobStoreError) { try BlockRecorder(row).record(results) }

  /// Bricks of a level in which nothing has happened yet, in order, after a brick number (nil: from the first).
  /// Fewer than `limit` means that there are no more.
  public func nextBricks(level: Int, after: Int? = nil, limit: Int) throws(JobStoreError) -> [BrickRegion] {
    try EmptyBricks(row).next(level: level, after: after, limit: limit)
  }

  /// Marks all blocks of bricks empty, in one transaction. Bricks in which something has happened since are left alone.
  /// Returns how many blocks that settled.
  @discardableResult
  public func settleEmpty(level: Int, bricks: [BrickRegion.ID]) throws(JobStoreError) -> Int {
    try EmptyBricks(row).settle(level: level, bricks: bricks)
  }

  /// The states of a small box of a level's grid, in C order, for those who make the level above: a block that is done
  /// and has no file is an error, an empty one is fill. Settled bricks are asked for once.
  public func states(level number: Int, t: Int, c: Int, blocks: Box3) throws(JobStoreError) -> [BlockState] {
    let level = try row.level(number)
    return try row.store.states(level, t: t, c: c, blocks: blocks) { places throws(JobStoreError) in
      try bricks(number, places)
    }
  }

  /// One read for each brick that is not remembered.
  private func bricks(_ level: Int, _ places: [BrickPlace]) throws(JobStoreError) -> [BrickContents] {
    var found: [BrickContents] = []
    for place in places {
      let contents = try settled.contents(level: level, place) { () throws(JobStoreError) in
        try row.store.read { db in try BrickContents.load(db, job: job, level: level, place) }
      }
      found.append(contents)
    }
    return found
  }

  // MARK: Views

  /// Notes that this run begins to compare all views with their record, as `JobStore.beginViewCheck`.
  public func beginViewCheck() throws(JobStoreError) -> JobStore.ViewCheck {
    try row.store.beginViewCheck(of: job, run: id, milliseconds: millisecondsSinceBegin)
  }

  /// All views were as recorded, as `JobStore.foundViewsAsRecorded`.
  public func foundViewsAsRecorded(by check: JobStore.ViewCheck) throws(JobStoreError) {
    try row.store.foundViewsAsRecorded(by: check, of: job, milliseconds: millisecondsSinceBegin)
  }

  private var millisecondsSinceBegin: Int { Int((ContinuousClock.now - beganAt) / .milliseconds(1)) }

  // MARK: The run itself

  /// Tells people that this run lives and how far it is; liveness itself needs no heartbeat.
  public func heartbeat(_ progress: RunProgress) throws(JobStoreError) {
    let now = Date()
    var schedule = sampling.withLock { $0 }
    try row.store.write { db in
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

  /// Leaves what is to be done at the very end to others, if there are any: ends this run and says true. The one that
  /// is told false is the last; whoever joins after that leaves it to this one.
  public func leavesToOthers(progress: RunProgress) throws(JobStoreError) -> Bool {
    let leaves = try row.store.write { db -> Bool in
      try row.checkAlive(db)
      try row.store.freeDead(db, job, except: id)
      let others = try db.integer("SELECT count(*) FROM run WHERE job = ? AND id <> ? AND ended_ms IS NULL", [job, id])
      if others == 0 { return false }
      try close(db, .finished, progress, .done)
      return true
    }
    if leaves { lock.release() }
    return leaves
  }

  /// Ends the run: its claims are freed, and the job gets the state that its counts say, unless others still run it:
  /// `complete` if everything is settled, `failed` if blocks failed and nothing else is left, else `interrupted`.
  /// One that others declared dead has no say in that any more.
  ///
  /// - Parameter exitStatus: what its process will end with.
  @discardableResult
  public func end(_ outcome: RunOutcome, progress: RunProgress? = nil, exitStatus: ExitStatus? = nil) throws(JobStoreError) -> JobState {
    let state = try row.store.write { db -> JobState in
      try row.store.freeDead(db, job, except: id)
      guard try row.isAlive(db) else { return try row.store.storedState(db, job) }
      try close(db, outcome, progress, exitStatus)
      if try db.integer("SELECT count(*) FROM run WHERE job = ? AND ended_ms IS NULL", [job]) != 0 { return .running }
      let state = JobState(
        of: try LevelRow.all(db, job: job).map(\.counts), before: .running,
        after: outcome == .finished ? .finished : .stopped)
      try JobStore.setStored(db, job, state)
      try db.reach(.endingRun)
      return state
    }
    lock.release()
    return state
  }

  private func close(_ db: Database, _ outcome: RunOutcome, _ progress: RunProgress?, _ exitStatus: ExitStatus?) throws {
    try JobStore.freeClaims(db, of: id)
    let (name, message): (String, String?) =
      switch outcome {
      case .finished: ("finished", nil)
      case .interrupted: ("interrupted", nil)
      case .error(let message): ("error", message)
      case .died: ("died", nil)
      }
    try db.run(
      "UPDATE run SET heartbeat_ms = ?, ended_ms = ?, outcome = ?, message = ?, exit_status = ? WHERE id = ? AND ended_ms IS NULL",
      [Date().milliseconds, Date().milliseconds, name, message, exitStatus.map { Int($0.code) }, id])
    if let progress { try setProgress(db, progress, at: Date()) }
  }
}
