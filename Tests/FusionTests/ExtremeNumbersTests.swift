import Fusion
import Geometry
import Testing

/// Infinities, and numbers so large that their differences and sums are above the largest float.
@Suite struct ExtremeNumbersTests {
  private func row<T: BitwiseCopyable & BinaryFloatingPoint>(
    _ voxels: [T], _ type: ElementType, offset: Double, id: Int = 0
  ) -> TwinView {
    twinView(
      id: id, voxels, shape: Index3(1, 1, voxels.count), type: type,
      map: PixelMap(rows: AffineMap.identity.rows, offset: Vector3(0, 0, offset)), number: { Double($0) })
  }

  private func fused(_ views: [TwinView], _ type: ElementType, width: Int, function: String = "weighted_average_fusion")
    throws -> [Double]
  {
    let volume = Index3(1, 1, width)
    let recipe = try FusionRecipe(function: function, outputType: type, context: context(volume))
    return numbers(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume), type)
  }

  private func counts(_ views: [TwinView], _ type: ElementType, width: Int) throws -> [UInt8] {
    let volume = Index3(1, 1, width)
    let fuser = BlockFuser(recipe: try FusionRecipe(outputType: type, context: context(volume)))
    var out = [UInt8](repeating: 9, count: width)
    _ = try out.withUnsafeMutableBytes {
      try fuser.countViews(
        Box3(shape: volume), views: views.map(\.placed), reader: TwinReader(views: views), as: .uint8, into: $0)
    }
    return out
  }

  @Test func anInfinityStaysOneBesideItsNeighbours() throws {
    let values: [Double] = [1, 2, .infinity, 4, 5, 6]
    let expected: [Double] = [1.25, .infinity, .infinity, 4.25, 5.25, 0]
    let single = row(values.map { Float($0) }, .float32, offset: 0.25)
    #expect(try fused([single], .float32, width: 6) == expected)
    #expect(try counts([single], .float32, width: 6) == [1, 1, 1, 1, 1, 0])
    let double = row(values, .float64, offset: 0.25)
    #expect(try fused([double], .float64, width: 6) == expected)
    #expect(try counts([double], .float64, width: 6) == [1, 1, 1, 1, 1, 0])
    let back = row(values.map { Float($0) }, .float32, offset: -0.25)
    #expect(try fused([back], .float32, width: 7) == [0, 1.75, .infinity, .infinity, 4.75, 5.75, 0])
    let negative = row(values.map { Float(-$0) }, .float32, offset: 0.25)
    #expect(try fused([negative], .float32, width: 6) == expected.map { -$0 })
    let both: [Float] = [.infinity, .infinity, -.infinity, 3]
    #expect(try fused([row(both, .float32, offset: 0.5)], .float32, width: 3) == [.infinity, 0, -.infinity])
    #expect(try counts([row(both, .float32, offset: 0.5)], .float32, width: 3) == [1, 0, 1])
  }

  @Test func stepsAboveTheLargestNumberStayBelowIt() throws {
    let most = Float.greatestFiniteMagnitude
    let steps = try fused([row([most, -most, most, most], .float32, offset: 0.25)], .float32, width: 3)
    #expect(zip(steps, [0.5, -0.5, 1]).allSatisfy { ($0 / Double(most) - $1).magnitude < 1e-6 }, "\(steps)")
    let largest = Double.greatestFiniteMagnitude
    let double = try fused([row([largest, -largest, largest, largest], .float64, offset: 0.25)], .float64, width: 3)
    #expect(zip(double, [0.5, -0.5, 1]).allSatisfy { ($0 / largest - $1).magnitude < 1e-15 }, "\(double)")
  }

  /// The mean of numbers lies between them, however large they are.
  @Test(arguments: ["weighted_average_fusion", "simple_average_fusion"]) func meansOfTheLargestNumbers(_ function: String)
    throws
  {
    let most = Float.greatestFiniteMagnitude
    for value in [most, most / 2.5, most / 100] {
      let views = (0..<5).map { row([Float](repeating: value, count: 8), .float32, offset: 0, id: $0) }
      for fused in try fused(views, .float32, width: 8, function: function) {
        #expect((fused / Double(value) - 1).magnitude < 1e-6, "\(fused) \(value)")
      }
      let wide = (0..<5).map {
        row([Double](repeating: Double.greatestFiniteMagnitude / Double(most / value), count: 8), .float64, offset: 0, id: $0)
      }
      for fused in try fused(wide, .float64, width: 8, function: function) {
        #expect((fused / wide[0].voxels[0] - 1).magnitude < 1e-6, "\(fused)")
      }
    }
  }

  /// Among ordinary numbers, whatever the map, and in any blocks.
  @Test(arguments: MapKind.allCases) func extremesAmongOrdinaryNumbers(_ kind: MapKind) throws {
    let volume = Index3(4, 7, 13)
    for type in [ElementType.float32, .float64, .float16] {
      for function in allFunctions {
        var g = SeededGenerator(seed: 71)
        let shape = Index3(4, 6, 12)
        let views = (0..<3).map { id -> TwinView in
          let largest = type == .float64 ? Double.greatestFiniteMagnitude : Double(Float.greatestFiniteMagnitude)
          let odd = [Double.infinity, -.infinity, .nan, largest, -largest, -0.0]
          let values = (0..<288).map { _ in
            Double.random(in: 0..<1, using: &g) < 0.06
              ? odd[Int.random(in: 0..<odd.count, using: &g)] : Double(Float.random(in: -100...1000, using: &g))
          }
          let map = randomMap(kind, view: shape, volume: volume, using: &g)
          switch type {
          case .float64: return twinView(id: id, values, shape: shape, type: type, map: map, number: { $0 })
          case .float16:
            return twinView(
              id: id, values.map { Half($0).bits }, shape: shape, type: type, map: map,
              number: { Double(Half(bits: $0).float) })
          default:
            return twinView(id: id, values.map { Float($0) }, shape: shape, type: type, map: map, number: { Double($0) })
          }
        }
        let recipe = try FusionRecipe(
          function: function, blendingWidths: Vector3(3, 2, 4), outputType: type, context: context(volume))
        let bytes = try fuseInBlocks(BlockFuser(recipe: recipe), views, block: volume)
        for block in [Index3(1, 1, 1), Index3(2, 3, 5)] {
          #expect(try fuseInBlocks(BlockFuser(recipe: recipe), views, block: block) == bytes, "\(type) \(function) \(block)")
        }
        let twin = TwinFuser(function: function, widths: Vector3(3, 2, 4))
        let result = numbers(bytes, type)
        var wrong: [String] = []
        for i in 0..<result.count {
          let index = Index3(i / (volume[1] * volume[2]), i / volume[2] % volume[1], i % volume[2])
          if twin.isTie(views, index) { continue }
          let value = twin.fuse(views, index) ?? 0
          let expected = value.isNaN ? 0 : value
          let found = views.compactMap { twin.sample($0, index)?.value.magnitude }.filter(\.isFinite).max() ?? 0
          // of large numbers that nearly cancel, rounding is what is left
          let near = type == .float16 ? max(1000, found) * 1.5e-3 : max(1000, found) * 3e-6
          let isSame = expected.isFinite ? (result[i] - expected).magnitude <= near : result[i] == expected
          if !isSame { wrong.append("\(index): \(result[i]), not \(expected)") }
        }
        #expect(wrong == [], "\(type) \(function)")
      }
    }
  }

  /// Content weights of a view are not spoilt by one infinite voxel, nor is the average.
  @Test func anInfinityHasNoContent() throws {
    var g = SeededGenerator(seed: 72)
    let shape = Index3(1, 24, 24)
    let map = PixelMap(rows: AffineMap.identity.rows, offset: .zero)
    func views(_ odd: Float?) -> [TwinView] {
      (0..<2).map { id in
        var values = (0..<576).map { _ in Float.random(in: 0...100, using: &g) }
        if id == 0, let odd { values[300] = odd }
        return twinView(id: id, values, shape: shape, type: .float32, map: map, number: { Double($0) })
      }
    }
    let recipe = try FusionRecipe(
      weights: "content_based", weightsArguments: FunctionArguments(["sigma_1": .number(1), "sigma_2": .number(2)]),
      outputType: .float32, context: context(shape, blendsZ: false))
    func fused(_ odd: Float) throws -> [Double] {
      g = SeededGenerator(seed: 72)
      return numbers(try fuseInBlocks(BlockFuser(recipe: recipe), views(odd), block: shape), .float32)
    }
    let (without, with) = (try fused(.nan), try fused(.infinity))
    for i in 0..<576 where i != 300 { #expect(with[i] == without[i], "\(i)") }
    #expect(with[300] == without[300])
  }
}
