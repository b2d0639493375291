import Geometry
import JobStore
import Testing

@Suite struct BrickLayoutTests {
  @Test(arguments: [
    (TCZYX(z: 47, y: 2250, x: 2250), TCZYX(z: 16, y: 16, x: 16)),
    (TCZYX(z: 1, y: 1, x: 1), TCZYX(z: 1, y: 1, x: 1)),
    (TCZYX(z: 1, y: 100, x: 1000), TCZYX(z: 1, y: 64, x: 64)),
    (TCZYX(z: 3, y: 100, x: 100), TCZYX(z: 3, y: 32, x: 32)),
    (TCZYX(t: 9, c: 3, z: 4, y: 4, x: 4), TCZYX(t: 9, c: 3, z: 4, y: 4, x: 4)),
    (TCZYX(t: 1000, c: 3, z: 4, y: 4, x: 4), TCZYX(t: 21, c: 3, z: 4, y: 4, x: 4)),
    (TCZYX(t: 5, c: 1000, z: 4, y: 4, x: 4), TCZYX(t: 1, c: 64, z: 4, y: 4, x: 4)),
    (TCZYX(t: 5, c: 2, z: 32, y: 32, x: 32), TCZYX(z: 16, y: 16, x: 16)),
  ])
  func bricksGrowAlongSpaceFirst(grid: TCZYX, brick: TCZYX) {
    #expect(BrickLayout(grid: grid).bricks.block == brick)
  }

  /// Every block lies in one brick at one index, whatever the grid.
  @Test(arguments: [
    TCZYX(t: 2, c: 3, z: 5, y: 7, x: 6), TCZYX(t: 1, c: 2, z: 17, y: 33, x: 18), TCZYX(t: 30, c: 5, z: 1, y: 9, x: 10),
  ])
  func positionsAndIndicesAreOneToOne(grid: TCZYX) {
    let layout = BrickLayout(grid: grid)
    var seen = 0
    for number in 0..<layout.count {
      let place = BrickPlace(number, in: layout)
      #expect(place.count <= BrickLayout.capacity)
      for index in 0..<place.count {
        let position = place.position(at: index)
        #expect(layout.number(of: position) == number)
        #expect(place.index(of: position) == index)
        seen += 1
      }
      #expect(place.index(of: TCZYX(t: -1, c: 0, z: 0, y: 0, x: 0)) == nil)
      var beyond = place.corner
      beyond.x += place.extent.x
      #expect(place.index(of: beyond) == nil)
    }
    #expect(seen == grid.product)
  }

  @Test func mortonOrderKeepsNeighboursTogether() {
    let order = MortonOrder()
    let extent = TCZYX(t: 2, c: 1, z: 3, y: 5, x: 4)
    let indices = order.indices(extent)
    #expect(indices.sorted() == Array(0..<extent.product))
    // the first eight are a cube of two, and a time point ends before the next begins
    #expect(Set(indices.prefix(8)) == [0, 1, 4, 5, 20, 21, 24, 25])
    #expect(indices.prefix(60).allSatisfy { $0 < 60 })
  }
}
