import Fusion
import Geometry
import Testing

@Suite struct PlacedViewTests {
  private let volume = Index3(5, 8, 13)

  private func smallIndex(_ z: Int, _ y: Int, _ x: Int, _ g: inout SeededGenerator) -> Index3 {
    Index3(Int.random(in: 0...z, using: &g), Int.random(in: 0...y, using: &g), Int.random(in: 0...x, using: &g))
  }

  private func smallView(_ kind: MapKind, _ g: inout SeededGenerator) -> PlacedView {
    let shape = smallIndex(5, 8, 11, &g) &+ 1
    return randomView(
      id: 0, type: .uint8, shape: shape, map: randomMap(kind, view: shape, volume: volume, using: &g), using: &g
    ).placed
  }

  @Test(arguments: MapKind.allCases) func inputBoxesHoldAllThatABlockNeeds(_ kind: MapKind) {
    var g = SeededGenerator(seed: 17)
    for _ in 0..<30 {
      let view = smallView(kind, &g)
      let shape = view.shape
      let lower = smallIndex(3, 5, 9, &g)
      let box = Box3(lower: lower, upper: lower &+ Index3(2, 3, 4))
      for order in [0, 1] {
        let input = view.inputBox(for: box, order: order)
        #expect(Box3(shape: shape).contains(input))
        for z in box.lower[0]..<box.upper[0] {
          for y in box.lower[1]..<box.upper[1] {
            for x in box.lower[2]..<box.upper[2] {
              let p = view.map(Vector3(Index3(z, y, x)))
              guard (0..<3).allSatisfy({ p[$0] >= 0 && p[$0] <= Double(shape[$0] - 1) }) else { continue }
              let first = Index3((order == 0 ? p + 0.5 : p).rounded(.down))
              let last = order == 0 ? first : Index3(p.rounded(.up))
              #expect(input.contains(Box3(lower: first, upper: last &+ 1)), "\(order) \(p)")
            }
          }
        }
      }
    }
  }

  /// Whether a view has a voxel in a box of the output is what looking at each of them says.
  @Test(arguments: MapKind.allCases) func presenceIsThatOfTheVoxels(_ kind: MapKind) {
    var g = SeededGenerator(seed: 19)
    let twin = TwinFuser()
    var found: Set<PlacedView.Presence> = []
    for _ in 0..<150 {
      let shape = Index3(
        [1, 1, 2, 5].randomElement(using: &g) ?? 1, [1, 1, 2, 8].randomElement(using: &g) ?? 1,
        [1, 2, 11].randomElement(using: &g) ?? 1)
      let view = randomView(
        id: 0, type: .uint8, shape: shape, map: randomMap(kind, view: shape, volume: volume, using: &g), using: &g)
      let lower = smallIndex(3, 5, 9, &g)
      for box in [Box3(shape: volume), Box3(lower: lower, upper: lower &+ Index3(2, 3, 4))] {
        let isThere = (0..<box.count).contains { i in
          let size = box.shape
          let at = box.lower &+ Index3(i / (size[1] * size[2]), i / size[2] % size[1], i % size[2])
          return twin.sample(view, at) != nil
        }
        var limit = 10_000
        let presence = view.placed.presence(in: box, rowLimit: &limit)
        #expect(presence == (isThere ? .present : .absent), "\(shape) \(view.placed.map) \(box)")
        found.insert(presence)
      }
    }
    #expect(found == [.present, .absent])
  }

  @Test func aLimitOfRowsLeavesItOpen() {
    let rows = [Vector3(1, 0.5, 0), Vector3(-0.5, 1, 0), Vector3(0, 0, 1)]
    let view = PlacedView(
      id: 0, map: PixelMap(rows: rows, offset: Vector3(0.123, 0, 0)), shape: Index3(1, 40, 40), spacing: Vector3(1, 1, 1),
      affine: .identity, elementType: .uint8)
    let volume = Box3(lower: Index3(-50, -50, -50), upper: Index3(50, 50, 50))
    for (rows, presence) in [(10_000, PlacedView.Presence.absent), (3, .unknown)] {
      var limit = rows
      #expect(view.presence(in: volume, rowLimit: &limit) == presence)
      #expect(limit < rows)
    }
  }

