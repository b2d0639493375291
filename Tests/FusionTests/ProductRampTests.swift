import Foundation
import Fusion
import Geometry
import Testing

/// `blending: product`.
@Suite struct ProductRampTests {
  private let volume = Index3(5, 9, 30)
  private let blendings = [
    ProductBlending(), ProductBlending(border: Vector3(0.7, 0.5, 0.6)),
    ProductBlending(worldWidths: [true, true, true]), ProductBlending(border: Vector3(0, 1, 0), worldWidths: [false, true, false]),
  ]

  /// Places with 2 voxels a unit along z, and in a world that is larger along y and turned.
  private let affine = AffineMap(rows: [Vector3(0.5, 0, 0), Vector3(0, 1.2, -1), Vector3(0, 1.6, 1)], translation: .zero)

  @Test func aFactorIsTheCosineRampBeyondTheBorder() {
    let ramp = ProductRamp(
      shape: Index3(9, 30, 100), spacing: Vector3(2, 1, 0.5), affine: affine, widths: Vector3(6, 8, 10),
      blending: ProductBlending(border: Vector3(1, 0, 5), worldWidths: [false, true, false]), blendsZ: true)
    // last voxel, voxels of border and of ramp: a voxel is 2 long along z, and 2 in the world along y
    for (axis, last, border, range) in [(0, 8.0, 0.5, 3.0), (1, 29, 0, 4), (2, 99, 10, 20)] {
      for i in 0...1000 {
        let p = last * Double(i) / 1000
        let d = (min(p, last - p) - border) / range
        let exact = d <= 0 ? 0 : (cos((1 - min(d, 1)) * .pi) + 1) / 2
        let factor = ramp.factor(p, axis: axis)
        #expect((Double(factor) - exact).magnitude < 1e-6, "\(axis) \(p): \(factor), not \(exact)")
        if d > 1.000001 { #expect(factor == 1) }
      }
    }
    let p = Vector3(1.1, 2, 25)
    #expect(ramp.weight(at: p) == ramp.factor(1.1, axis: 0) * ramp.factor(2, axis: 1) * ramp.factor(25, axis: 2))
    #expect(ramp.weight(at: p) < 0.99 && ramp.weight(at: p) > 0.01)
  }

  private func views(_ kind: MapKind, _ type: ElementType, nanShare: Double, seed: UInt64) -> [TwinView] {
    var g = SeededGenerator(seed: seed)
    return (0..<4).map { id in
      let shape = Index3(
        [1, 4, 5].randomElement(using: &g) ?? 1, [6, 10].randomElement(using: &g) ?? 6, [1, 12, 30].randomElement(using: &g) ?? 1)
      return randomView(
        id: id, type: type, shape: shape, map: randomMap(kind, view: shape, volume: volume, using: &g),
        spacing: Vector3(2, 1, 0.5), nanShare: nanShare, using: &g)
    }
  }

  @Test(arguments: MapKind.allCases) func voxelsAreThoseOfTheTwin(_ kind: MapKind) throws {
    var (black, other) = (0, 0)
    for (seed, blending) in blendings.enumerated() {
      for (type, order, nanShare, widths, blendsZ) in [
        (ElementType.uint16, 1, 0, Vector3(3, 4, 6), true), (.uint8, 0, 0, Vector3(3, 4, 6), false),
        (.float32, 1, 0.05, Vector3(9, 20, 40), true),
        (.int32, 1, 0, Vector3(0, 4, 6), true),
      ] as [(ElementType, Int, Double, Vector3, Bool)] {
        let views = views(kind, type, nanShare: nanShare, seed: UInt64(seed)).map {
          $0.placed(widths: widths, blending: blending, blendsZ: blendsZ, affine: affine)
        }
        for function in ["weighted_average_fusion", "closest_view_wins"] {
          let recipe = try FusionRecipe(
            function: function, blendingWidths: widths, interpolationOrder: order, outputType: type,
            context: context(volume, blendsZ: blendsZ))
          let whole = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
          let twin = TwinFuser(function: function, widths: widths, order: order, blendsZ: blendsZ, product: blending)
          #expect(departures(whole, type, views, twin, volume: volume, size: numberSize(type)) == [], "\(type) \(blending)")
          for block in [Index3(2, 5, 11), Index3(5, 1, 4)] {
            #expect(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: block, lends: true) == whole)
          }
          for i in 0..<(volume[0] * volume[1] * volume[2]) {
            let index = Index3(i / (volume[1] * volume[2]), i / volume[2] % volume[1], i % volume[2])
            let isCovered = views.contains { TwinFuser(order: order).sample($0, index) != nil }
            if isCovered && twin.fuse(views, index) == nil { black += 1 } else { other += 1 }
          }
        }
      }
    }
    #expect(black > 0 && other > 0)
  }

  /// Fractions along some axes only, in blocks that begin outside the views.
  @Test func shiftsAlongSomeAxes() throws {
    for fractions in [Vector3(0.5, 0, 0), Vector3(0, 0.25, 0), Vector3(0, 0, 0.5), Vector3(0.5, 0.5, 0), .zero] {
      for type in [ElementType.uint16, .int16] {
        var g = SeededGenerator(seed: 8)
        let views = (0..<2).map { id in
          let map = PixelMap(rows: AffineMap.identity.rows, offset: fractions - Vector3(1, 2, 3 + 5 * Double(id)))
          return randomView(id: id, type: type, shape: Index3(3, 6, 15), map: map, using: &g)
            .placed(widths: Vector3(2, 2, 4), blending: ProductBlending())
        }
        let recipe = try FusionRecipe(blendingWidths: Vector3(2, 2, 4), outputType: type, context: context(volume))
        let whole = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
        let twin = TwinFuser(widths: Vector3(2, 2, 4), product: ProductBlending())
        #expect(departures(whole, type, views, twin, volume: volume, size: 65536) == [], "\(fractions) \(type)")
        #expect(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(2, 4, 7), lends: true) == whole)
      }
    }
  }

  /// Content is what it is; where a view weighs 0 it has none.
  @Test(arguments: [MapKind.shift, .general]) func contentGoesWithIt(_ kind: MapKind) throws {
    let volume = Index3(5, 9, 14)
    let (widths, blending) = (Vector3(2, 3, 3), ProductBlending(border: Vector3(0, 0.6, 0)))
    var g = SeededGenerator(seed: 3)
    let shape = Index3(4, 8, 12)
    let views = (0..<3).map {
      randomView(
        id: $0, type: .float32, shape: shape, map: randomMap(kind, view: shape, volume: volume, using: &g), nanShare: 0.05, using: &g
      ).placed(widths: widths, blending: blending)
    }
    let recipe = try FusionRecipe(
      weights: "content_based", weightsArguments: FunctionArguments(["sigma_1": .number(0.5), "sigma_2": .number(0.8)]),
      blendingWidths: widths, outputType: .float32, context: context(volume))
    let whole = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
    let fused = numbers(whole, .float32)
    let twin = TwinFuser(widths: widths, product: blending)
    let expected = TwinContentFuser(sigma1: 0.5, sigma2: 0.8, volume: volume, twin: twin).fuse(views)
    for i in 0..<fused.count { #expect((fused[i] - (expected[i] ?? 0)).magnitude < 0.05, "\(i)") }
    #expect(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: Index3(2, 4, 5)) == whole)
  }

  /// The number of views that have a value does not hang on how they weigh, as the planner has it; a whole volume is found by
  /// boxes of the output, however large the border.
  @Test func aViewWithinItsBorderHasNoVoxels() throws {
    let map = PixelMap(rows: AffineMap.identity.rows, offset: .zero)
    let shape = Index3(1, 8, 8)
    let view = twinView(id: 0, [UInt8](repeating: 9, count: 64), shape: shape, type: .uint8, map: map, number: { Double($0) })
      .placed(widths: Vector3(1, 1, 1), blending: ProductBlending(border: Vector3(0, 0, 3.5)))
    var limit = 100
    #expect(view.placed.presence(in: Box3(shape: shape), rowLimit: &limit) == .absent)
    #expect(view.placed.inputBox(for: Box3(shape: shape), order: 1).isEmpty)
    let fuser = BlockFuser(recipe: try FusionRecipe(outputType: .uint8, context: context(shape)))
    #expect(try fuseInBlocks(fuser, [view], block: shape).allSatisfy { $0 == 0 })
  }
}
