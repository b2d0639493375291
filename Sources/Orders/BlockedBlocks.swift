import Geometry
import JobStore

/// The blocks of a job that nothing but a retry can help, by its record: those that failed, and those that rest on them,
/// directly or further below, and are not settled.
struct BlockedBlocks {
  /// By level, then by brick.
  private var bricks: [[Int: Bitmap]]

  init(levels: [LevelLayout], job: JobID, record: JobStore) throws {
    bricks = levels.map { _ in [:] }
    guard try record.levels(of: job).contains(where: { $0.counts.failed > 0 }) else { return }
    for (i, layout) in levels.enumerated() {
      var blocked = i == 0 ? [:] : Self.blocks(on: bricks[i - 1], levels[i - 1], layout)
      try record.eachBrick(of: job, level: layout.level) { brick, bits in
        if bits.failed.population > 0 { blocked[brick, default: Bitmap(count: bits.failed.count)].formUnion(bits.failed) }
        blocked[brick]?.subtract(bits.done)
        blocked[brick]?.subtract(bits.empty)
      }
      bricks[i] = blocked
    }
  }

  func bricks(level: Int) -> [Int: Bitmap] { bricks[level] }

  /// The blocks of a level that rest on some of the level below.
  private static func blocks(on blocked: [Int: Bitmap], _ below: LevelLayout, _ layout: LevelLayout) -> [Int: Bitmap] {
    let (belowBricks, bricks) = (BrickLayout(grid: below.grid.count), BrickLayout(grid: layout.grid.count))
    var found: [Int: Bitmap] = [:]
    for (number, bits) in blocked {
      let place = BrickPlace(number, in: belowBricks)
      for index in 0..<place.count where bits[index] {
        let source = place.position(at: index)
        for position in layout.blocks(madeFrom: source, in: below).positions {
          let block = TCZYX(t: source.t, c: source.c, zyx: position)
          let brick = BrickPlace(bricks.number(of: block), in: bricks)
          guard let index = brick.index(of: block) else { continue }
          found[brick.number, default: Bitmap(count: brick.count)][index] = true
        }
      }
    }
    return found
  }
}
