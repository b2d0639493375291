import Geometry
import JobStore

/// The blocks of a job that nothing but a retry can help, by its record: those that failed, and those that rest on them,
/// directly or further below, and are not settled.
struct HeldBlocks {
  /// By level, then by brick.
  private var bricks: [[Int: Bitmap]]

  init(levels: [LevelLayout], job: JobID, record: JobStore) throws {
    bricks = levels.map { _ in [:] }
    guard try record.levels(of: job).contains(where: { $0.counts.failed > 0 }) else { return }
    for (i, layout) in levels.enumerated() {
      var held = i == 0 ? [:] : Self.resting(on: bricks[i - 1], levels[i - 1], layout)
      try record.eachBrick(of: job, level: layout.level) { brick, bits in
        if bits.failed.population > 0 { held[brick, default: Bitmap(count: bits.failed.count)].formUnion(bits.failed) }
        held[brick]?.subtract(bits.done)
        held[brick]?.subtract(bits.empty)
      }
      bricks[i] = held
    }
  }

  func bricks(level: Int) -> [Int: Bitmap] { bricks[level] }

  private static func resting(on held: [Int: Bitmap], _ below: LevelLayout, _ layout: LevelLayout) -> [Int: Bitmap] {
    let (belowBricks, bricks) = (BrickLayout(grid: below.grid.count), BrickLayout(grid: layout.grid.count))
    var resting: [Int: Bitmap] = [:]
    for (number, bits) in held {
      let place = BrickPlace(number, in: belowBricks)
      for index in 0..<place.count where bits[index] {
        let position = place.position(at: index)
        let box = below.grid.box(of: position)
        let blocks = layout.grid.blocks(
          meeting: Box3(lower: box.lower / layout.factor, upper: (box.upper &+ layout.factor &- 1) / layout.factor))
        for z in blocks.lower[0]..<blocks.upper[0] {
          for y in blocks.lower[1]..<blocks.upper[1] {
            for x in blocks.lower[2]..<blocks.upper[2] {
              let above = TCZYX(t: position.t, c: position.c, z: z, y: y, x: x)
              let brick = BrickPlace(bricks.number(of: above), in: bricks)
              guard let index = brick.index(of: above) else { continue }
              resting[brick.number, default: Bitmap(count: brick.count)][index] = true
            }
          }
        }
      }
    }
    return resting
  }
}
