import Foundation
import Fusion
import Geometry
import Testing

@Suite struct BlendingRampTests {
  @Test func theWeightIsTheCosineRamp() {
    var worst = 0.0
    for i in 0...100_000 {
      let d = Float(i) / 100_000
      let exact = (cos((1 - Double(d)) * .pi) + 1) / 2
      worst = max(worst, (Double(BlendingRamp.weight(d)) - exact).magnitude)
    }
    #expect(worst < 1e-6)
    #expect(BlendingRamp.weight(1) == 1)
    #expect(BlendingRamp.weight(1.7) == 1)
    #expect(BlendingRamp.weight(0) > 0)
    #expect(BlendingRamp.weight(0) < 1e-20)
  }

  @Test func foldedDistancesAreThoseOfTheGrid() {
    var g = SeededGenerator(seed: 6)
    // of one that is not tilted and has one plane, z would have no part in the weight
    let tilted = PixelMap(rows: [Vector3(1, 0.1, 0), Vector3(0, 1, 0), Vector3(0, 0, 1)], offset: .zero)
    for _ in 0..<300 {
      var shape = Index3(repeating: 1)
      for i in 0..<3 { shape[i] = [1, 2, 5, 17, 300].randomElement(using: &g) ?? 1 }
      let spacing = Vector3(5, 1, 0.5)
      let widths = Vector3(3, 10, 7)
      let blendsZ = Bool.random(using: &g)
      let ramp = BlendingRamp(shape: shape, spacing: spacing, widths: widths, blendsZ: blendsZ)
      let view = PlacedView(
        id: 0, map: tilted, shape: shape, spacing: spacing,
        affine: .identity, elementType: .uint8)
      var p = Vector3.zero
      for i in 0..<3 { p[i] = Double.random(in: 0...max(Double(shape[i] - 1), 1e-9), using: &g) }
      let d = ramp.distance(
        z: ramp.folded(p[0], axis: 0), y: ramp.folded(p[1], axis: 1), x: ramp.folded(p[2], axis: 2))
      let twin = TwinFuser(widths: widths, blendsZ: blendsZ)
      let exact = twin.weight(TwinView(placed: view, voxels: [], bytes: []), p)
      #expect((Double(BlendingRamp.weight(d)) - exact).magnitude < 3e-6, "\(shape) \(p)")
    }
  }

  @Test func aWidthOfZeroIsNoRamp() {
    let ramp = BlendingRamp(
      shape: Index3(9, 9, 9), spacing: Vector3(1, 1, 1), widths: .zero, blendsZ: true)
    #expect(
      BlendingRamp.weight(
        ramp.distance(
          z: ramp.folded(0, axis: 0), y: ramp.folded(8, axis: 1), x: ramp.folded(0, axis: 2))) == 1)
  }

  /// An axis of width 0 has no part in the weight: it is what it would be in the middle of an endless view.
  @Test(arguments: [MapKind.shift, .scale, .rotationZ, .general]) func anAxisOfWidthZeroHasNoPart(_ kind: MapKind) throws {
    let volume = Index3(5, 12, 40)
    for widths in [Vector3(3, 4, 0), Vector3(3, 0, 4), Vector3(0, 4, 5), Vector3(0, 0, 5), Vector3(0, 0, 0)] {
      for blendsZ in [true, false] {
        var g = SeededGenerator(seed: 91)
        let views = (0..<3).map { id in
          let shape = Index3(5, 10, 30)
          return randomView(
            id: id, type: .uint16, shape: shape, map: randomMap(kind, view: shape, volume: volume, using: &g), using: &g)
        }
        let recipe = try FusionRecipe(
          blendingWidths: widths, outputType: .uint16, context: context(volume, blendsZ: blendsZ))
        let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
        let twin = TwinFuser(widths: widths, blendsZ: blendsZ)
        #expect(departures(bytes, .uint16, views, twin, volume: volume, size: 65536) == [], "\(widths) \(blendsZ)")
      }
    }
  }
}
