import Geometry
import Testing

@Suite struct BoxUnionTests {
  private func box(_ lower: (Int, Int, Int), _ upper: (Int, Int, Int)) -> Box3 {
    Box3(lower: Index3(lower.0, lower.1, lower.2), upper: Index3(upper.0, upper.1, upper.2))
  }

  @Test func overlapsCountOnce() {
    #expect(BoxUnion.voxelCount(of: []) == 0)
    #expect(BoxUnion.voxelCount(of: [box((0, 0, 0), (2, 3, 4))]) == 24)
    #expect(BoxUnion.voxelCount(of: [box((0, 0, 0), (2, 3, 4)), box((1, 1, 1), (3, 4, 5))]) == 24 + 24 - 6)
    // twice the same, one within, one beside, an empty one
    let boxes = [
      box((0, 0, 0), (4, 4, 4)), box((0, 0, 0), (4, 4, 4)), box((1, 1, 1), (2, 2, 2)), box((0, 0, 4), (4, 4, 5)),
      box((9, 9, 9), (9, 12, 12)),
    ]
    #expect(BoxUnion.voxelCount(of: boxes) == 80)
  }

  /// Against counting every voxel.
  @Test func randomBoxes() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<50 {
      let boxes = (0..<Int.random(in: 1...12, using: &random)).map { _ in
        let lower = Index3(.random(in: 0...9), .random(in: 0...9), .random(in: 0...9))
        return Box3(lower: lower, upper: lower &+ Index3(.random(in: 1...6), .random(in: 1...6), .random(in: 1...6)))
      }
      let counted = Box3(shape: Index3(repeating: 16)).positions.count { at in
        boxes.contains { $0.intersects(Box3(lower: at, upper: at &+ 1)) }
      }
      #expect(BoxUnion.voxelCount(of: boxes) == counted, "\(boxes)")
    }
  }

  @Test func whatTakesTooLongIsNotCounted() {
    let boxes = (0..<100).map { box(($0, $0, $0), ($0 + 50, $0 + 50, $0 + 50)) }
    #expect(BoxUnion.voxelCount(of: boxes, stepLimit: 1000) == nil)
    #expect(BoxUnion.voxelCount(of: boxes) != nil)
  }
}
