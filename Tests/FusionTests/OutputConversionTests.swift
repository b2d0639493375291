import Fusion
import Geometry
import Testing

@Suite struct OutputConversionTests {
  /// What numbers become, each a voxel of a view of its own line.
  private func stored(
    _ values: [Double], _ type: ElementType, _ rounding: RoundingMode = .nearest, range: IntensityRange? = nil,
    single: Bool = false
  ) throws -> [Double] {
    let map = PixelMap(rows: AffineMap.identity.rows, offset: .zero)
    let shape = Index3(1, 1, values.count)
    let view =
      single
      ? twinView(id: 0, values.map { Float($0) }, shape: shape, type: .float32, map: map, number: { Double($0) })
      : twinView(id: 0, values, shape: shape, type: .float64, map: map, number: { $0 })
    let recipe = try FusionRecipe(
      rounding: rounding, outputType: type, inputTypes: [single ? .float32 : .float64], intensityRange: range,
      context: context(shape))
    return numbers(try fuseInBlocks(BlockFuser(recipe: recipe), [view], block: shape), type)
  }

  @Test(arguments: [true, false]) func integersAreRoundedToEvenOrCut(single: Bool) throws {
    let values = [0, 0.5, 1.5, 2.5, 2.4999, 2.75, 99.999, -0.5, -1.5, -2.5, -2.75, -99.999, 0.49999]
    let nearest: [Double] = [0, 0, 2, 2, 2, 3, 100, 0, -2, -2, -3, -100, 0]
    let cut: [Double] = [0, 0, 1, 2, 2, 2, 99, 0, -1, -2, -2, -99, 0]
    for type in ElementType.allCases where type.isInteger {
      let floor: Double = type.rawValue.hasPrefix("u") ? 0 : -1e30
      #expect(try stored(values, type, .nearest, single: single) == nearest.map { max($0, floor) }, "\(type)")
      #expect(try stored(values, type, .truncate, single: single) == cut.map { max($0, floor) }, "\(type)")
    }
  }

  @Test(arguments: [true, false]) func integersSaturate(single: Bool) throws {
    let values = [1e30, -1e30, .infinity, -.infinity, .nan]
    let ends: [ElementType: (Double, Double)] = [
      .uint8: (0, 255), .int8: (-128, 127), .uint16: (0, 65535), .int16: (-32768, 32767), .uint32: (0, 4_294_967_295),
      .int32: (-2_147_483_648, 2_147_483_647), .uint64: (0, 0x1p64), .int64: (-0x1p63, 0x1p63),
    ]
    for (type, (low, high)) in ends {
      for rounding in RoundingMode.allCases {
        #expect(try stored(values, type, rounding, single: single) == [high, low, high, low, 0], "\(type)")
      }
    }
  }

  @Test func theEdgesOfATypeAreExact() throws {
    #expect(try stored([255.4, 255.5, 254.5, 253.5], .uint8) == [255, 255, 254, 254])
    #expect(try stored([-128.4, -128.6, 126.5], .int8) == [-128, -128, 126])
    #expect(try stored([65535.49, 65534.5, 0.5], .uint16) == [65535, 65534, 0])
    #expect(try stored([4_294_967_295.4, 4_294_967_294.5], .uint32) == [4_294_967_295, 4_294_967_294])
    #expect(try stored([-2_147_483_648.5, 2_147_483_646.5], .int32) == [-2_147_483_648, 2_147_483_646])
    #expect(try stored([9_007_199_254_740_994, 0x1p63 + 4096], .uint64) == [9_007_199_254_740_994, 0x1p63 + 4096])
    #expect(try stored([-9_007_199_254_740_994, 0x1p62 + 2048], .int64) == [-9_007_199_254_740_994, 0x1p62 + 2048])
  }

  @Test func aRangeBecomesTheWholeType() throws {
    let range = IntensityRange(lower: 100, upper: 300)
    #expect(try stored([100, 300, 200, 99, 400, 101], .uint8, range: range) == [0, 255, 128, 0, 255, 1])
    #expect(try stored([100, 300, 200], .uint16, .truncate, range: range) == [0, 65535, 32767])
    #expect(try stored([100, 300], .uint64, range: range) == [0, 0x1p64])
    // a range turned round inverts
    #expect(try stored([100, 300], .uint8, range: IntensityRange(lower: 300, upper: 100)) == [255, 0])
  }

  @Test func floatsStayWhatTheyAre() throws {
    let values = [0, -1.5, 1e-3, 65504, .infinity, 1e-8]
    #expect(try stored(values, .float64) == values)
    #expect(try stored(values, .float32) == values.map { Double(Float($0)) })
    #expect(try stored(values, .float16) == values.map { Double(Half($0).float) })
    #expect(try stored([.nan], .float32) == [0])
    #expect(try stored([.nan], .float16, single: true) == [0])
  }

  /// Ranges whose ends are as one in the precision of the values, or beyond it.
  @Test(arguments: [true, false]) func rangesBeyondThePrecision(single: Bool) throws {
    let wide = IntensityRange(lower: -1e300, upper: 1e300)
    #expect(try stored([0, 3e38, .infinity, -.infinity, .nan], .uint8, range: wide, single: single) == [128, 128, 255, 0, 0])
    let narrow = IntensityRange(lower: 16_777_216, upper: 16_777_217)
    #expect(try stored([16_777_216, 16_777_218, 0], .uint8, range: narrow, single: single) == [0, 255, 0])
  }

  /// There is one zero: the sign of another would depend on how a row was made.
  @Test(arguments: [true, false]) func zeroHasNoSign(single: Bool) throws {
    for type in [ElementType.float16, .float32, .float64] {
      #expect(try stored([-0.0, 0], type, single: single).allSatisfy { $0.sign == .plus }, "\(type)")
    }
  }
}
