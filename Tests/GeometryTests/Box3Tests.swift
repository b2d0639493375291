import Geometry
import Testing

@Suite struct Box3Tests {
  @Test func positionsComeInCOrder() {
    let box = Box3(lower: Index3(-1, 2, 5), upper: Index3(1, 4, 8))
    #expect(
      Array(box.positions) == [
        Index3(-1, 2, 5), Index3(-1, 2, 6), Index3(-1, 2, 7), Index3(-1, 3, 5), Index3(-1, 3, 6), Index3(-1, 3, 7),
        Index3(0, 2, 5), Index3(0, 2, 6), Index3(0, 2, 7), Index3(0, 3, 5), Index3(0, 3, 6), Index3(0, 3, 7),
      ])
  }

  @Test(arguments: [Index3(1, 1, 1), Index3(1, 1, 4), Index3(1, 4, 1), Index3(4, 1, 1), Index3(3, 2, 5)])
  func everyPositionComesOnce(shape: Index3) {
    let box = Box3(lower: Index3(7, 8, 9), upper: Index3(7, 8, 9) &+ shape)
    let positions = Array(box.positions)
    #expect(positions.count == box.count)
    #expect(Set(positions).count == box.count)
    for position in positions { #expect(box.contains(Box3(lower: position, upper: position &+ 1))) }
  }

  @Test(arguments: [Index3(0, 2, 2), Index3(2, 0, 2), Index3(2, 2, 0), Index3(2, -1, 2), Index3(0, 0, 0)])
  func anEmptyBoxHasNone(shape: Index3) {
    #expect(Array(Box3(shape: shape).positions).isEmpty)
  }

  @Test func aSequenceCanBeWalkedAgain() {
    let positions = Box3(shape: Index3(2, 2, 2)).positions
    #expect(Array(positions) == Array(positions))
  }
}
