import Fusion
import Geometry
import Testing

@Suite struct DownsamplerTests {
  private let factors = [
    Index3(1, 1, 1), Index3(2, 2, 2), Index3(1, 2, 2), Index3(2, 1, 1), Index3(1, 1, 2), Index3(4, 2, 2), Index3(1, 3, 5),
    Index3(4, 6, 10),
  ]

  private func reduce(
    _ bytes: [UInt8], _ type: ElementType, _ shape: Index3, _ factor: Index3, _ rounding: RoundingMode = .nearest,
    _ method: Downsampling = .mean
  ) throws -> [UInt8] {
    let size = shape / factor
    var out = [UInt8](repeating: 0xCD, count: size[0] * size[1] * size[2] * type.byteCount)
    let downsampler = Downsampler(type: type, rounding: rounding, method: method)
    try bytes.withUnsafeBytes { source in
      try out.withUnsafeMutableBytes { _ = try downsampler.reduce(source, shape: shape, factor: factor, into: $0) }
    }
    return out
  }

  @Test(arguments: ElementType.allCases) func equalsTheMean(_ type: ElementType) throws {
    var g = SeededGenerator(seed: 3)
    let shape = Index3(4, 6, 10)
    let view = randomView(
      id: 0, type: type, shape: shape, map: PixelMap(rows: AffineMap.identity.rows, offset: .zero), using: &g)
    for factor in factors {
      for rounding in RoundingMode.allCases {
        let out = numbers(try reduce(view.bytes, type, shape, factor, rounding), type)
        let size = shape / factor
        for i in 0..<out.count {
          let at = Index3(i / (size[1] * size[2]), i / size[2] % size[1], i % size[2]) &* factor
          var sum = 0.0
          for z in 0..<factor[0] {
            for y in 0..<factor[1] {
              for x in 0..<factor[2] { sum += view[at[0] + z, at[1] + y, at[2] + x] }
            }
          }
          let mean = sum / Double(factor[0] * factor[1] * factor[2])
          switch type {
          case .uint64, .int64: #expect((out[i] - mean).magnitude <= 4096)
          case .float16: #expect((out[i] - mean).magnitude <= 0.5)
          // shares that are no powers of two are rounded
          case .float32: #expect((out[i] - mean).magnitude <= 1e-6 * mean.magnitude)
          case .float64: #expect((out[i] - mean).magnitude <= 1e-9)
          default:
            #expect(out[i] == mean.rounded(rounding == .nearest ? .toNearestOrEven : .towardZero), "\(factor) \(mean)")
          }
        }
      }
    }
  }

  /// The value that a window gives, by the words of the option: its voxels come in the order z, y, x.
  private func expected(_ window: [Double], _ method: Downsampling) -> Double {
    switch method {
    case .mean: window.reduce(0, +) / Double(window.count)
    case .nearest: window[0]
    case .max: window.max() ?? 0
    case .mode:
      window.enumerated().max { a, b in
        let (p, q) = (window.count { $0 == a.element }, window.count { $0 == b.element })
        return p < q || p == q && a.offset > b.offset
      }?.element ?? 0
    }
  }

  @Test(arguments: ElementType.allCases) func voxelsAreChosenByTheMethod(_ type: ElementType) throws {
    var g = SeededGenerator(seed: 5)
    let shape = Index3(4, 6, 10)
    let view = randomView(
      id: 0, type: type, shape: shape, map: PixelMap(rows: AffineMap.identity.rows, offset: .zero), using: &g)
    // few values, so that windows hold some of them twice and thrice
    var bytes = view.bytes
    let voxelCount = shape[0] * shape[1] * shape[2]
    for i in 3..<voxelCount {
      let from = Int.random(in: 0..<3, using: &g) * type.byteCount
      for k in 0..<type.byteCount { bytes[i * type.byteCount + k] = view.bytes[from + k] }
    }
    let all = numbers(bytes, type)
    for factor in factors {
      for method in [Downsampling.nearest, .mode, .max] {
        let out = numbers(try reduce(bytes, type, shape, factor, .truncate, method), type)
        let size = shape / factor
        for i in out.indices {
          let at = Index3(i / (size[1] * size[2]), i / size[2] % size[1], i % size[2]) &* factor
          var window: [Double] = []
          for z in 0..<factor[0] {
            for y in 0..<factor[1] {
              for x in 0..<factor[2] { window.append(all[((at[0] + z) * shape[1] + at[1] + y) * shape[2] + at[2] + x]) }
            }
          }
          #expect(out[i] == expected(window, method), "\(method) \(factor) \(window)")
        }
      }
    }
  }

