import GRDB
import Geometry

/// Which blocks of a job to list; nil means all.
public struct BlockFilter: Hashable, Sendable {
  public var level: Int?
  public var state: BlockState?
  public var t: Range<Int>?
  public var c: Range<Int>?
  /// In grid positions; clipped to the grid.
  public var region: Box3?

  public init(
    level: Int? = nil, state: BlockState? = nil, t: Range<Int>? = nil, c: Range<Int>? = nil, region: Box3? = nil
  ) {
    (self.level, self.state, self.t, self.c, self.region) = (level, state, t, c, region)
  }

  /// One block.
  public init(_ block: BlockID) {
    let p = block.position
    self.init(
      level: block.level, t: p.t..<p.t + 1, c: p.c..<p.c + 1, region: Box3(lower: p.zyx, upper: p.zyx &+ 1))
  }
}

extension JobStore {
  /// The blocks of a job, by level and then in C order of their positions, read while they are asked for.
  ///
  /// Each row of bricks is read when the listing comes to it: of a job that runs, every block is as it was then.
  public func blocks(of job: JobID, _ filter: BlockFilter = BlockFilter()) throws(JobStoreError) -> BlockCursor {
    let levels = try read { db in
      _ = try self.storedState(db, job)
      return try LevelRow.all(db, job: job)
    }
    if let level = filter.level, !levels.indices.contains(level) {
      throw .invalid("job \(job) has no level \(level)")
    }
    return BlockCursor(self, job, filter, levels.filter { filter.level == nil || filter.level == $0.layout.level })
  }
}

/// Streams the blocks of a job; holds one row of bricks along x at a time.
public struct BlockCursor: Sendable {
  private let store: JobStore
  private let job: JobID
  private let state: BlockState?
  private var walks: [LevelWalk]
  private var loaded: BrickRange?
  /// Rows of bricks in which no block has the wanted state, by the number of their first brick.
  private var barren: Set<Int> = []
  /// The bricks that may hold a block of the wanted state, if there is a list of those: of failures, of claims.
  private var candidates: (level: Int, bricks: Set<Int>)?

  fileprivate init(_ store: JobStore, _ job: JobID, _ filter: BlockFilter, _ levels: [LevelRow]) {
    (self.store, self.job, state) = (store, job, filter.state)
    walks = levels.reversed().compactMap { LevelWalk($0, filter) }
  }

  /// The next block, or nil at the end.
  public mutating func next() throws(JobStoreError) -> BlockEntry? {
    while var walk = walks.popLast() {
      while let position = walk.position {
        let first = walk.firstBrick(of: position)
        try findCandidates(walk.level)
        if let candidates, !barren.contains(first), candidates.bricks.isDisjoint(with: walk.bricksInRow(first)) {
          barren.insert(first)
        }
        if barren.contains(first) {
          walk.skipRow()
          continue
        }
        let range: BrickRange
        if let known = loaded, known.first == first, known.level == walk.level.layout.level {
          range = known
        } else {
          range = try load(first, walk)
          loaded = range
          if !range.isWanted.contains(true) {
            barren.insert(first)
            continue
          }
        }
        let brick = walk.brickInRow(position.x)
        if !range.isWanted[brick] {
          walk.skipBrick()
          continue
        }
        let found = range.bricks[brick].state(of: position)
        walk.advance()
        if let state, state != found { continue }
        let block = BlockID(level: walk.level.layout.level, position: position)
        let failure = range.failures[position]
        walks.append(walk)
        let checksum = found == .done ? range.checksum(brick, position) : nil
        return BlockEntry(block: block, state: found, checksum: checksum, failure: failure)
      }
      barren = []
      loaded = nil
    }
    return nil
  }

  /// Failed and running blocks are few and have rows of their own: whatever else there is need not be read.
  private mutating func findCandidates(_ level: LevelRow) throws(JobStoreError) {
    guard let state, state == .failed || state == .running, candidates?.level != level.layout.level else { return }
    let sql =
      state == .failed
      ? "SELECT DISTINCT brick FROM failure INDEXED BY failure_open WHERE job = ? AND level = ? AND failed = 1"
      : "SELECT DISTINCT brick FROM claim WHERE job = ? AND level = ?"
    let bricks = try store.read { db in
      Set(try db.rows(sql, [job, level.layout.level]).map { try $0.integer("brick") })
    }
    candidates = (level.layout.level, bricks)
  }

