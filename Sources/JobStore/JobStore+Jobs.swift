import Diagnostics
import Foundation
import GRDB
import Geometry

/// Jobs: finding and listing them.
extension JobStore {
  /// All jobs but those being created, oldest first.
  public func jobs() throws(JobStoreError) -> [JobRecord] {
    try read { db in try self.records(db, where: "state <> 'creating'") }
  }

  /// The numbers of the jobs that `jobs()` gives, in the same order.
  public func jobNumbers() throws(JobStoreError) -> [JobID] {
    try read { db in
      try db.rows("SELECT id FROM job WHERE state <> 'creating' ORDER BY id").map { try $0.integer("id") }
    }
  }

  /// The job with a number, or the newest with a name; nil: the newest of all. Jobs being created do not count.
  public func job(_ selector: String? = nil) throws(JobStoreError) -> JobRecord {
    try read { db in try self.record(db, self.find(db, selector)) }
  }

  /// The row of the job that a selector means, as `job(_:)` says.
  func find(_ db: Database, _ selector: String?) throws -> StoredRow {
    let visible = "state <> 'creating'"
    guard let selector else {
      let newest = try db.row("SELECT * FROM job WHERE id = (SELECT max(id) FROM job WHERE \(visible))")
      if let newest { return newest }
      throw JobStoreError.noSuchJob(selector: "", path: path)
    }
    if let number = Int(selector),
      let row = try db.row("SELECT * FROM job WHERE id = ? AND \(visible)", [number])
    {
      return row
    }
    let newest = try db.row(
      "SELECT * FROM job WHERE id = (SELECT max(id) FROM job WHERE name = ? AND \(visible))", [selector])
    if let newest { return newest }
    let names = try db.rows("SELECT DISTINCT name FROM job WHERE name IS NOT NULL AND \(visible)").map { try $0.text("name") }
    throw JobStoreError.noSuchJob(selector: selector, path: path, nearest: nearestName(to: selector, among: names))
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

  /// Stores the state that a change leads to, if it is another one.
  func decideState(_ db: Database, _ job: JobID, before: JobState, after change: JobChange) throws {
    let counts = try LevelRow.all(db, job: job).map(\.counts)
    let state = JobState(of: counts, before: before, after: change)
    if state != before { try JobStore.setStored(db, job, state) }
  }

  static func setStored(_ db: Database, _ job: JobID, _ state: JobState) throws {
    let isFinished = state == .complete || state == .failed
    try db.run(
      "UPDATE job SET state = ?, finished_ms = ? WHERE id = ?",
      [state.rawValue, isFinished ? Date().milliseconds : nil, job])
  }

  /// The state in the table: `running` also if every process is dead.
  func storedState(_ db: Database, _ job: JobID) throws -> JobState {
    guard let row = try db.row("SELECT state FROM job WHERE id = ?", [job]) else {
      throw JobStoreError.noSuchJob(selector: String(job), path: path)
    }
    return try row.value("state")
  }

  static func insert(_ db: Database, _ job: JobDescription) throws {
    try db.insert(
      into: "job",
      [
        "uuid": job.uuid, "name": job.name, "state": JobState.creating.rawValue, "dataset_path": job.datasetPath,
        "dataset_digest": job.datasetDigest, "output_path": job.outputPath, "options": job.options,
        "program_version": job.programVersion, "transform_key": job.transformKey, "fusion_func": job.fusionFunction,
        "weights_func": job.weightsFunction, "interpolation_order": job.interpolationOrder,
        "element_type": job.elementType.rawValue, "spatial_axes": job.is3D ? 3 : 2,
        "spacing_z": job.spacing[0], "spacing_y": job.spacing[1], "spacing_x": job.spacing[2],
        "origin_z": job.origin[0], "origin_y": job.origin[1], "origin_x": job.origin[2],
        "ngff_version": job.ngffVersion, "details": job.details, "created_ms": Date().milliseconds,
        "voxel_revision": job.voxelRevision, "codec_libraries": job.codecLibraries,
      ])
  }

  func records(_ db: Database, where condition: String) throws -> [JobRecord] {
    try db.rows("SELECT * FROM job WHERE \(condition) ORDER BY id").map { try self.record(db, $0) }
  }

  private func record(_ db: Database, _ row: StoredRow) throws -> JobRecord {
    let id = try row.integer("id")
    try FixedRows.check(db, row)
    let live = try liveRuns(db, id)
    return try JobRecord(row, levels: try levelRecords(db, id, live: live), isLive: !live.isEmpty)
  }
}

extension JobRecord {
  /// Reads a row of table `job`.
  ///
  /// - Parameter isLive: whether any process works on the job.
  init(_ row: StoredRow, levels: [LevelRecord], isLive: Bool) throws {
    let stored: JobState = try row.value("state")
    let counts = levels.map(\.counts)
    self.init(
      id: try row.integer("id"), state: isLive ? stored : JobState(of: counts, before: stored, after: .abandoned),
      description: try JobDescription(row), counts: counts.reduce(BlockCounts(), +),
      createdAt: try row.date("created_ms"), finishedAt: try row.optionalDate("finished_ms"))
  }
}

extension JobDescription {
  /// Reads columns of table `job`.
  fileprivate init(_ row: StoredRow) throws {
    self.init(
      name: try row.optionalText("name"), uuid: try row.text("uuid"), datasetPath: try row.text("dataset_path"),
      datasetDigest: try row.text("dataset_digest"), outputPath: try row.text("output_path"),
      options: try row.text("options"), programVersion: try row.text("program_version"),
      voxelRevision: try row.integer("voxel_revision"), codecLibraries: try row.text("codec_libraries"),
      transformKey: try row.optionalText("transform_key"), fusionFunction: try row.text("fusion_func"),
      weightsFunction: try row.optionalText("weights_func"),
      interpolationOrder: try row.integer("interpolation_order"), elementType: try row.value("element_type"),
      is3D: try row.integer("spatial_axes") == 3, spacing: try row.vector("spacing"), origin: try row.vector("origin"),
      ngffVersion: try row.optionalText("ngff_version"), details: try row.text("details"))
  }
}