  @Test func integersOf64BitsAreExact() throws {
    func mean<T: BitwiseCopyable>(
      _ voxels: [T], _ type: ElementType, _ factor: Index3, _ rounding: RoundingMode = .nearest
    ) throws -> [T] {
      let out = try reduce(voxels.withUnsafeBytes { Array($0) }, type, Index3(2, 2, 2), factor, rounding)
      return out.withUnsafeBytes { raw in
        (0..<(out.count / 8)).map { raw.loadUnaligned(fromByteOffset: 8 * $0, as: T.self) }
      }
    }
    let a: [UInt64] = [.max, .max, .max, .max - 2, 1, 2, 3, 3]
    #expect(try mean(a, .uint64, Index3(1, 2, 2)) == [UInt64.max - 1, 2])
    #expect(try mean(a, .uint64, Index3(1, 2, 2), .truncate) == [UInt64.max - 1, 2])
    #expect(try mean(a, .uint64, Index3(2, 2, 2)) == [UInt64.max / 2 + 1])
    let b: [Int64] = [.min, .min, .min, .min, .max, .max - 1, .max, .max]
    #expect(try mean(b, .int64, Index3(1, 2, 2)) == [Int64.min, Int64.max])
    #expect(try mean(b, .int64, Index3(1, 2, 2), .truncate) == [Int64.min, Int64.max - 1])
  }

