import Testing
import Zarr

@Suite struct TranspositionTests {
  static let cases: [([Int], [Int])] = [
    ([3, 4], [1, 0]), ([3, 4, 5], [2, 1, 0]), ([3, 4, 5], [0, 2, 1]), ([3, 4, 5], [1, 0, 2]), ([3, 4, 5], [2, 0, 1]),
    ([1, 4, 1, 5], [3, 2, 1, 0]), ([2, 3, 2, 3], [2, 0, 3, 1]), ([70, 67], [1, 0]), ([2, 35, 66], [2, 1, 0]),
    ([64, 64], [1, 0]), ([2, 2, 2, 2, 2, 2, 2, 2], [7, 0, 6, 1, 5, 2, 4, 3]),
  ]

  @Test(arguments: cases, [1, 2, 4, 8]) func matchesTheObviousLoop(_ layout: ([Int], [Int]), width: Int) throws {
    let (shape, order) = layout
    let count = shape.reduce(1, *)
    let source = (0..<count * width).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    for swapping in [false, true] {
      var expected = [UInt8](repeating: 0, count: count * width)
      let storedShape = order.map { shape[$0] }
      for (to, at) in positions(shape).enumerated() {
        let from = linear(order.map { at[$0] }, storedShape)
        let element = source[(from * width)..<((from + 1) * width)]
        expected.replaceSubrange(
          (to * width)..<((to + 1) * width), with: swapping ? Array(element.reversed()) : Array(element))
      }
      let transposition = try #require(Transposition(shape: shape, order: order))
      var target = [UInt8](repeating: 0xEE, count: count * width)
      target.withUnsafeMutableBytes { target in
        source.withUnsafeBytes {
          transposition.copy($0, to: target, elementByteCount: width, swappingBytes: swapping)
        }
      }
      #expect(target == expected, "\(shape) \(order) \(width) \(swapping)")
    }
  }

  @Test(arguments: [
    ([3, 4], [0, 1]), ([1, 4, 1], [2, 1, 0]), ([1, 1], [1, 0]), ([5], [0]), ([1, 3, 4], [1, 0, 2]),
  ])
  func sameOrderIsNone(shape: [Int], order: [Int]) {
    #expect(Transposition(shape: shape, order: order) == nil)
  }
}
