import Diagnostics
import Foundation
import GRDB
import Geometry

/// Jobs: finding, listing and removing them.
extension JobStore {
  /// Removes a job and all that is recorded of it, but not its output. Refused while a live process runs it.
  public func delete(_ job: JobID) throws(JobStoreError) {
    try write { db in
      _ = try self.storedState(db, job)
      try self.refuseIfRunning(db, job)
      try db.run("DELETE FROM job WHERE id = ?", [job])
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

  static func insert(_ db: Database, _ job: JobDescription) throws {
    try db.run(
      """
      INSERT INTO job (
        uuid, name, state, dataset_path, dataset_digest, output_path, options, program_version, transform_key,
        fusion_func, weights_func, interpolation_order, element_type, spatial_axes, spacing_z, spacing_y, spacing_x,
        origin_z, origin_y, origin_x, ngff_version, details, created_ms, voxel_revision, codec_libraries
      ) VALUES (?, ?, 'creating', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        job.uuid, job.name, job.datasetPath, job.datasetDigest, job.outputPath, job.options, job.programVersion,
        job.transformKey, job.fusionFunction, job.weightsFunction, job.interpolationOrder, job.elementType.rawValue,
        job.is3D ? 3 : 2, job.spacing[0], job.spacing[1], job.spacing[2], job.origin[0], job.origin[1], job.origin[2],
        job.ngffVersion, job.details, Date().milliseconds, job.voxelRevision, job.codecLibraries,
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
        origin_z, origin_y, origin_x, ngff_version, details, created_ms, finished_ms,
        voxel_revision, codec_libraries
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
        programVersion: try row.text(8), voxelRevision: try row.integer(25), codecLibraries: try row.text(26),
        transformKey: try row.optionalText(9), fusionFunction: try row.text(10),
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
