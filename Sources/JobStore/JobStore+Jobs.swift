import Faults
import Foundation
import GRDB
import Geometry
import Synchronization

/// Jobs: making, finding, listing and removing them.
extension JobStore {
  /// Records a job in state `creating`, in one transaction. This process holds it until `markReady` or `abandon`.
  public func createJob(_ new: NewJob) throws(JobStoreError) -> JobID {
    guard !new.levels.isEmpty, new.levels.enumerated().allSatisfy({ $0.offset == $0.element.level }) else {
      throw .invalid("a job needs levels, numbered from 0")
    }
    let (id, lock) = try write { db -> (JobID, ByteLock) in
      try JobStore.insert(db, new.description)
      let id = JobID(db.lastInsertedRowID)
      // Before the commit: nobody ever sees the job without its creator.
      guard let lock = try self.locks.take(LockFile.creation(id), within: 5) else {
        throw JobStoreError.busy(path: self.path)
      }
      for layout in new.levels { try LevelInfo.insert(db, job: id, layout: layout) }
      for view in new.views { try JobStore.insert(db, job: id, view) }
      try db.reach(.creatingJob)
      return (id, lock)
    }
    creations.withLock { $0[id] = lock }
    return id
  }

  /// The output is made: `creating` becomes `pending`.
  public func markReady(_ job: JobID) throws(JobStoreError) {
    try write { db in
      let state = try self.storedState(db, job)
      guard state == .creating else {
        throw JobStoreError.wrongState(job: job, state: state, action: "finish its creation")
      }
      try db.run("UPDATE job SET state = 'pending', ready_ms = ? WHERE id = ?", [Date().milliseconds, job])
      try db.reach(.markingReady)
    }
    creations.withLock { $0[job] = nil }
  }

  /// Removes a job that is still being created, by this process or by one that died.
  public func abandon(_ job: JobID) throws(JobStoreError) {
    try write { db in
      let state = try self.storedState(db, job)
      guard state == .creating else { throw JobStoreError.wrongState(job: job, state: state, action: "abandon it") }
      try db.run("DELETE FROM job WHERE id = ?", [job])
    }
    creations.withLock { $0[job] = nil }
  }

  /// Removes a job and all that is recorded of it, but not its output. Refused while a live process runs it.
  public func delete(_ job: JobID) throws(JobStoreError) {
    try write { db in
      _ = try self.storedState(db, job)
      try self.refuseIfRunning(db, job)
      try db.run("DELETE FROM job WHERE id = ?", [job])
    }
  }

  /// What killed submits left: jobs being created by no live process. For finishing or removing.
  public func jobsInCreation() throws(JobStoreError) -> [JobRecord] {
    try read { db in
      let records = try self.records(db, where: "state = 'creating'", [])
      let held = try self.locks.held(records.map { LockFile.creation($0.id) })
      return records.filter { !held.contains(LockFile.creation($0.id)) }
    }
  }

  /// All jobs but those being created, oldest first.
  public func jobs() throws(JobStoreError) -> [JobRecord] {
    try read { db in try self.records(db, where: "state <> 'creating'", []) }
  }

  /// The job with a number, or the newest with a name; nil: the newest of all. Jobs being created do not count.
  public func job(_ selector: String? = nil) throws(JobStoreError) -> JobRecord {
    try read { db in
      let visible = "state <> 'creating'"
      guard let selector else {
        let newest = try self.records(db, where: "id = (SELECT max(id) FROM job WHERE \(visible))", [])
        if let record = newest.first { return record }
        throw JobStoreError.noSuchJob(selector: "", path: self.path)
      }
      if let number = Int(selector),
        let record = try self.records(db, where: "id = ? AND \(visible)", [number]).first
      {
        return record
      }
      let newest = "id = (SELECT max(id) FROM job WHERE name = ? AND \(visible))"
      if let record = try self.records(db, where: newest, [selector]).first { return record }
      let names = try db.rows("SELECT DISTINCT name FROM job WHERE name IS NOT NULL AND \(visible)", []).map { try $0.text(0) }
      throw JobStoreError.noSuchJob(selector: selector, path: self.path, nearest: nearestName(to: selector, among: names))
    }
  }

  public func job(_ id: JobID) throws(JobStoreError) -> JobRecord {
    try job(String(id))
  }

