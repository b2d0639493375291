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
  /// Running blocks, which claims say, count as pending.
  var counts: BlockCounts { BlockCounts(total: blocks, done: done, empty: empty, failed: failed) }

  static func all(_ db: Database, job: JobID) throws -> [LevelRow] {
    let rows = try db.rows("SELECT * FROM level WHERE job = ? ORDER BY level", [job]).map(LevelRow.init)
    // whoever takes a level by its number must find it
    guard !rows.isEmpty, rows.enumerated().allSatisfy({ $0.element.layout.level == $0.offset }) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a level of job \(job) is not there")
    }
    return rows
  }

  static func one(_ db: Database, job: JobID, level: Int) throws -> LevelRow {
    guard let row = try db.row("SELECT * FROM level WHERE job = ? AND level = ?", [job, level]) else {
      throw JobStoreError.invalid("job \(job) has no level \(level)")
    }
    return try LevelRow(row)
  }

  private init(_ row: StoredRow) throws {
    let level = try row.integer("level")
    // A damaged file may hold what the table's checks forbid; nothing here may trap.
    let damage = DatabaseError(resultCode: .SQLITE_CORRUPT, message: "level \(level) does not agree with its grid")
    func check(_ numbers: [Int], in range: ClosedRange<Int>) throws {
      guard numbers.allSatisfy(range.contains) else { throw damage }
    }
    let (shape, chunk) = (try row.spaceTime("shape"), try row.index("chunk"))
    let shard = try ["shard_z", "shard_y", "shard_x"].map { try row.optionalInteger($0) ?? 0 }
    let (factor, absolute) = (try row.index("factor"), try row.index("absolute"))
    let (gridCount, brick) = (try row.spaceTime("grid"), try row.spaceTime("brick"))
    try check(shape.array + TCZYX(zyx: chunk).array, in: 1...LevelLimit.length)
    try check(shard, in: 0...LevelLimit.length)
    guard shard.allSatisfy({ $0 == 0 }) || shard.allSatisfy({ $0 > 0 }) else { throw damage }
    try check([factor[0], factor[1], factor[2]], in: 1...64)
    try check([absolute[0], absolute[1], absolute[2]], in: 1...LevelLimit.length)
    try check(brick.array, in: 1...BrickLayout.capacity)
    layout = LevelLayout(
      level: level, shape: shape, chunk: TCZYX(zyx: chunk),
      shard: shard[0] > 0 ? TCZYX(z: shard[0], y: shard[1], x: shard[2]) : nil, factor: factor, absoluteFactor: absolute)
    grid = layout.grid
    bricks = BrickLayout(grid: grid.count, brick: brick)
    (blocks, done, empty) = (try row.integer("blocks"), try row.integer("done"), try row.integer("empty"))
    (failed, untouched) = (try row.integer("failed"), try row.integer("untouched"))
    guard grid.count == gridCount, blocks == grid.count.checkedProduct, blocks < LevelLimit.blockCount,
      try row.integer("bricks") == bricks.bricks.count.checkedProduct, bricks.count <= BrickLayout.maximumBricks,
      brick.product <= BrickLayout.capacity
    else { throw damage }
    try check([done, empty, failed], in: 0...blocks)
    try check([untouched], in: 0...bricks.count)
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
    let (shape, chunk, shard, brick) = (layout.shape, layout.chunk, layout.shard, bricks.bricks.block)
    let (factor, absolute) = (layout.factor, layout.absoluteFactor)
    try db.insert(
      into: "level",
      [
        "job": job, "level": layout.level,
        "shape_t": shape.t, "shape_c": shape.c, "shape_z": shape.z, "shape_y": shape.y, "shape_x": shape.x,
        "chunk_z": chunk.z, "chunk_y": chunk.y, "chunk_x": chunk.x,
        "shard_z": shard?.z, "shard_y": shard?.y, "shard_x": shard?.x,
        "factor_z": factor[0], "factor_y": factor[1], "factor_x": factor[2],
        "absolute_z": absolute[0], "absolute_y": absolute[1], "absolute_x": absolute[2],
        "grid_t": grid.count.t, "grid_c": grid.count.c,
        "grid_z": grid.count.z, "grid_y": grid.count.y, "grid_x": grid.count.x,
        "brick_t": brick.t, "brick_c": brick.c, "brick_z": brick.z, "brick_y": brick.y, "brick_x": brick.x,
        "bricks": bricks.count, "blocks": grid.total, "done": 0, "empty": 0, "failed": 0, "untouched": 0,
      ])
  }

  /// Adds to the counts of a level.
  static func add(_ db: Database, job: JobID, level: Int, done: Int = 0, empty: Int = 0, failed: Int = 0) throws {
    if done == 0 && empty == 0 && failed == 0 { return }
    try db.run(
      "UPDATE level SET done = done + ?, empty = empty + ?, failed = failed + ? WHERE job = ? AND level = ?",
      [done, empty, failed, job, level])
  }

  /// The first brick without a row, from `first` on; `bricks.count` if there is none.
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
