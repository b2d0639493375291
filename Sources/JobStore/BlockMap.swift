import GRDB
import Geometry

/// How the blocks of a level stand, seen along one axis of space: a grid of cells, each with the counts of the blocks
/// behind it. For looking at jobs of any size: of a level of many millions of blocks a cell covers whole bricks, which are
/// counted without a look at single blocks.
public struct BlockMap: Sendable {
  public struct Cell: Sendable, Hashable {
    public var counts = BlockCounts()
    /// A done block behind the cell, as near to the middle as there is one.
    public var sample: TCZYX?
    fileprivate var sampleDistance = Int.max
  }

  /// Seen along this axis; the rows and columns are the two others.
  public let along: Axis
  public let rowAxis: Axis
  public let columnAxis: Axis
  public let grid: BlockGrid
  /// Blocks of a cell along the rows' and the columns' axis; the last ones may be cut short.
  public let cellRows: Int
  public let cellColumns: Int
  public let rows: Int
  public let columns: Int
  /// Row by row.
  public private(set) var cells: [Cell]
  private let times: Range<Int>
  private let channels: Range<Int>
  private let middle: TCZYX

  /// Below this many blocks cells may cut bricks, whose blocks are then counted one by one.
  private static let exactBlocks = 1 << 22

  fileprivate init(_ level: LevelRow, along: Axis, maximumCells: Int, t: Int?, c: Int?) {
    let axes = Axis.space.filter { $0 != along }
    (self.along, rowAxis, columnAxis) = (along, axes[0], axes[1])
    grid = level.grid
    let brick = level.bricks.bricks.block
    func cell(_ axis: Axis) -> Int {
      let plain = ceilDivide(level.grid.count[axis], max(1, maximumCells))
      return level.blocks <= Self.exactBlocks ? plain : ceilDivide(plain, brick[axis]) * brick[axis]
    }
    cellRows = cell(rowAxis)
    cellColumns = cell(columnAxis)
    rows = ceilDivide(grid.count[rowAxis], cellRows)
    columns = ceilDivide(grid.count[columnAxis], cellColumns)
    times = t.map { $0..<$0 + 1 } ?? 0..<grid.count.t
    channels = c.map { $0..<$0 + 1 } ?? 0..<grid.count.c
    var middle = grid.count
    for axis in Axis.allCases { middle[axis] /= 2 }
    self.middle = middle
    cells = [Cell](repeating: Cell(), count: rows * columns)
    let deep = grid.count[along] * times.count * channels.count
    for row in 0..<rows {
      for column in 0..<columns {
        let high = min(cellRows, grid.count[rowAxis] - row * cellRows)
        let wide = min(cellColumns, grid.count[columnAxis] - column * cellColumns)
        cells[row * columns + column].counts.total = high * wide * deep
      }
    }
  }

  /// The blocks that a cell covers along the rows' and the columns' axis.
  public func blocks(row: Int, column: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    (
      row * cellRows..<min((row + 1) * cellRows, grid.count[rowAxis]),
      column * cellColumns..<min((column + 1) * cellColumns, grid.count[columnAxis])
    )
  }

  // MARK: Counting

  /// A brick whose blocks are all in one state.
  fileprivate mutating func add(_ place: BrickPlace, all state: BlockState) {
    let times = (place.corner.t..<place.corner.t + place.extent.t).clamped(to: times)
    let channels = (place.corner.c..<place.corner.c + place.extent.c).clamped(to: channels)
    if times.isEmpty || channels.isEmpty { return }
    let rowRange = place.corner[rowAxis]..<place.corner[rowAxis] + place.extent[rowAxis]
    let columnRange = place.corner[columnAxis]..<place.corner[columnAxis] + place.extent[columnAxis]
    let deep = place.extent[along] * times.count * channels.count
    for row in rowRange.lowerBound / cellRows...(rowRange.upperBound - 1) / cellRows {
      for column in columnRange.lowerBound / cellColumns...(columnRange.upperBound - 1) / cellColumns {
        let covered = blocks(row: row, column: column)
        let (y, x) = (covered.rows.clamped(to: rowRange), covered.columns.clamped(to: columnRange))
        let i = row * columns + column
        cells[i].count(state, y.count * x.count * deep)
        guard state == .done else { continue }
        var nearest = TCZYX(t: times.lowerBound, c: channels.lowerBound, zyx: Index3(repeating: 0))
        nearest[along] = nearestTo(middle[along], in: place.corner[along]..<place.corner[along] + place.extent[along])
        nearest[rowAxis] = nearestTo((covered.rows.lowerBound + covered.rows.upperBound) / 2, in: y)
        nearest[columnAxis] = nearestTo((covered.columns.lowerBound + covered.columns.upperBound) / 2, in: x)
        offer(nearest, to: i)
      }
    }
  }

