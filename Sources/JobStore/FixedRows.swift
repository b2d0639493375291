import GRDB

/// The sums of what of a job never changes once it is submitted: its row without name, state and times, its levels without
/// their counts, its views and their matrices. Damage to any of it would be wrong voxels without a word.
///
/// Whoever changes one of these columns on purpose does so in `changing`.
enum FixedRows {
  private static let jobColumns = """
    uuid, dataset_path, dataset_digest, output_path, options, program_version, voxel_revision, codec_libraries, \
    transform_key, fusion_func, weights_func, interpolation_order, element_type, spatial_axes, \
    spacing_z, spacing_y, spacing_x, origin_z, origin_y, origin_x, ngff_version, details
    """
  private static let levelColumns = """
    level, shape_t, shape_c, shape_z, shape_y, shape_x, chunk_z, chunk_y, chunk_x, shard_z, shard_y, shard_x, \
    factor_z, factor_y, factor_x, absolute_z, absolute_y, absolute_x, grid_t, grid_c, grid_z, grid_y, grid_x, \
    brick_t, brick_c, brick_z, brick_y, brick_x, bricks, blocks
    """

  /// All views of job `?`, by their ordinals: what `views_sum` is over, and all that there is of them.
  static let views = """
    SELECT ordinal, name, path, shape_t, shape_c, shape_z, shape_y, shape_x, element_type,
      spacing_z, spacing_y, spacing_x, origin_z, origin_y, origin_x, details, fingerprint
    FROM view WHERE job = ? ORDER BY ordinal
    """
  /// Their matrices.
  static let transforms = """
    SELECT w.ordinal AS ordinal, m.t AS t, m_zz, m_zy, m_zx, m_yz, m_yy, m_yx, m_xz, m_xy, m_xx,
      shift_z, shift_y, shift_x
    FROM view w JOIN view_transform m ON m.view = w.id WHERE w.job = ? ORDER BY w.ordinal, m.t
    """

  /// Records the sums of a job's rows as they are now.
  static func seal(_ db: Database, _ job: JobID) throws {
    let fixed = try sum(db, job)
    let views = try viewsSum(db, job)
    try db.run("UPDATE job SET fixed_sum = ?, views_sum = ? WHERE id = ?", [Int(fixed), Int(views), job])
  }

  /// Changes such rows of a job on purpose: what was damaged before is not sealed as if it were right.
  static func changing(_ db: Database, _ job: JobID, _ change: () throws -> Void) throws {
    guard let row = try db.row("SELECT id, fixed_sum, views_sum FROM job WHERE id = ?", [job]) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "job \(job) is not there")
    }
    if let problem = try problems(db, row).first { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: problem) }
    try change()
    try seal(db, job)
  }

  /// Seals the jobs of an earlier version of the program, which recorded no sums.
  static func sealOld(_ db: Database) throws {
    for row in try db.rows("SELECT id FROM job WHERE fixed_sum IS NULL OR views_sum IS NULL") {
      try seal(db, row.integer("id"))
    }
  }

  /// Throws unless the job and its levels are as they were submitted.
  ///
  /// - Parameter row: of table `job`.
  static func check(_ db: Database, _ row: StoredRow) throws {
    guard let recorded = try row.optionalInteger("fixed_sum") else { return }
    let job = try row.integer("id")
    if try Int(sum(db, job)) != recorded { throw damage("job \(job) or its levels are") }
  }

  /// Throws unless the views of a job, whose sum this is, are as they were submitted.
  static func check(_ db: Database, _ job: JobID, views sum: RowSum) throws {
    guard let recorded = try db.row("SELECT views_sum FROM job WHERE id = ?", [job])?.optionalInteger("views_sum") else { return }
    if Int(sum.value) != recorded { throw damage("the views of job \(job) are") }
  }

  /// What is wrong with a job's rows.
  static func problems(_ db: Database, _ row: StoredRow) throws -> [String] {
    let job = try row.integer("id")
    var problems: [String] = []
    if let recorded = try row.optionalInteger("fixed_sum"), try Int(sum(db, job)) != recorded {
      problems.append("job \(job) or its levels are not as they were recorded")
    }
    if let recorded = try row.optionalInteger("views_sum"), try Int(viewsSum(db, job)) != recorded {
      problems.append("the views of job \(job) are not as they were recorded")
    }
    return problems
  }

  private static func sum(_ db: Database, _ job: JobID) throws -> UInt32 {
    var sum = RowSum()
    try db.each("SELECT \(jobColumns) FROM job WHERE id = ?", [job]) { sum.add($0) }
    try db.each("SELECT \(levelColumns) FROM level WHERE job = ? ORDER BY level", [job]) { sum.add($0) }
    return sum.value
  }

  private static func viewsSum(_ db: Database, _ job: JobID) throws -> UInt32 {
    var sum = RowSum()
    for sql in [transforms, views] { try db.each(sql, [job]) { sum.add($0) } }
    return sum.value
  }

  private static func damage(_ what: String) -> DatabaseError {
    DatabaseError(resultCode: .SQLITE_CORRUPT, message: "\(what) not as they were recorded")
  }
}
