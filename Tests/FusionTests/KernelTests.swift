import CKernels
import Fusion
import Geometry
import Testing

/// The C loops against the same arithmetic one by one, bit for bit, in all lengths around the widths of vectors.
@Suite struct KernelTests {
  private let counts = [1, 7, 8, 9, 15, 16, 31, 32, 33, 63, 64, 65, 100, 128]

  private func same(_ a: Float, _ b: Float) -> Bool { a.bitPattern == b.bitPattern }

  private func random(_ count: Int, _ range: ClosedRange<Float>, _ g: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &g) }
  }

  /// A line that stays inside a view for 128 samples, and its view.
  private func line(_ seed: UInt64) -> (start: Vector3, slope: Vector3, line: ck_line, shape: Index3) {
    var g = SeededGenerator(seed: seed)
    var start = Vector3.zero
    var slope = Vector3.zero
    let shape = Index3(20, 30, 140)
    for axis in 0..<3 {
      let ends = (0..<2).map { _ in Double.random(in: 0...Double(shape[axis] - 1), using: &g) }
      (start[axis], slope[axis]) = (ends[0], (ends[1] - ends[0]) / 128)
    }
    let line = ck_line(start: (start[0], start[1], start[2]), slope: (slope[0], slope[1], slope[2]))
    return (start, slope, line, shape)
  }

  @Test func rowsAreConvertedBlendedAndStored() {
    var g = SeededGenerator(seed: 77)
    for count in counts {
      let a16: [UInt16] = (0..<count).map { _ in UInt16.random(in: 0...65535, using: &g) }
      let b16: [UInt16] = (0..<count).map { _ in UInt16.random(in: 0...65535, using: &g) }
      let a8: [UInt8] = a16.map { UInt8($0 & 255) }
      let b8: [UInt8] = b16.map { UInt8($0 & 255) }
      let (a, b) = (random(count, -1000...1000, &g), random(count, -1000...1000, &g))
      let f = Float.random(in: 0...1, using: &g)
      var out = [Float](repeating: -1, count: count + 1)
      func expect(_ expected: (Int) -> Float, _ run: (UnsafeMutablePointer<Float>) -> Void) {
        out.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { run(base) } }
        #expect((0..<count).allSatisfy { same(out[$0], expected($0)) } && out[count] == -1, "\(count)")
      }
      expect({ Float(a16[$0]) }) { ck_convert_u16(a16, count, $0) }
      expect({ Float(a8[$0]) }) { ck_convert_u8(a8, count, $0) }
      func lerp(_ a: Float, _ b: Float) -> Float { a + f * (b - a) }
      expect({ lerp(Float(a16[$0]), Float(b16[$0])) }) { ck_blend_u16(a16, b16, f, count, $0) }
      expect({ lerp(Float(a8[$0]), Float(b8[$0])) }) { ck_blend_u8(a8, b8, f, count, $0) }
      expect({ lerp(a[$0], b[$0]) }) { ck_blend(a, b, f, count, $0) }
      let odd: [Float] = [.nan, -.infinity, .infinity, -0.5, 0.5, 1.5, 2.5, 254.5, 65534.5, 65536, 1e9]
      let wild: [Float] = (0..<count).map { i -> Float in i > 40 ? 50 * a[i] : odd[i % odd.count] }
      func stored(_ value: Float, _ upper: Float) -> Float {
        value.isNaN ? 0 : min(max(value, 0), upper).rounded(.toNearestOrEven)
      }
      var out16 = [UInt16](repeating: 9, count: count + 1)
      ck_store_u16(wild, count, &out16)
      #expect((0..<count).allSatisfy { Float(out16[$0]) == stored(wild[$0], 65535) } && out16[count] == 9, "\(count)")
      var out8 = [UInt8](repeating: 9, count: count + 1)
      ck_store_u8(wild, count, &out8)
      #expect((0..<count).allSatisfy { Float(out8[$0]) == stored(wild[$0], 255) } && out8[count] == 9, "\(count)")
    }
  }

  /// Voxels exactly where the last sample needs them, so that an address sanitizer sees what reads on.
  @Test(arguments: [(0, 0, 0), (0.3, 0, 0), (0, 0.6, 0), (0, 0, 0.9), (0.3, 0.6, 0), (0.3, 0.6, 0.9)])
  func planesAreShiftedAsRowsAre(fraction: (z: Float, y: Float, x: Float)) {
    var g = SeededGenerator(seed: 78)
    let height = 5
    for count in counts {
      let shape = [fraction.z == 0 ? 1 : 2, height + (fraction.y == 0 ? 0 : 1), count + (fraction.x == 0 ? 0 : 1)]
      let voxels: [UInt16] = (0..<(shape[0] * shape[1] * shape[2])).map { _ in UInt16.random(in: 0...65535, using: &g) }
      let strides = ck_strides(row: shape[2], plane: shape[1] * shape[2])
      let fractions = ck_fractions(z: fraction.z, y: fraction.y, x: fraction.x)
      func expected(_ voxels: [Float], _ y: Int, _ x: Int) -> Float {
        func mixed(_ a: Float, _ b: () -> Float, _ f: Float) -> Float { f == 0 ? a : a + f * (b() - a) }
        func at(_ z: Int, _ y: Int, _ x: Int) -> Float { voxels[z * strides.plane + y * strides.row + x] }
        func column(_ y: Int, _ x: Int) -> Float { mixed(at(0, y, x), { at(1, y, x) }, fraction.z) }
        func row(_ x: Int) -> Float { mixed(column(y, x), { column(y + 1, x) }, fraction.y) }
        return mixed(row(x), { row(x + 1) }, fraction.x).rounded(.toNearestOrEven)
      }
      func isRight<T: FixedWidthInteger>(_ source: [T], _ run: (inout [T], Int, inout [Float]) -> Void) -> Bool {
        let to = count + 2
        var target = [T](repeating: 9, count: height * to)
        var rows = [Float](repeating: .nan, count: 3 * (count + 1))
        run(&target, to, &rows)
        let numbers = source.map { Float($0) }
        return (0..<height).allSatisfy { y in
          (0..<count).allSatisfy { Float(target[y * to + $0]) == expected(numbers, y, $0) }
            && target[y * to + count] == 9 && target[y * to + count + 1] == 9
        }
      }
      #expect(isRight(voxels) { ck_shift_u16(voxels, strides, fractions, height, count, &$0, $1, &$2) }, "\(count)")
      let bytes = voxels.map { UInt8($0 & 255) }
      #expect(isRight(bytes) { ck_shift_u8(bytes, strides, fractions, height, count, &$0, $1, &$2) }, "\(count)")
    }
  }

  @Test func averagesAreWeightedInTheOrderOfViews() {
    var g = SeededGenerator(seed: 79)
    let (height, certain) = (3, Float(1.001))
    let all = [(0.3, 0.6, 0.9), (0, 0, 0), (0, 0.5, 0)].map { ck_fractions(z: Float($0.0), y: Float($0.1), x: Float($0.2)) }
    for count in counts {
      // far from the border in the last row, where all weights are 1
      let hats = all.map { _ in (near: random(count, 0...1, &g), far: random(count, 1...2, &g)) }
      let distances = all.map { _ in [0.1, 0.2, 0.7, 0.3, 1, 2].map { Float($0) * Float.random(in: 0.9...1, using: &g) } }
      let strides = ck_strides(row: count + 1, plane: (count + 1) * (height + 1))
      let voxels: [[UInt16]] = all.map { _ in (0..<(2 * strides.plane)).map { _ in UInt16.random(in: 0...65535, using: &g) } }
      func sample(_ k: Int, _ y: Int, _ x: Int) -> Float {
        func mixed(_ a: Float, _ b: Float, _ f: Float) -> Float { a + f * (b - a) }
        func at(_ z: Int, _ y: Int, _ x: Int) -> Float { Float(voxels[k][z * strides.plane + y * strides.row + x]) }
        func column(_ y: Int, _ x: Int) -> Float { mixed(at(0, y, x), at(1, y, x), all[k].z) }
        func row(_ x: Int) -> Float { mixed(column(y, x), column(y + 1, x), all[k].y) }
        return mixed(row(x), row(x + 1), all[k].x)
      }
      func expected(_ y: Int, _ x: Int) -> Float {
        var (sum, weights): (Float, Float) = (0, 0)
        for k in 0..<all.count {
          let weight = BlendingRamp.weight(distances[k][2 * y] * hats[k].near[x] + distances[k][2 * y + 1] * hats[k].far[x])
          (sum, weights) = k == 0 ? (weight * sample(k, y, x), weight) : (sum + weight * sample(k, y, x), weights + weight)
        }
        return (sum / weights).rounded(.toNearestOrEven)
      }
      let (held, near, far) = (voxels.map(copied), hats.map { copied($0.near) }, hats.map { copied($0.far) })
      let places = distances.map(copied)
      defer {
        held.forEach { $0.deallocate() }
        (near + far + places).forEach { $0.deallocate() }
      }
      let views = all.indices.map {
        ck_shifted_view(
          voxels: held[$0], from: strides, fraction: all[$0], near_hats: near[$0], far_hats: far[$0], distances: places[$0])
      }
      var target = [UInt16](repeating: 9, count: height * (count + 2))
      var rows = [Float](repeating: .nan, count: (2 * views.count + 4) * (count + 1))
      ck_average_u16(views, views.count, certain, height, count, &target, count + 2, &rows)
      #expect(
        (0..<height).allSatisfy { y in
          (0..<count).allSatisfy { Float(target[y * (count + 2) + $0]) == expected(y, $0) }
            && target[y * (count + 2) + count] == 9
        }, "\(count)")
    }
  }

  private func copied<T>(_ values: [T]) -> UnsafeMutablePointer<T> {
    let copy = UnsafeMutablePointer<T>.allocate(capacity: values.count)
    for (i, value) in values.enumerated() { (copy + i).initialize(to: value) }
    return copy
  }

  @Test func samplesAreThoseOfTheTwin() {
    for seed in 0..<6 as Range<UInt64> {
      var (start, slope, line, shape) = line(seed)
      var g = SeededGenerator(seed: seed + 100)
      let (rowStride, planeStride) = (shape[2], shape[1] * shape[2])
      // patches begin anywhere
      let first = 3 * planeStride + 5
      let volume = random((shape[0] + 1) * planeStride + rowStride + 2, -1000...1000, &g)
      for count in counts {
        for ignoringZ in [false, true] {
          let numbers = UnsafeMutablePointer<Float>.allocate(capacity: 4 * 128)
          let index = UnsafeMutablePointer<Int32>.allocate(capacity: 128)
          defer {
            numbers.deallocate()
            index.deallocate()
          }
          numbers.initialize(repeating: -1, count: 4 * 128)
          index.initialize(repeating: -1, count: 128)
          var taps = ck_taps(
            index: index, fraction_z: numbers, fraction_y: numbers + 128, fraction_x: numbers + 256)
          let out = numbers + 384
          volume.withUnsafeBufferPointer {
            guard let base = $0.baseAddress.map({ $0 + first }) else { return }
            let (r, p, f) = (UInt32(rowStride), UInt32(planeStride), UInt32(first))
            if ignoringZ {
              ck_locate_plane(&line, r, f, 0, count, &taps)
              ck_gather_plane(base, rowStride, &taps, count, out)
            } else {
              ck_locate_volume(&line, p, r, f, 0, count, &taps)
              ck_gather_volume(base, rowStride, planeStride, 2 * planeStride, &taps, count, out)
            }
          }
          if count < 128 { #expect(out[count] == -1 && index[count] == -1) }
          var wrong = 0
          for i in 0..<count {
            // rounded to 24 bits after the point
            let p = ((start + slope * Double(i)) + 0x1p28) - 0x1p28
            let base = p.rounded(.down)
            let f = (0..<3).map { Float(p[$0] - base[$0]) }
            let at = (ignoringZ ? 0 : Int(base[0]) * planeStride) + Int(base[1]) * rowStride + Int(base[2])
            func row(_ at: Int) -> Float {
              let (a, b) = (volume[at], ignoringZ ? 0 : volume[at + planeStride])
              return ignoringZ ? a : a + f[0] * (b - a)
            }
            func column(_ at: Int) -> Float { row(at) + f[1] * (row(at + rowStride) - row(at)) }
            let expected = column(at) + f[2] * (column(at + 1) - column(at))
            if !same(out[i], expected) || Int(index[i]) != at - first { wrong += 1 }
          }
          #expect(wrong == 0, "\(seed) \(count) \(ignoringZ)")
        }
      }
    }
  }

  @Test func weightsAreThoseOfTheRamp() {
    for (seed, blendsZ) in [(0 as UInt64, true), (1, false), (2, true), (3, true)] {
      var (start, slope, line, shape) = line(seed)
      let ramp = BlendingRamp(
        shape: shape, spacing: Vector3(2, 1, 0.5), widths: Vector3(30, 20, 25), blendsZ: blendsZ)
      for count in counts {
        var out = [Float](repeating: -1, count: count + 1)
        var constants = ramp.kernelRamp
        ck_weigh_line(&constants, &line, 0, count, &out)
        #expect(out[count] == -1)
        let expected = (0..<count).map { i in
          let t = (0..<3).map { ramp.folded(start[$0] + slope[$0] * Double(i), axis: $0) }
          return BlendingRamp.weight(ramp.distance(z: t[0], y: t[1], x: t[2]))
        }
        #expect(zip(out, expected).allSatisfy(same), "\(seed) \(count)")
        #expect(Set(expected).count > count / 2)

        var g = SeededGenerator(seed: seed)
        let (near, far) = (random(count, 0...1, &g), random(count, 0...1, &g))
        ck_weigh_hats(0.3, 0.9, near, far, count, &out)
        for i in 0..<count { #expect(same(out[i], BlendingRamp.weight(0.3 * near[i] + 0.9 * far[i]))) }
      }
    }
  }

  @Test func productsAreThoseOfTheRamp() {
    var different: Set<Float> = []
    for (seed, blendsZ) in [(0 as UInt64, true), (1, false), (2, true), (3, true)] {
      var (start, slope, line, shape) = line(seed)
      let ramp = ProductRamp(
        shape: shape, spacing: Vector3(2, 1, 0.5), affine: .identity, widths: Vector3(30, 20, 25),
        blending: ProductBlending(border: Vector3(1, 2, 0)), blendsZ: blendsZ)
      for count in counts {
        var out = [Float](repeating: -1, count: count + 1)
        var constants = ramp.kernelRamp
        ck_weigh_product(&constants, &line, 0, count, &out)
        #expect(out[count] == -1)
        let expected = (0..<count).map { ramp.weight(at: start + slope * Double($0)) }
        #expect(zip(out, expected).allSatisfy(same), "\(seed) \(count)")
        different.formUnion(expected)
      }
    }
    #expect(different.count > 200)
  }

  @Test func filteredRowsAreSumsInOneOrder() {
    var g = SeededGenerator(seed: 9)
    for (radius, count) in [(0, 40), (1, 100), (20, 7), (20, 8), (20, 71), (44, 129)] {
      let numbers = random((2 * radius + 1) * count, -1...1, &g)
      let weights = random(radius + 1, 0...1, &g)
      var out = [Float](repeating: -7, count: count + 1)
      let first = min(3, count - 1)
      numbers.withUnsafeBufferPointer { all in
        let rows = (0..<(2 * radius + 1)).map { j in all.baseAddress.map { $0 + j * count } }
        ck_convolve(rows, weights, radius, first, count, &out)
      }
      for i in 0..<count {
        var sum = weights[0] * numbers[radius * count + i]
        for j in 0..<radius {
          let pair = numbers[(radius - 1 - j) * count + i] + numbers[(radius + 1 + j) * count + i]
          sum += weights[j + 1] * pair
        }
        #expect(same(out[i], i < first ? -7 : sum), "\(radius) \(count) \(i)")
      }
      #expect(out[count] == -7)
    }
  }

  @Test func twoRowsAtOnceAreOneAfterTheOther() {
    var g = SeededGenerator(seed: 11)
    for (radius, count) in [(0, 40), (1, 15), (20, 16), (20, 71), (44, 129)] {
      let numbers = random((2 * radius + 2) * count, -1...1, &g)
      let weights = random(radius + 1, 0...1, &g)
      var both = [[Float]](repeating: [Float](repeating: -7, count: count + 1), count: 4)
      let first = min(3, count - 1)
      numbers.withUnsafeBufferPointer { all in
        let rows = (0..<(2 * radius + 2)).map { j in all.baseAddress.map { $0 + j * count } }
        var (a, b) = (both[0], both[1])
        ck_convolve_two(rows, weights, radius, first, count, &a, &b)
        (both[0], both[1]) = (a, b)
        ck_convolve(rows, weights, radius, first, count, &both[2])
        ck_convolve(Array(rows.dropFirst()), weights, radius, first, count, &both[3])
      }
      #expect(both[0] == both[2] && both[1] == both[3] && both[0] != both[1])
    }
  }

  @Test func detailIsTheSquareOfTheDifference() {
    var g = SeededGenerator(seed: 10)
    let (values, smooth) = (random(77, -100...100, &g), random(77, -100...100, &g))
    let norm = random(77, 0.1...1, &g)
    var out = [Float](repeating: -7, count: 78)
    ck_detail(values, smooth, norm, 77, &out)
    for i in 0..<77 {
      let difference = values[i] - smooth[i] / norm[i]
      #expect(same(out[i], difference * difference))
    }
    #expect(out[77] == -7)
    let flat: [Float] = [1000, 1000, -1000, 0]
    ck_detail(flat, [1000.001, 1000.01, -1000.001, 0], [1, 1, 1, 1], 4, &out)
    #expect(out[0] == 0 && out[1] > 0 && out[2] == 0 && out[3] == 0)
  }

  @Test func matricesAreMultiplied() {
    var g = SeededGenerator(seed: 41)
    for columns in counts {
      for (rows, inner) in [(1, 1), (3, 5), (4, 2), (9, 32), (16, 7)] {
        let (from, to) = (columns + 3, columns + 1)
        let (matrix, source) = (random(rows * inner, -1...1, &g), random(inner * from, -1000...1000, &g))
        var out = [Float](repeating: -1, count: rows * to)
        ck_multiply(matrix, rows, inner, source, from, columns, &out, to)
        for r in 0..<rows {
          for c in 0..<columns {
            var sum = matrix[r * inner] * source[c]
            for i in 1..<max(inner, 1) { sum += matrix[r * inner + i] * source[i * from + c] }
            #expect(same(out[r * to + c], sum), "\(rows) \(inner) \(columns): \(r) \(c)")
          }
          #expect(out[r * to + columns] == -1)
        }
      }
    }
  }

  @Test func numbersAreCountedFilledAndCentred() {
    var g = SeededGenerator(seed: 42)
    for count in counts {
      var values = random(count, -1000...1000, &g)
      for i in stride(from: 0, to: count, by: 3) { values[i] = [Float.nan, .infinity, -.infinity][i / 3 % 3] }
      let found = values.filter(\.isFinite)
      var least: Float = 0
      #expect(ck_count_numbers(values, count, &least) == found.count)
      #expect(least == found.min() ?? .greatestFiniteMagnitude)
      var filled = values
      ck_fill_gaps(&filled, count, 5)
      #expect(filled == values.map { $0.isFinite ? $0 : 5 })
      let centred = filled.map { $0 - 1.25 }
      var (sum, squares) = (0.0, 0.0)
      ck_centre(&filled, count, 1.25, &sum, &squares)
      #expect(filled == centred)
      var lanes = Array(repeating: (0.0, 0.0), count: 8)
      for (i, value) in centred.enumerated() {
        lanes[i % 8].0 += Double(value)
        lanes[i % 8].1 += Double(value) * Double(value)
      }
      #expect(sum == lanes.reduce(0) { $0 + $1.0 } && squares == lanes.reduce(0) { $0 + $1.1 })
    }
  }
}
