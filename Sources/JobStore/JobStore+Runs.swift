import Diagnostics
import Faults
import Foundation
import GRDB

/// Runs: who works on a job, and who has died over it.
extension JobStore {
  /// Begins to work on a job, alone, or beside others with `join`. Claims of dead processes are freed.
  ///
  /// Throws `alreadyRunning` if a live process runs the job and `join` is false.
  ///
  /// - Parameter checking: throws what is against it, within the transaction; the job is then left as it is.
  public func beginRun(job: JobID, join: Bool = false, info: WorkerInfo, checking: () throws -> Void = {}) throws -> Run {
    let (id, lock, levels) = try writeBeside { db -> (Int64, ByteLock, [LevelRow]) in
      let state = try self.storedState(db, job)
      if state == .creating { throw JobStoreError.wrongState(job: job, state: state, action: "run it") }
      if !join { try self.refuseIfRunning(db, job) }
      try checking()
      try self.freeDead(db, job)
      // what was refused before is the last word no more
      try db.run("DELETE FROM refusal WHERE job = ?", [job])
      let now = Date().milliseconds
      try db.insert(
        into: "run",
        [
          "job": job, "host": info.host, "boot_id": info.bootID, "pid": info.pid, "command": info.command,
          "started_ms": info.startedAt.milliseconds, "heartbeat_ms": now,
        ])
      let id = db.lastInsertedRowID
      // Before the commit: nobody ever sees a live run without its lock.
      guard let lock = try self.locks.take(LockFile.run(id), within: 5) else {
        throw JobStoreError.busy(path: self.path)
      }
      try JobStore.setStored(db, job, .running)
      try db.reach(.beginningRun)
      return (id, lock, try LevelRow.all(db, job: job))
    }
    return Run(RunRow(id: id, job: job, store: self, levels: levels), lock: lock)
  }

  /// All runs of a job, oldest first.
  public func runs(of job: JobID) throws(JobStoreError) -> [RunRecord] {
    try read { db in try self.runRecords(db, where: "job = ? ORDER BY id", job) }
  }

  /// The live processes that work on a job.
  public func holders(of job: JobID) throws(JobStoreError) -> [WorkerInfo] {
    try runs(of: job).filter(\.isLive).map(\.worker)
  }

  func refuseIfRunning(_ db: Database, _ job: JobID) throws {
    if let holder = try liveWorkers(db, job).first { throw JobStoreError.alreadyRunning(job: job, holder: holder) }
  }

  func liveWorkers(_ db: Database, _ job: JobID) throws -> [WorkerInfo] {
    try runRecords(db, where: "job = ? AND ended_ms IS NULL ORDER BY id", job).filter(\.isLive).map(\.worker)
  }

  /// The runs of a job whose processes live.
  func liveRuns(_ db: Database, _ job: JobID) throws -> Set<Int64> {
    try locks.held(try openRuns(db, job))
  }

  private func openRuns(_ db: Database, _ job: JobID) throws -> [Int64] {
    try db.rows("SELECT id FROM run INDEXED BY run_open WHERE job = ? AND ended_ms IS NULL", [job]).map { Int64(try $0.integer("id")) }
  }

  /// Ends the runs whose processes died, and makes their claimed blocks pending.
  func freeDead(_ db: Database, _ job: JobID, except own: Int64? = nil) throws {
    let open = try openRuns(db, job).filter { $0 != own }
    if open.isEmpty { return }
    let live = try locks.held(open)
    for run in open where !live.contains(run) {
      try JobStore.freeClaims(db, of: run)
      try db.run("UPDATE run SET ended_ms = ?, outcome = 'died' WHERE id = ?", [Date().milliseconds, run])
    }
  }

  static func freeClaims(_ db: Database, of run: Int64) throws {
    try db.run(
      """
      UPDATE brick SET pending = pending + k.count
      FROM (SELECT job, level, brick, sum(count) AS count FROM claim WHERE run = ? GROUP BY job, level, brick) AS k
      WHERE brick.job = k.job AND brick.level = k.level AND brick.brick = k.brick
      """, [run])
    try db.run("DELETE FROM claim WHERE run = ?", [run])
  }

  func runRecords(_ db: Database, where condition: String, _ job: JobID) throws -> [RunRecord] {
    let rows = try db.rows(
      """
      SELECT id, host, boot_id, pid, command, started_ms, heartbeat_ms, ended_ms, outcome, message,
        blocks, voxels, ifnull(written_voxels, voxels) AS written_voxels, bytes, worked_ms, exit_status
      FROM run WHERE \(condition)
      """, [job])
    let open = try rows.filter { try $0.optionalInteger("ended_ms") == nil }.map { Int64(try $0.integer("id")) }
    let live = try locks.held(open)
    return try rows.map { row in
      let id = Int64(try row.integer("id"))
      let outcome: RunOutcome? =
        switch try row.optionalText("outcome") {
        case "finished": .finished
        case "interrupted": .interrupted
        case "error": .error(message: try row.optionalText("message") ?? "")
        case "died": .died
        default: nil
        }
      return RunRecord(
        id: id, job: job,
        worker: WorkerInfo(
          host: try row.text("host"), bootID: try row.text("boot_id"), pid: try row.integer("pid"),
          command: try row.text("command"), startedAt: try row.date("started_ms")),
        heartbeatAt: try row.date("heartbeat_ms"), endedAt: try row.optionalDate("ended_ms"), outcome: outcome,
        exitStatus: try row.optionalInteger("exit_status"),
        progress: try RunProgress(row), isLive: live.contains(id))
    }
  }

  /// The samples of a job's runs, oldest first. At most some hundred a run.
  public func samples(of job: JobID) throws(JobStoreError) -> [RunSample] {
    try read { db in try self.sampleRecords(db, job) }
  }

  func sampleRecords(_ db: Database, _ job: JobID) throws -> [RunSample] {
    try db.rows(
      """
      SELECT s.run AS run, s.at_ms AS at_ms, s.blocks AS blocks, s.voxels AS voxels,
        s.written_voxels AS written_voxels, s.bytes AS bytes, s.worked_ms AS worked_ms
      FROM run r JOIN run_sample s ON s.run = r.id WHERE r.job = ? ORDER BY s.run, s.at_ms
      """, [job]
    ).map { row in
      RunSample(run: Int64(try row.integer("run")), at: try row.date("at_ms"), progress: try RunProgress(row))
    }
  }
}

extension RunProgress {
  /// The columns that a run and its samples have in common.
  fileprivate init(_ row: StoredRow) throws {
    self.init(
      blocks: try row.count("blocks"), voxels: try row.count("voxels"),
      writtenVoxels: try row.count("written_voxels"), bytes: try row.count("bytes"),
      workedSeconds: try row.optionalInteger("worked_ms").map { Double($0) / 1000 })
  }
}