  private func load(_ first: Int, _ walk: LevelWalk) throws(JobStoreError) -> BrickRange {
    let (level, layout) = (walk.level.layout.level, walk.level.bricks)
    return try store.read { db in
      let live = try store.liveRuns(db, job)
      var bricks = walk.bricksInRow(first).map {
        BrickContents(place: BrickPlace($0, in: layout), blocks: .untouched)
      }
      let bounds: Database.Values = [job, level, first, first + bricks.count - 1]
      let rows = try db.rows(
        "SELECT \(BrickRow.columns) FROM brick WHERE job = ? AND level = ? AND brick BETWEEN ? AND ?",
        bounds)
      for row in rows {
        let i = try row.integer("brick") - first
        // between the bounds, by the query; a damaged index may lie
        guard bricks.indices.contains(i) else { throw BrickRow.damage(bricks[0].place) }
        bricks[i] = try BrickContents(db, job: job, level: level, bricks[i].place, row, runs: live)
      }
      var failures: [TCZYX: BlockFailure] = [:]
      try db.each(
        "SELECT \(FailureRow.columns) FROM failure WHERE job = ? AND level = ? AND brick BETWEEN ? AND ?", bounds
      ) { row in
        let failure = try BlockFailure(row, in: walk.level.place(try row.integer("brick")))
        failures[failure.block.position] = failure
      }
      var sums: [Int: BrickChecksums] = [:]
      if state == nil || state == .done {
        try db.each(
          "SELECT brick, sums FROM checksum WHERE job = ? AND level = ? AND brick BETWEEN ? AND ?", bounds
        ) { row in
          let i = try row.integer("brick") - first
          guard bricks.indices.contains(i) else { throw BrickRow.damage(bricks[0].place) }
          sums[i] = try BrickChecksums(bricks[i].place, sums: row.blob("sums"))
        }
      }
      let isWanted = bricks.map { brick in state.map(brick.contains) ?? true }
      return BrickRange(level: level, first: first, bricks: bricks, isWanted: isWanted, failures: failures, sums: sums)
    }
  }
}

/// The bricks of one row along x.
private struct BrickRange: Sendable {
  let level: Int
  let first: Int
  let bricks: [BrickContents]
  /// Whether a brick has any block of the wanted state.
  let isWanted: [Bool]
  let failures: [TCZYX: BlockFailure]
  /// Checksums by the place of the brick in the row.
  let sums: [Int: BrickChecksums]

  func checksum(_ brick: Int, _ position: TCZYX) -> UInt32? {
    guard let sums = sums[brick], let index = sums.place.index(of: position) else { return nil }
    return sums[index]
  }
}

/// A walk over the wanted blocks of a level in C order.
private struct LevelWalk: Sendable {
  let level: LevelRow
  let lower: TCZYX
  let upper: TCZYX
  private(set) var position: TCZYX?

  /// Nil if the filter leaves nothing of the level.
  init?(_ level: LevelRow, _ filter: BlockFilter) {
    let grid = level.grid.count
    let t = (filter.t ?? 0..<grid.t).clamped(to: 0..<grid.t)
    let c = (filter.c ?? 0..<grid.c).clamped(to: 0..<grid.c)
    let box = (filter.region ?? Box3(shape: grid.zyx)).intersection(Box3(shape: grid.zyx))
    if t.isEmpty || c.isEmpty || box.isEmpty { return nil }
    self.level = level
    lower = TCZYX(t: t.lowerBound, c: c.lowerBound, zyx: box.lower)
    upper = TCZYX(t: t.upperBound, c: c.upperBound, zyx: box.upper)
    position = lower
  }

  private var size: TCZYX { level.bricks.bricks.block }

  /// The first brick of the wanted part of the row of bricks that a position is in.
  func firstBrick(of p: TCZYX) -> Int {
    var start = p
    start.x = lower.x
    return level.bricks.number(of: start)
  }

  /// The bricks of the wanted part of a row.
  func bricksInRow(_ first: Int) -> Range<Int> {
    first..<first + (upper.x - 1) / size.x - lower.x / size.x + 1
  }

  func brickInRow(_ x: Int) -> Int { x / size.x - lower.x / size.x }

  mutating func advance() {
    guard var p = position else { return }
    for axis in Axis.allCases.reversed() {
      p[axis] += 1
      if p[axis] < upper[axis] {
        position = p
        return
      }
      p[axis] = lower[axis]
    }
    position = nil
  }

  /// On to the first block after those of this line that lie in the same brick.
  mutating func skipBrick() {
    guard var p = position else { return }
    p.x = min((p.x / size.x + 1) * size.x, upper.x) - 1
    position = p
    advance()
  }

  /// On to the first block after those of this plane that lie in the same row of bricks.
  mutating func skipRow() {
    guard var p = position else { return }
    p.x = upper.x - 1
    p.y = min((p.y / size.y + 1) * size.y, upper.y) - 1
    position = p
    advance()
  }
}