  /// Blocks of one state in a brick, by their bits.
  fileprivate mutating func add(_ place: BrickPlace, _ bits: Bitmap, _ state: BlockState) {
    let population = bits.population
    if population == 0 { return }
    let first = cell(of: place.corner)
    var last = place.corner
    for axis in Axis.allCases { last[axis] += place.extent[axis] - 1 }
    let isWhole =
      times.contains(place.corner.t) && times.contains(last.t)
      && channels.contains(place.corner.c) && channels.contains(last.c)
    if isWhole && first == cell(of: last) {
      cells[first].count(state, population)
      let reach =
        (place.corner[along]...last[along]).contains(middle[along])
        ? 0 : min((place.corner[along] - middle[along]).magnitude, (last[along] - middle[along]).magnitude)
      // only where a block of this brick can be nearer to the middle than the one that is known
      guard state == .done, reach < cells[first].sampleDistance else { return }
      for index in 0..<place.count where bits[index] { offer(place.position(at: index), to: first) }
      return
    }
    for index in 0..<place.count where bits[index] { add(place.position(at: index), state) }
  }

  fileprivate mutating func add(_ position: TCZYX, _ state: BlockState) {
    guard grid.contains(position), times.contains(position.t), channels.contains(position.c) else { return }
    let i = cell(of: position)
    cells[i].count(state, 1)
    if state == .done { offer(position, to: i) }
  }

  private func cell(of position: TCZYX) -> Int {
    position[rowAxis] / cellRows * columns + position[columnAxis] / cellColumns
  }

  private mutating func offer(_ position: TCZYX, to cell: Int) {
    var distance = Int((position[along] - middle[along]).magnitude)
    if !cells[cell].isWithin(distance) { return }
    distance += Int((position[rowAxis] % cellRows - cellRows / 2).magnitude)
    distance += Int((position[columnAxis] % cellColumns - cellColumns / 2).magnitude)
    if cells[cell].isWithin(distance) {
      (cells[cell].sample, cells[cell].sampleDistance) = (position, distance)
    }
  }
}

extension BlockMap.Cell {
  fileprivate func isWithin(_ distance: Int) -> Bool { distance < sampleDistance }

  fileprivate mutating func count(_ state: BlockState, _ count: Int) {
    switch state {
    case .done: counts.done += count
    case .empty: counts.empty += count
    case .failed: counts.failed += count
    case .running: counts.running += count
    case .pending: break
    }
  }
}

private func nearestTo(_ wanted: Int, in range: Range<Int>) -> Int {
  min(max(wanted, range.lowerBound), range.upperBound - 1)
}

extension JobStore {
  /// The map of a level along an axis of space, with at most `maximumCells` cells along each side (if bricks are cut
  /// into cells; else as many bricks to a cell as that needs). `t` and `c`: only those; nil: all.
  public func blockMap(
    of job: JobID, level number: Int, along: Axis = .z, maximumCells: Int = 64, t: Int? = nil, c: Int? = nil
  ) throws(JobStoreError) -> BlockMap {
    try read { db in
      _ = try self.storedState(db, job)
      let level = try LevelRow.one(db, job: job, level: number)
      guard along.spaceLane != nil, (0..<level.grid.count.t).contains(t ?? 0), (0..<level.grid.count.c).contains(c ?? 0)
      else { throw JobStoreError.invalid("level \(number) has no such axis, time point or channel") }
      var map = BlockMap(level, along: along, maximumCells: maximumCells, t: t, c: c)
      try db.each(
        "SELECT \(BrickRow.columns) FROM brick WHERE job = ? AND level = ? ORDER BY brick", [job, number]
      ) { row in
        let place = try level.place(try row.integer("brick"))
        switch try row.text("state") {
        case "done": map.add(place, all: .done)
        case "empty": map.add(place, all: .empty)
        default:
          let bits = try BrickRow(place, row)
          map.add(place, bits.done, .done)
          map.add(place, bits.empty, .empty)
        }
      }
      try db.each(
        "SELECT t, c, z, y, x FROM failure INDEXED BY failure_open WHERE job = ? AND level = ? AND failed = 1",
        [job, number]
      ) { row in
        map.add(try row.position(), .failed)
      }
      for run in try self.liveRuns(db, job) {
        try db.each("SELECT blocks, brick FROM claim WHERE run = ? AND level = ?", [run, number]) { row in
          let place = try level.place(try row.integer("brick"))
          map.add(place, try BrickRow.bitmap(row, "blocks", place), .running)
        }
      }
      return map
    }
  }
}
