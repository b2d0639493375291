import CKernels
import Fusion
import Geometry
import Testing

/// The loops over coefficients of splines against the same arithmetic one by one, bit for bit, in all lengths around the widths
/// of vectors.
@Suite struct SplineKernelTests {
  private let counts = [1, 7, 8, 9, 15, 16, 31, 32, 33, 63, 64, 65, 100]

  private func random(_ count: Int, _ g: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in Float.random(in: -1000...1000, using: &g) }
  }

  @Test func rowsAreFilteredByDifferencesFromTheMiddle() {
    var g = SeededGenerator(seed: 1)
    for (reach, count) in counts.flatMap({ n in [0, 1, 14].map { ($0, n) } }) {
      let numbers = random((2 * reach + 1) * count, &g)
      let weights = (0..<reach).map { _ in Float.random(in: -1...1, using: &g) }
      var out = [Float](repeating: -7, count: count + 1)
      numbers.withUnsafeBufferPointer { all in
        let rows = (0...(2 * reach)).map { j in all.baseAddress.map { $0 + j * count } }
        ck_spline_filter(rows, weights, reach, count, &out)
      }
      let expected = (0..<count).map { i in
        let middle = numbers[reach * count + i]
        return (1...max(reach, 1)).reduce(into: middle) { sum, j in
          if reach == 0 { return }
          let pair = numbers[(reach - j) * count + i] + numbers[(reach + j) * count + i]
          sum += weights[j - 1] * (pair - (middle + middle))
        }
      }
      #expect(out == expected + [-7], "\(reach) \(count)")
    }
  }

  @Test func rowsAreSummedByDifferencesFromTheMiddle() {
    var g = SeededGenerator(seed: 2)
    for (order, count) in counts.flatMap({ n in (2...5).map { ($0, n) } }) {
      let (taps, centre) = (order + 1, order / 2)
      let (numbers, weights) = (random(taps * count, &g), random(taps, &g))
      var out = [Float](repeating: -7, count: count + 1)
      numbers.withUnsafeBufferPointer { all in
        let rows = (0..<taps).map { j in all.baseAddress.map { $0 + j * count } }
        ck_spline_blend(rows, weights, taps, centre, count, &out)
      }
      let expected = (0..<count).map { i in
        (0..<taps).reduce(into: numbers[centre * count + i]) { sum, j in
          if j != centre { sum += weights[j] * (numbers[j * count + i] - numbers[centre * count + i]) }
        }
      }
      #expect(out == expected + [-7], "\(order) \(count)")
    }
  }

  /// Whatever the samples beside it are, a sample is the same bits; and it is the sum over its coefficients.
  @Test(arguments: 2...5) func samplesAreSumsOfCoefficients(_ order: Int) throws {
    let spline = try #require(Spline.of(order: order))
    var g = SeededGenerator(seed: UInt64(order))
    let shape = Index3(9, 10, 40)
    let (rowStride, planeStride, centre) = (shape[2], shape[1] * shape[2], order / 2)
    // as far beyond the end as rows are read, and not further
    let numbers = random(shape[0] * planeStride + 5, &g)
    for (axes, count) in counts.flatMap({ n in (1...3).map { ($0, n) } }) {
      let places = (0..<count).map { _ in
        Index3(
          Int.random(in: centre..<(shape[0] - order + centre), using: &g), Int.random(in: centre..<(shape[1] - order + centre), using: &g),
          Int.random(in: centre..<(shape[2] - order + centre), using: &g))
      }
      var index = places.map { Int32($0[0] * planeStride + $0[1] * rowStride + $0[2]) }
      var fractions = random(3 * count, &g).map { ($0 + 1000) / 2000.5 }
      func gather(_ from: Int, _ sampleCount: Int) -> [Float] {
        var out = [Float](repeating: -7, count: sampleCount + 1)
        index.withUnsafeMutableBufferPointer { index in
          fractions.withUnsafeMutableBufferPointer { f in
            guard let i = index.baseAddress, let z = f.baseAddress else { return }
            var taps = ck_taps(
              index: i + from, fraction_z: z + from, fraction_y: z + count + from, fraction_x: z + 2 * count + from)
            ck_spline_gather(
              order, axes, numbers, ck_strides(row: rowStride, plane: planeStride), &taps, sampleCount, &out)
          }
        }
        return out
      }
      let out = gather(0, count)
      #expect(out[count] == -7)
      for i in 0..<count {
        #expect(gather(i, 1)[0] == out[i])
        func weights(_ axis: Int) -> [Double] {
          axis < 3 - axes ? (0...order).map { $0 == centre ? 1 : 0 } : spline.weights(at: Double(fractions[axis * count + i]))
        }
        var sum = 0.0
        for (z, wz) in weights(0).enumerated() {
          for (y, wy) in weights(1).enumerated() {
            for (x, wx) in weights(2).enumerated() where wz * wy * wx != 0 {
              let at = Int(index[i]) + (z - centre) * planeStride + (y - centre) * rowStride + x - centre
              sum += wz * wy * wx * Double(numbers[at])
            }
          }
        }
        #expect((Double(out[i]) - sum).magnitude < 2e-3, "\(axes) \(count) \(i)")
      }
    }
  }
}
