import GRDB
import Geometry

/// The views and levels of a job.
extension JobStore {
  public func views(of job: JobID) throws(JobStoreError) -> [ViewRecord] {
    try read { db in
      var transforms: [Int: [ViewRecord.Transform]] = [:]
      var sum = RowSum()
      try db.each(FixedRows.transforms, [job]) { columns in
        sum.add(columns)
        let m = try ["z", "y", "x"].map { row in
          Vector3(try columns.double("m_\(row)z"), try columns.double("m_\(row)y"), try columns.double("m_\(row)x"))
        }
        let affine = AffineMap(rows: m, translation: try columns.vector("shift"))
        transforms[try columns.integer("ordinal"), default: []]
          .append(.init(t: try columns.optionalInteger("t"), affine: affine))
      }
      var views: [ViewRecord] = []
      try db.each(FixedRows.views, [job]) { row in
        sum.add(row)
        let ordinal = try row.integer("ordinal")
        // also where no sum was recorded: whoever takes a view by its number must find it
        guard ordinal == views.count, let maps = transforms[ordinal] else {
          throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "view \(views.count) of job \(job), or its matrix, is not there")
        }
        views.append(
          ViewRecord(
            ordinal: ordinal, name: try row.text("name"), path: try row.text("path"), shape: try row.spaceTime("shape"),
            elementType: try row.text("element_type"), spacing: try row.vector("spacing"),
            origin: try row.vector("origin"), details: try row.text("details"),
            fingerprint: try row.text("fingerprint"), transforms: maps))
      }
      try FixedRows.check(db, job, views: sum)
      return views
    }
  }

  /// The first view of each job that lies at one of some paths, of all jobs but those being created.
  public func firstViews(where isMeant: (String) -> Bool) throws(JobStoreError) -> [JobView] {
    try read { db in
      var views: [JobView] = []
      let sql = """
        SELECT v.job, v.name, v.path FROM view v JOIN job j ON j.id = v.job WHERE j.state <> 'creating' ORDER BY v.job, v.ordinal
        """
      try db.each(sql) { row in
        let job = try row.integer("job")
        if views.last?.job == job { return }
        let path = try row.text("path")
        if isMeant(path) { views.append(JobView(job: job, name: try row.text("name"), path: path)) }
      }
      return views
    }
  }

  static func insert(_ db: Database, job: JobID, _ view: ViewRecord) throws {
    let (shape, spacing, origin) = (view.shape, view.spacing, view.origin)
    try db.insert(
      into: "view",
      [
        "job": job, "ordinal": view.ordinal, "name": view.name, "path": view.path,
        "shape_t": shape.t, "shape_c": shape.c, "shape_z": shape.z, "shape_y": shape.y, "shape_x": shape.x,
        "element_type": view.elementType,
        "spacing_z": spacing[0], "spacing_y": spacing[1], "spacing_x": spacing[2],
        "origin_z": origin[0], "origin_y": origin[1], "origin_x": origin[2],
        "details": view.details, "fingerprint": view.fingerprint,
      ])
    let id = db.lastInsertedRowID
    for transform in view.transforms {
      let (r, s) = (transform.affine.rows, transform.affine.translation)
      try db.insert(
        into: "view_transform",
        [
          "view": id, "t": transform.t,
          "m_zz": r[0][0], "m_zy": r[0][1], "m_zx": r[0][2], "shift_z": s[0],
          "m_yz": r[1][0], "m_yy": r[1][1], "m_yx": r[1][2], "shift_y": s[1],
          "m_xz": r[2][0], "m_xy": r[2][1], "m_xx": r[2][2], "shift_x": s[2],
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
      try db.each("SELECT level, sum(count) AS count FROM claim WHERE run = ? GROUP BY level", [run]) {
        running[try $0.integer("level"), default: 0] &+= try $0.integer("count")
      }
    }
    return try LevelRow.all(db, job: job).map { level in
      var counts = level.counts
      counts.running = running[level.layout.level] ?? 0
      return LevelRecord(layout: level.layout, counts: counts)
    }
  }
}

/// A view of a job, by its name and place alone.
public struct JobView: Sendable {
  public let job: JobID
  public let name: String
  public let path: String
}
