import GRDB
import Geometry

/// The views and levels of a job.
extension JobStore {
  public func views(of job: JobID) throws(JobStoreError) -> [ViewRecord] {
    try read { db in
      var transforms: [Int: [ViewRecord.Transform]] = [:]
      try db.each(
        """
        SELECT w.ordinal, m.t, m_zz, m_zy, m_zx, shift_z, m_yz, m_yy, m_yx, shift_y, m_xz, m_xy, m_xx, shift_x
        FROM view w JOIN view_transform m ON m.view = w.id WHERE w.job = ? ORDER BY w.ordinal, m.t
        """, [job]
      ) { row in
        let n = try (2..<14).map { try row.double($0) }
        let affine = AffineMap(
          rows: [Vector3(n[0], n[1], n[2]), Vector3(n[4], n[5], n[6]), Vector3(n[8], n[9], n[10])],
          translation: Vector3(n[3], n[7], n[11]))
        transforms[try row.integer(0), default: []].append(.init(t: try row.optionalInteger(1), affine: affine))
      }
      var views: [ViewRecord] = []
      try db.each(
        """
        SELECT ordinal, name, path, shape_t, shape_c, shape_z, shape_y, shape_x, element_type,
          spacing_z, spacing_y, spacing_x, origin_z, origin_y, origin_x, details, fingerprint
        FROM view WHERE job = ? ORDER BY ordinal
        """, [job]
      ) { row in
        let n = try (3..<8).map { try row.integer($0) }
        let d = try (9..<15).map { try row.double($0) }
        let ordinal = try row.integer(0)
        views.append(
          ViewRecord(
            ordinal: ordinal, name: try row.text(1), path: try row.text(2),
            shape: TCZYX(t: n[0], c: n[1], z: n[2], y: n[3], x: n[4]), elementType: try row.text(8),
            spacing: Vector3(d[0], d[1], d[2]), origin: Vector3(d[3], d[4], d[5]), details: try row.text(15),
            fingerprint: try row.text(16), transforms: transforms[ordinal] ?? []))
      }
      return views
    }
  }

  static func insert(_ db: Database, job: JobID, _ view: ViewRecord) throws {
    let (shape, spacing, origin) = (view.shape, view.spacing, view.origin)
    try db.run(
      """
      INSERT INTO view (
        job, ordinal, name, path, shape_t, shape_c, shape_z, shape_y, shape_x, element_type,
        spacing_z, spacing_y, spacing_x, origin_z, origin_y, origin_x, details, fingerprint
      ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        job, view.ordinal, view.name, view.path, shape.t, shape.c, shape.z, shape.y, shape.x, view.elementType,
        spacing[0], spacing[1], spacing[2], origin[0], origin[1], origin[2], view.details, view.fingerprint,
      ])
    let id = db.lastInsertedRowID
    for transform in view.transforms {
      let (r, s) = (transform.affine.rows, transform.affine.translation)
      try db.run(
        "INSERT INTO view_transform VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
          id, transform.t, r[0][0], r[0][1], r[0][2], s[0], r[1][0], r[1][1], r[1][2], s[1],
          r[2][0], r[2][1], r[2][2], s[2],
        ])
    }
  }

  /// The levels of a job, with how many of their blocks are in which state.
  public func levels(of job: JobID) throws(JobStoreError) -> [LevelRecord] {
    try read { db in
      _ = try self.storedState(db, job)
      return try self.levelRecords(db, job, live: try self.liveRuns(db, job))
    }
  }

  func levelRecords(_ db: Database, _ job: JobID, live: Set<Int64>) throws -> [LevelRecord] {
    var running: [Int: Int] = [:]
    for run in live {
      try db.each("SELECT level, sum(count) FROM claim WHERE run = ? GROUP BY level", [run]) {
        running[try $0.integer(0), default: 0] &+= try $0.integer(1)
      }
    }
    return try LevelRow.all(db, job: job).map { level in
      LevelRecord(
        layout: level.layout,
        counts: BlockCounts(
          total: level.blocks, done: level.done, empty: level.empty, failed: level.failed,
          running: running[level.layout.level] ?? 0))
    }
  }
}
