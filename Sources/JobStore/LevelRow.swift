import GRDB
import Geometry

/// The row of a level: its layout, which never changes, and how it stood when it was read.
struct LevelRow: Sendable {
  let layout: LevelLayout
  let grid: BlockGrid
  let bricks: BrickLayout
  let blocks: Int
  let done: Int
  let empty: Int
  let failed: Int
  /// Every brick with a smaller number has a row.
  let untouched: Int

  var settled: Int { done + empty }

  private static let columns = """
    level, shape_t, shape_c, shape_z, shape_y, shape_x, chunk_z, chunk_y, chunk_x, shard_z, shard_y, shard_x,
    factor_z, factor_y, factor_x, absolute_z, absolute_y, absolute_x, grid_t, grid_c, grid_z, grid_y, grid_x,
    brick_t, brick_c, brick_z, brick_y, brick_x, bricks, blocks, done, empty, failed, untouched
    """

  static func all(_ db: Database, job: JobID) throws -> [LevelRow] {
    try db.rows("SELECT \(columns) FROM level WHERE job = ? ORDER BY level", [job]).map(LevelRow.init)
  }

  static func one(_ db: Database, job: JobID, level: Int) throws -> LevelRow {
    guard let row = try db.row("SELECT \(columns) FROM level WHERE job = ? AND level = ?", [job, level]) else {
      throw JobStoreError.invalid("job \(job) has no level \(level)")
    }
    return try LevelRow(row)
  }

  private init(_ row: Row) throws {
    let n = try (0..<34).map { try row.optionalInteger($0) ?? 0 }
    func spaceTime(_ i: Int) -> TCZYX { TCZYX(t: n[i], c: n[i + 1], z: n[i + 2], y: n[i + 3], x: n[i + 4]) }
    func space(_ i: Int) -> Index3 { Index3(n[i], n[i + 1], n[i + 2]) }
    // A damaged file may hold what the table's checks forbid; nothing here may trap.
    let damage = DatabaseError(resultCode: .SQLITE_CORRUPT, message: "level \(n[0]) does not agree with its grid")
    let lengths = LevelLimit.length
    guard n[1..<9].allSatisfy({ (1...lengths).contains($0) }), n[9..<12].allSatisfy({ (0...lengths).contains($0) }),
      n[12..<15].allSatisfy({ (1...64).contains($0) }), n[15..<18].allSatisfy({ (1...lengths).contains($0) }),
      n[23..<28].allSatisfy({ (1...4096).contains($0) }),
      n[9...11].allSatisfy({ $0 == 0 }) || n[9...11].allSatisfy({ $0 > 0 })
    else { throw damage }
    layout = LevelLayout(
      level: n[0], shape: spaceTime(1), chunk: TCZYX(zyx: space(6)), shard: n[9] > 0 ? TCZYX(zyx: space(9)) : nil,
      factor: space(12), absoluteFactor: space(15))
    grid = layout.grid
    bricks = BrickLayout(grid: grid.count, brick: spaceTime(23))
    (blocks, done, empty, failed, untouched) = (n[29], n[30], n[31], n[32], n[33])
    guard grid.count == spaceTime(18), blocks == grid.count.checkedProduct, blocks < LevelLimit.blockCount,
      n[28] == bricks.bricks.count.checkedProduct, n[28] <= BrickLayout.maximumBricks,
      spaceTime(23).product <= BrickLayout.capacity, n[30...32].allSatisfy({ (0...blocks).contains($0) }),
      (0...n[28]).contains(untouched)
    else { throw damage }
  }

  /// A brick by a number that was read from the file.
  func place(_ number: Int) throws -> BrickPlace {
    guard (0..<bricks.count).contains(number) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "level \(layout.level) has no brick \(number)")
    }
    return BrickPlace(number, in: bricks)
  }

  /// Records a new level. Refuses one whose blocks cannot be counted.
  static func insert(_ db: Database, job: JobID, layout: LevelLayout) throws {
    let lengths = [layout.shape, layout.chunk, layout.shard ?? layout.chunk].flatMap(\.array)
    guard lengths.allSatisfy({ $0 > 0 }), layout.chunk.t == 1, layout.chunk.c == 1 else {
      throw JobStoreError.invalid("level \(layout.level): shape and chunks must be positive, chunks 1 along t and c")
    }
    if let excess = LevelLimit.excess(of: layout) { throw JobStoreError.invalid(excess) }
    let grid = layout.grid
    let bricks = BrickLayout(grid: grid.count)
    let (shape, chunk, brick) = (layout.shape, layout.chunk, bricks.bricks.block)
    let (factor, absolute) = (layout.factor, layout.absoluteFactor)
    var values: Database.Values = [job, layout.level]
    values += shape.array.map { $0 }
    values += [chunk.z, chunk.y, chunk.x, layout.shard?.z, layout.shard?.y, layout.shard?.x]
    values += [factor[0], factor[1], factor[2], absolute[0], absolute[1], absolute[2]]
    values += grid.count.array.map { $0 }
    values += brick.array.map { $0 }
    values += [bricks.count, grid.total, 0, 0, 0, 0]
    let marks = Array(repeating: "?", count: values.count).joined(separator: ", ")
    try db.run("INSERT INTO level (job, \(columns)) VALUES (\(marks))", values)
  }

  /// Adds to the counts of a level.
  static func add(_ db: Database, job: JobID, level: Int, done: Int = 0, empty: Int = 0, failed: Int = 0) throws {
    if done == 0 && empty == 0 && failed == 0 { return }
    try db.run(
      "UPDATE level SET done = done + ?, empty = empty + ?, failed = failed + ? WHERE job = ? AND level = ?",
      [done, empty, failed, job, level])
  }

  /// The first brick without a row, from `first` on; `bricks.count` where there is none.
  func firstUntouched(_ db: Database, job: JobID, from first: Int) throws -> Int {
    var expected = first
    let statement = try db.cachedStatement(
      sql: "SELECT brick FROM brick WHERE job = ? AND level = ? AND brick >= ? ORDER BY brick")
    let cursor = try Int.fetchCursor(statement, arguments: [job, layout.level, first])
    while let brick = try cursor.next(), brick == expected { expected += 1 }
    return min(expected, bricks.count)
  }

  static func setUntouched(_ db: Database, job: JobID, level: Int, _ brick: Int) throws {
    try db.run("UPDATE level SET untouched = ? WHERE job = ? AND level = ?", [brick, job, level])
  }
}
