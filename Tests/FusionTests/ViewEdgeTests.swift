import Fusion
import Geometry
import Testing

/// Samples that rounding alone keeps off a view's first or last voxel are on it: by every way to sample.
@Suite struct ViewEdgeTests {
  private let volume = Index3(4, 9, 30)

  /// A map of a kind whose samples end within a millionth of a voxel of the view's ends, outside or inside.
  private func map(_ kind: MapKind, _ shape: Index3, using g: inout SeededGenerator) -> PixelMap {
    let random = randomMap(kind, view: shape, volume: volume, using: &g)
    var rows = random.rows
    var offset = random.offset
    for axis in 0..<3 {
      let last = Double(shape[axis] - 1)
      let end: Double = Bool.random(using: &g) ? last : 0
      let amount: Double = [0, 4e-7, -4e-7, 9e-7, -9e-7, 1.2e-6, -1.2e-6].randomElement(using: &g) ?? 0
      switch kind {
      case .scale, .mirror, .wholeShift, .shift:
        // voxel k of the output lies at the end
        let k = Double(Int.random(in: 0..<volume[axis], using: &g))
        if kind == .scale { rows[axis][axis] = [2.0 / 3, 1.0 / 7, 5.0 / 3].randomElement(using: &g) ?? 1 }
        offset[axis] = end + amount - rows[axis][axis] * k
      default:
        let at = Vector3(
          Double(Int.random(in: 0..<volume[0], using: &g)), Double(Int.random(in: 0..<volume[1], using: &g)),
          Double(Int.random(in: 0..<volume[2], using: &g)))
        let p = PixelMap(rows: rows, offset: .zero)(at)
        offset[axis] = end + amount - p[axis]
        // along an axis that hardly changes in a row, whole rows lie at the end
        if Bool.random(using: &g) { rows[axis] = Vector3(repeating: 0); rows[axis][axis] = 1; offset[axis] = amount - 1 }
      }
    }
    return PixelMap(rows: rows, offset: offset)
  }

  @Test(arguments: MapKind.allCases) func endsBelongToTheView(_ kind: MapKind) throws {
    for seed in 0..<12 as Range<UInt64> {
      var g = SeededGenerator(seed: seed &* 31 &+ 5)
      // whether a NaN is asked for a billionth part is for rounding to decide: those are compared with themselves only
      for (type, order, nanShare) in [
        (ElementType.uint16, 1, 0), (.float32, 1, 0), (.uint8, 0, 0), (.int64, 1, 0), (.float32, 1, 0.05),
      ] as [(ElementType, Int, Double)] {
        let views = (0..<3).map { id in
          let shape = Index3(3, 6, [9, 20].randomElement(using: &g) ?? 9)
          return randomView(
            id: id, type: type, shape: shape, map: map(kind, shape, using: &g), nanShare: nanShare, using: &g)
        }
        let recipe = try FusionRecipe(
          blendingWidths: Vector3(3, 2, 4), interpolationOrder: order, outputType: type, context: context(volume))
        let whole = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
        let twin = TwinFuser(widths: Vector3(3, 2, 4), order: order)
        let size: Double = type == .uint16 ? 65536 : type == .uint8 ? 256 : type == .int64 ? 0x1p64 : 1000
        if nanShare == 0 { #expect(departures(whole, type, views, twin, volume: volume, size: size) == [], "\(seed) \(type)") }
        for block in [Index3(1, 2, 7), Index3(4, 9, 1)] {
          #expect(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: block) == whole, "\(seed) \(type) \(block)")
        }
        #expect(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(2, 5, 11), lends: true) == whole)
      }
    }
  }

  /// Ratios that no decimal number is, over long views: the last voxel is there, and is copied.
  @Test(arguments: [(2, 3, 10), (1, 7, 10), (1, 3, 40_000), (5, 7, 100_001)])
  func lastVoxelsAtOddRatios(ratio: (a: Int, b: Int, cells: Int)) throws {
    let (count, width) = (ratio.a * ratio.cells + 1, ratio.b * ratio.cells + 1)
    let spacing = Vector3(1, 1, Double(ratio.a) / Double(ratio.b))
    let map = try PixelMap(
      affine: .identity, viewSpacing: Vector3(1, 1, 1), viewOrigin: .zero, outputSpacing: spacing, outputOrigin: .zero)
    let shape = Index3(1, 1, count)
    let view = twinView(
      id: 0, (0..<count).map { UInt16(truncatingIfNeeded: 7 + $0) }, shape: shape, type: .uint16, map: map,
      number: { Double($0) })
    let volume = Index3(1, 1, width)
    let recipe = try FusionRecipe(outputType: .uint16, context: context(volume))
    let fused = numbers(try fuseInBlocks(BlockFuser(recipe: recipe), [view], block: volume), .uint16)
    #expect(fused.first == 7 && fused.last == view.voxels.last, "\(fused.last ?? 0)")
  }
}
