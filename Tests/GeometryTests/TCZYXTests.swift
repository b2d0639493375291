import Geometry
import Testing

@Suite struct TCZYXTests {
  @Test func inTwoDimensionsThereIsNoZ() {
    let position = TCZYX(t: 1, c: 2, z: 3, y: 4, x: 5)
    #expect(position.values(is3D: true) == [1, 2, 3, 4, 5] && position.values(is3D: false) == [1, 2, 4, 5])
    #expect(position.spaceValues(is3D: true) == [3, 4, 5] && position.spaceValues(is3D: false) == [4, 5])
    for is3D in [true, false] {
      #expect(Axis.all(is3D: is3D).map { position[$0] } == position.values(is3D: is3D))
      #expect(Axis.space(is3D: is3D).map { position[$0] } == position.spaceValues(is3D: is3D))
    }
  }
}
