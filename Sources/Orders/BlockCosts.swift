import Fusion
import Geometry
import JobStore
import Planning
import Views

/// What the blocks of a job are expected to cost, so that tasks get equal shares: a block that no view touches little,
/// another by its voxels and by those of the views that meet it (`MeasuredCosts`). Nanoseconds of one core of one machine;
/// only the proportions matter.
package struct BlockCosts {
  /// So that sums of the largest jobs fit.
  private static let unit = 16_384.0

  /// Bricks of a level up to which each block has a number of its own.
  private static let fineBrickLimit = 256
  private static let coarseCells = 64

  private let plan: JobPlan
  /// At one time point, or at each.
  private let boxes: [[ViewBox]]
  private let placements: [PlacedViews]
  private let order = MortonOrder()
  private let perViewVoxel: Double

  private struct Shared {
    var viewCount = 0
    var voxels = 0.0
  }

  private struct ViewBox {
    let lower: Vector3
    let upper: Vector3
    /// The share of the box that the view fills: less than 1 for one that is turned.
    let fill: Double
  }

  init(plan: JobPlan, views: [View], transforms: [[AffineMap]]) throws {
    self.plan = plan
    perViewVoxel = MeasuredCosts.perViewVoxel(order: plan.fusion.interpolationOrder)
    placements = try PlacedViews.all(views, transforms, in: plan)
    let times = transforms.map(\.count).max() ?? 1
    boxes = (0..<times).map { t in
      zip(views, transforms).map { view, maps in
        let stack = view.level.stack
        let affine = maps.count > 1 ? maps[t] : maps[0]
        let (low, high) = StackProperties.bounds(of: stack, affine: affine)
        let lower = (low - plan.stack.origin) / plan.stack.spacing
        let upper = (high - plan.stack.origin) / plan.stack.spacing + 1
        let size = upper - lower
        let voxel = stack.spacing / plan.stack.spacing
        let own = Vector3(stack.shape) * voxel
        let volume = abs(affine.determinant) * own[0] * own[1] * own[2]
        let fill = volume / max(1e-9, size[0] * size[1] * size[2])
        return ViewBox(lower: lower, upper: upper, fill: fill.isFinite ? min(1, max(0, fill)) : 1)
      }
    }
  }

  /// What costs come to on one core of the machine on which they were measured.
  package static func coreSeconds(_ costs: [(brick: Int, costs: [UInt32])]) -> Double {
    costs.reduce(0.0) { $1.costs.reduce($0) { $0 + Double($1) } } * unit / 1e9
  }

  /// The bricks of a level that cost anything. Blocks that are settled or failed in the record cost nothing.
  func level(_ layout: LevelLayout, of job: JobID, in store: JobStore) throws -> [(brick: Int, costs: [UInt32])] {
    let bricks = BrickLayout(grid: layout.grid.count)
    var known: [Int: BrickBits] = [:]
    var finished: Set<Int> = []
    try store.eachBrick(of: job, level: layout.level) { brick, bits in
      if bits.done.population + bits.empty.population + bits.failed.population == bits.done.count {
        finished.insert(brick)
      } else {
        known[brick] = bits
      }
    }
    var all: [(brick: Int, costs: [UInt32])] = []
    for brick in 0..<bricks.count where !finished.contains(brick) {
      guard let costs = self.costs(of: brick, bricks, layout, known[brick]) else { continue }
      let blocks = costs.count
      let cells = bricks.count <= Self.fineBrickLimit ? blocks : min(blocks, Self.coarseCells)
      let size = ShareMap.cellSize(blocks: blocks, cells: cells)
      all.append(
        (
          brick,
          (0..<ceilDivide(blocks, size)).map { cell in
            let sum = costs[cell * size..<min(blocks, (cell + 1) * size)].reduce(0, +)
            return UInt32(min(4e9, (sum / Self.unit).rounded(.up)))
          }
        ))
    }
    return all
  }

  /// By rank in the brick's order; nil where all cost nothing.
  private func costs(of number: Int, _ bricks: BrickLayout, _ layout: LevelLayout, _ known: BrickBits?) -> [Double]? {
    let place = BrickPlace(number, in: bricks)
    let region = bricks.region(number)
    let scale = Vector3(layout.absoluteFactor)
    let block = Vector3(layout.grid.block.zyx)
    var byIndex = [Double](repeating: 0, count: place.count)
    var isTouched = false
    let volume = place.extent.z * place.extent.y * place.extent.x
    let voxels = layout.grid.voxels(of: region.blocks)
    let base = Box3(lower: voxels.lower &* layout.absoluteFactor, upper: voxels.upper &* layout.absoluteFactor)
    for t in region.t {
      let moment = boxes.count > 1 ? t : 0
      for c in region.c {
        var own = [Double](repeating: 0, count: volume)
        // of the views, where several meet a block
        var shared = [Shared](repeating: Shared(), count: plan.fusion.weights == nil || layout.level > 0 ? 0 : volume)
        for view in placements[moment].views(
          touching: base, t: t, c: c, interpolationOrder: plan.fusion.interpolationOrder)
        {
          isTouched = true
          add(boxes[moment][view.id], scale: scale, block: block, region: region, layout: layout, to: &own, &shared)
        }
        for (i, meeting) in shared.enumerated() where meeting.viewCount > 1 {
          own[i] += (MeasuredCosts.perContentVoxel - perViewVoxel) * meeting.voxels
        }
        let first = ((t - region.t.lowerBound) * place.extent.c + c - region.c.lowerBound) * volume
        for (i, cost) in own.enumerated() { byIndex[first + i] = cost }
      }
    }
    guard isTouched else { return nil }
    return order.indices(place.extent).map { index in
      if let known, known.done[index] || known.empty[index] || known.failed[index] { return 0 }
      return max(byIndex[index], MeasuredCosts.perEmptyBlock)
    }
  }

  private func add(
    _ view: ViewBox, scale: Vector3, block: Vector3, region: BrickRegion, layout: LevelLayout, to own: inout [Double],
    _ shared: inout [Shared]
  ) {
    var (lower, upper) = (view.lower / scale, view.upper / scale)
    if layout.level > 0 {
      // whole blocks of the level below are read
      let below = block / Vector3(layout.factor)
      lower = (lower / below).rounded(.down) * below
      upper = (upper / below).rounded(.up) * below
    }
    let first = Vector3(region.blocks.lower)
    let last = Vector3(region.blocks.upper &- 1)
    let from = pointwiseMax((lower / block).rounded(.down), first)
    let to = pointwiseMin(((upper / block).rounded(.up) - 1), last)
    guard all(from .<= to) else { return }
    let extent = region.blocks.shape
    func overlaps(_ axis: Int) -> [Double] {
      (Int(from[axis])...Int(to[axis])).map { i in
        let low = Double(i) * block[axis]
        return max(0, min(low + block[axis], upper[axis]) - max(low, lower[axis]))
      }
    }
    let (z, y, x) = (overlaps(0), overlaps(1), overlaps(2))
    let shape = layout.shape.zyx
    for (k, dz) in z.enumerated() {
      for (j, dy) in y.enumerated() {
        for (i, dx) in x.enumerated() {
          let p = Index3(Int(from[0]) + k, Int(from[1]) + j, Int(from[2]) + i)
          let at = p &- region.blocks.lower
          let index = (at[0] * extent[1] + at[1]) * extent[2] + at[2]
          let size = pointwiseMin((p &+ 1) &* layout.grid.block.zyx, shape) &- p &* layout.grid.block.zyx
          let count = Double(size[0] * size[1] * size[2])
          guard layout.level == 0 else {
            // of views that overlap, a voxel is averaged once all the same
            let most = MeasuredCosts.perMeanBlock + count * MeasuredCosts.perMeanVoxel
            own[index] = min(most, max(own[index], MeasuredCosts.perMeanBlock) + dz * dy * dx * MeasuredCosts.perMeanVoxel)
            continue
          }
          if own[index] == 0 { own[index] = MeasuredCosts.perBlock + count * MeasuredCosts.perVoxel }
          let voxels = view.fill * dz * dy * dx
          own[index] += perViewVoxel * voxels
          if !shared.isEmpty {
            shared[index].viewCount += 1
            shared[index].voxels += voxels
          }
        }
      }
    }
  }
}