  /// The other way round: every block that needs a voxel of the view is found.
  @Test(arguments: MapKind.allCases) func outputBoxesHoldAllThatAreMadeOfVoxels(_ kind: MapKind) {
    var g = SeededGenerator(seed: 18)
    for _ in 0..<30 {
      let view = smallView(kind, &g)
      let lower = smallIndex(5, 8, 11, &g)
      let input = Box3(lower: lower, upper: lower &+ Index3(2, 3, 4))
      for z in 0..<volume[0] {
        for y in 0..<volume[1] {
          for x in 0..<volume[2] {
            let voxel = Box3(lower: Index3(z, y, x), upper: Index3(z + 1, y + 1, x + 1))
            for order in 0...5 where view.inputBox(for: voxel, order: order).intersects(input) {
              guard let around = view.outputBox(for: input, order: order) else { continue }
              #expect(around.contains(voxel), "\(kind) \(order) \(voxel.lower)")
            }
          }
        }
      }
    }
    let flat = PlacedView(
      id: 0, map: PixelMap(rows: [.zero, .zero, .zero], offset: .zero), shape: Index3(5, 5, 5),
      spacing: Vector3(1, 1, 1), affine: .identity, elementType: .uint8)
    #expect(flat.outputBox(for: Box3(shape: Index3(1, 1, 1)), order: 1) == nil)
  }

  /// What a spline needs around its samples, but along axes along which all samples are voxels.
  @Test func splinesNeedVoxelsAround() {
    func box(_ offset: Vector3, order: Int) -> Box3 {
      PlacedView(
        id: 0, map: PixelMap(rows: AffineMap.identity.rows, offset: offset), shape: Index3(100, 100, 100),
        spacing: Vector3(1, 1, 1), affine: .identity, elementType: .uint8
      ).inputBox(for: Box3(lower: Index3(50, 3, 90), upper: Index3(52, 5, 92)), order: order)
    }
    for order in 2...5 {
      let reach = (Spline.of(order: order)?.reach ?? 0)
      let half = order / 2
      let below = 50 - half - reach
      #expect(box(Vector3(0, 0, 0), order: order) == Box3(lower: Index3(50, 3, 90), upper: Index3(52, 5, 92)))
      let around = box(Vector3(0.25, 0, 0), order: order)
      #expect(around == Box3(lower: Index3(below, 3, 90), upper: Index3(52 + (order + 1) / 2 + reach, 5, 92)), "\(order)")
      let atEnds = box(Vector3(0, 0.25, 0.25), order: order)
      #expect(atEnds.lower[1] == 0 && atEnds.upper[2] == 100 && atEnds.shape[0] == 2, "\(order)")
    }
    #expect(Spline.of(order: 1) == nil && Spline.of(order: 6) == nil)
  }

  @Test func inputBoxesOfShiftsAreTight() {
    func box(_ offset: Vector3, _ output: Box3, order: Int = 1) -> Box3 {
      PlacedView(
        id: 0, map: PixelMap(rows: AffineMap.identity.rows, offset: offset), shape: Index3(10, 10, 10),
        spacing: Vector3(1, 1, 1), affine: .identity, elementType: .uint8
      ).inputBox(for: output, order: order)
    }
    let output = Box3(lower: Index3(2, 2, 2), upper: Index3(5, 5, 5))
    #expect(box(Vector3(1, 0, 3), output) == Box3(lower: Index3(3, 2, 5), upper: Index3(6, 5, 8)))
    #expect(box(Vector3(0.5, 0, 0.25), output) == Box3(lower: Index3(2, 2, 2), upper: Index3(6, 5, 6)))
    #expect(box(Vector3(0.5, 0, 0.25), output, order: 0) == Box3(lower: Index3(3, 2, 2), upper: Index3(6, 5, 5)))
    #expect(box(Vector3(0, 8, 0), output).isEmpty)
    #expect(box(Vector3(0, 7, 0), output) == Box3(lower: Index3(2, 9, 2), upper: Index3(5, 10, 5)))
    // between the last voxel and the one that is not there
    #expect(box(Vector3(0, 7.5, 0), output).isEmpty)
    #expect(box(Vector3(-1e300, 0, 0), output).isEmpty)
    #expect(box(Vector3(.nan, 0, 0), output).isEmpty)
  }
}