  /// A box within a larger one into a box within a larger one, with rows longer than any vector.
  @Test(arguments: [ElementType.uint8, .uint16, .int32]) func boxesWithinLargerOnes(_ type: ElementType) throws {
    var g = SeededGenerator(seed: 11)
    let whole = Index3(6, 7, 180)
    let (lower, shape, factor) = (Index3(1, 2, 5), Index3(4, 4, 154), Index3(2, 2, 2))
    let view = randomView(
      id: 0, type: type, shape: whole, map: PixelMap(rows: AffineMap.identity.rows, offset: .zero), using: &g)
    let bytes = type.byteCount
    var dense: [UInt8] = []
    for z in 0..<shape[0] {
      for y in 0..<shape[1] {
        let at = (((lower[0] + z) * whole[1] + lower[1] + y) * whole[2] + lower[2]) * bytes
        dense += view.bytes[at..<(at + shape[2] * bytes)]
      }
    }
    let expected = try reduce(dense, type, shape, factor, .truncate)
    let size = shape / factor
    let (rowStride, planeStride) = (size[2] + 3, (size[1] + 2) * (size[2] + 3))
    var out = [UInt8](repeating: 0xCD, count: (size[0] * planeStride) * bytes)
    try view.bytes.withUnsafeBytes { source in
      try out.withUnsafeMutableBytes { target in
        let first = ((lower[0] * whole[1] + lower[1]) * whole[2] + lower[2]) * bytes
        try Downsampler(type: type, rounding: .truncate).reduce(
          Downsampler.Rows(#require(source.baseAddress) + first, rowStride: whole[2], planeStride: whole[1] * whole[2]),
          shape: shape, factor: factor,
          into: Downsampler.Rows(#require(target.baseAddress), rowStride: rowStride, planeStride: planeStride))
      }
    }
    var got: [UInt8] = []
    var untouched = out
    for z in 0..<size[0] {
      for y in 0..<size[1] {
        let at = (z * planeStride + y * rowStride) * bytes
        got += out[at..<(at + size[2] * bytes)]
        untouched.replaceSubrange(at..<(at + size[2] * bytes), with: [UInt8](repeating: 0xCD, count: size[2] * bytes))
      }
    }
    #expect(got == expected)
    #expect(untouched.allSatisfy { $0 == 0xCD })
  }

  @Test func tiesGoToTheEvenSide() throws {
    let voxels: [Int16] = [0, 1, 1, 2, -1, 0, -1, -2, 3, 4, -3, -4]
    let bytes = voxels.withUnsafeBytes { Array($0) }
    #expect(numbers(try reduce(bytes, .int16, Index3(1, 1, 12), Index3(1, 1, 2)), .int16) == [0, 2, 0, -2, 4, -4])
    #expect(
      numbers(try reduce(bytes, .int16, Index3(1, 1, 12), Index3(1, 1, 2), .truncate), .int16)
        == [0, 1, 0, -1, 3, -3])
  }

  @Test func saysWhetherAllIsZero() throws {
    let downsampler = Downsampler(type: .uint8)
    var out: [UInt8] = [9, 9]
    func content(_ voxels: [UInt8]) throws -> BlockContent {
      try voxels.withUnsafeBytes { source in
        try out.withUnsafeMutableBytes {
          try downsampler.reduce(source, shape: Index3(1, 1, 4), factor: Index3(1, 1, 2), into: $0)
        }
      }
    }
    #expect(try content([0, 0, 0, 0]) == .fill)
    #expect(try content([0, 0, 0, 9]) == .voxels)
  }

  @Test func wrongSizesAreRefused() {
    #expect(throws: FusionError.wrongBufferSize(what: "the source", expected: 8, actual: 7)) {
      try reduce([UInt8](repeating: 0, count: 7), .uint8, Index3(2, 2, 2), Index3(2, 2, 2))
    }
    #expect(throws: FusionError.self) { try reduce([0, 0, 0], .uint8, Index3(1, 1, 3), Index3(1, 1, 2)) }
    #expect(throws: FusionError.self) { try reduce([UInt8](repeating: 0, count: 17), .uint8, Index3(1, 1, 17), Index3(1, 1, 17)) }
    // a size that does not fit an integer
    var bytes: [UInt8] = [0, 0]
    bytes.withUnsafeMutableBytes { buffer in
      _ = #expect(throws: FusionError.self) {
        try Downsampler(type: .uint8).reduce(
          UnsafeRawBufferPointer(buffer), shape: Index3(1 << 40, 1 << 40, 2), factor: Index3(1, 1, 2), into: buffer)
      }
    }
  }

  /// Infinities stay; those of both signs leave no value. Sums of the largest numbers do not become one.
  @Test func meansOfExtremes() throws {
    func means(_ voxels: [Double], _ type: ElementType) throws -> [Double] {
      let bytes =
        type == .float64
        ? voxels.withUnsafeBytes { Array($0) } : voxels.map { Float($0) }.withUnsafeBytes { Array($0) }
      return numbers(try reduce(bytes, type, Index3(1, 1, voxels.count), Index3(1, 1, 2)), type)
    }
    let values: [Double] = [1, .infinity, -.infinity, 3, .infinity, -.infinity, .infinity, .infinity]
    let expected: [Double] = [.infinity, -.infinity, 0, .infinity]
    #expect(try means(values, .float32) == expected)
    #expect(try means(values, .float64) == expected)
    let (single, double) = (Double(Float.greatestFiniteMagnitude), Double.greatestFiniteMagnitude)
    #expect(try means([single, single, single, -single], .float32) == [single, 0])
    #expect(try means([double, double, double, -double], .float64) == [double, 0])
  }
}