  /// Sets the state of a job that no live process runs.
  public func setState(_ job: JobID, _ state: JobState) throws(JobStoreError) {
    try write { db in
      let old = try self.storedState(db, job)
      guard state != .creating, state != .running, old != .creating else {
        throw JobStoreError.wrongState(job: job, state: old, action: "set it to \(state.rawValue)")
      }
      try self.refuseIfRunning(db, job)
      try JobStore.setStored(db, job, state)
    }
  }

  static func setStored(_ db: Database, _ job: JobID, _ state: JobState) throws {
    let isFinished = state == .complete || state == .failed
    try db.run(
      "UPDATE job SET state = ?, finished_ms = ? WHERE id = ?",
      [state.rawValue, isFinished ? Date().milliseconds : nil, job])
  }

  /// As in the table: `running` also where every process is dead.
  func storedState(_ db: Database, _ job: JobID) throws -> JobState {
    guard let text = try db.row("SELECT state FROM job WHERE id = ?", [job])?.text(0) else {
      throw JobStoreError.noSuchJob(selector: String(job), path: path)
    }
    return try JobStore.value(text)
  }

  private static func insert(_ db: Database, _ job: JobDescription) throws {
    try db.run(
      """
      INSERT INTO job (
        uuid, name, state, dataset_path, dataset_digest, output_path, options, program_version, transform_key,
        fusion_func, weights_func, interpolation_order, element_type, spatial_axes, spacing_z, spacing_y, spacing_x,
        origin_z, origin_y, origin_x, ngff_version, details, created_ms
      ) VALUES (?, ?, 'creating', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        job.uuid, job.name, job.datasetPath, job.datasetDigest, job.outputPath, job.options, job.programVersion,
        job.transformKey, job.fusionFunction, job.weightsFunction, job.interpolationOrder, job.elementType.rawValue,
        job.is3D ? 3 : 2, job.spacing[0], job.spacing[1], job.spacing[2], job.origin[0], job.origin[1], job.origin[2],
        job.ngffVersion, job.details, Date().milliseconds,
      ])
  }

  /// - Parameter live: the runs whose processes live, where the caller has asked already.
  func records(
    _ db: Database, where condition: String, _ values: Database.Values, live known: Set<Int64>? = nil
  ) throws -> [JobRecord] {
    let rows = try db.rows(
      """
      SELECT id, state, uuid, name, dataset_path, dataset_digest, output_path, options, program_version, transform_key,
        fusion_func, weights_func, interpolation_order, element_type, spatial_axes, spacing_z, spacing_y, spacing_x,
        origin_z, origin_y, origin_x, ngff_version, details, created_ms, finished_ms
      FROM job WHERE \(condition) ORDER BY id
      """, values)
    return try rows.map { row in
      let id = try row.integer(0)
      let live = try known ?? self.liveRuns(db, id)
      var state: JobState = try JobStore.value(try row.text(1))
      if state == .running && live.isEmpty { state = .interrupted }
      let description = JobDescription(
        name: try row.optionalText(3), uuid: try row.text(2), datasetPath: try row.text(4),
        datasetDigest: try row.text(5), outputPath: try row.text(6), options: try row.text(7),
        programVersion: try row.text(8), transformKey: try row.optionalText(9), fusionFunction: try row.text(10),
        weightsFunction: try row.optionalText(11), interpolationOrder: try row.integer(12),
        elementType: try JobStore.value(try row.text(13)), is3D: try row.integer(14) == 3,
        spacing: Vector3(try row.double(15), try row.double(16), try row.double(17)),
        origin: Vector3(try row.double(18), try row.double(19), try row.double(20)),
        ngffVersion: try row.optionalText(21), details: try row.text(22))
      let levels = try self.levelRecords(db, id, live: live)
      return JobRecord(
        id: id, state: state, description: description, counts: levels.reduce(BlockCounts()) { $0 + $1.counts },
        createdAt: Date(milliseconds: try row.integer(23)),
        finishedAt: try row.optionalInteger(24).map(Date.init(milliseconds:)))
    }
  }

  /// A value of a closed set; another one is damage.
  static func value<T: RawRepresentable>(_ text: String) throws -> T where T.RawValue == String {
    guard let value = T(rawValue: text) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "\"\(text)\" is no \(T.self)")
    }
    return value
  }
}
