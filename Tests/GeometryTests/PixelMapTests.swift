import Geometry
import Testing

@Suite struct PixelMapTests {
  @Test func identityShiftIsWhole() throws {
    let map = try PixelMap(
      affine: .identity, viewSpacing: Vector3(2, 0.5, 0.5), viewOrigin: Vector3(10, 861.51, 0.138),
      outputSpacing: Vector3(2, 0.5, 0.5), outputOrigin: Vector3(6, 860.01, -1.362))
    #expect(map.isWholeShift)
    #expect(map.offset == Vector3(-2, -3, -3))
  }

  @Test func goesBackThroughTheAffine() throws {
    let affine = try AffineMap(homogeneous: [[0.9, 0.1, 0, 5], [-0.2, 1.1, 0.3, -7], [0, 0.05, 1, 100_000.25], [0, 0, 0, 1]])
    let (spacing, origin) = (Vector3(2, 0.7, 0.5), Vector3(3, -4, 5))
    let (outSpacing, outOrigin) = (Vector3(1.5, 1, 1), Vector3(0, -20, 99_990))
    let map = try PixelMap(
      affine: affine, viewSpacing: spacing, viewOrigin: origin, outputSpacing: outSpacing, outputOrigin: outOrigin)
    let index = Vector3(17, 3, 41)
    let world = affine(map(index) * spacing + origin)
    let expected = index * outSpacing + outOrigin
    for i in 0..<3 { #expect((world[i] - expected[i]).magnitude < 1e-6) }
  }

  @Test func singularMatricesAreRefused() {
    let flat = AffineMap(rows: [Vector3(1, 0, 0), Vector3(0, 1, 0), Vector3(0, 2, 0)], translation: .zero)
    #expect(throws: GeometryError.self) { try flat.inverse() }
  }

  /// Where a plane is, in output planes, and the one that it goes to.
  @Test func onePlaneGoesToTheNearest() {
    let cases = [(0, 0), (0.4, 0), (0.5, 0), (0.6, 1), (1.5, 1), (2.5000001, 2), (-0.4, 0), (-0.5, -1), (-1.2, -1), (1e9 + 0.5, 1e9)]
    for (place, plane) in cases as [(Double, Double)] {
      for scale in [1, 0.3, -2.5] {
        let map = PixelMap(rows: [Vector3(scale, 0, 0), Vector3(0, 1, 0.5), Vector3(0, -0.5, 1)], offset: Vector3(-place * scale, 3, 4))
        let moved = map.onNearestPlane(shape: Index3(1, 5, 6))
        #expect(moved?.rows[0] == Vector3(1, 0, 0) && moved?.offset[0] == 0 - plane, "\(place) \(scale)")
        #expect(moved?.rows[1...] == map.rows[1...] && moved?.offset[1] == 3 && moved?.offset[2] == 4)
      }
    }
  }

  /// Straight along z, whatever the plane's y and x would be on other planes.
  @Test func aShearedPlaneGoesStraight() throws {
    let map = PixelMap(rows: [Vector3(0.5, 0, 0), Vector3(2, 1, 0), Vector3(0, 0, 1)], offset: Vector3(-0.7, 10, 0))
    let moved = try #require(map.onNearestPlane(shape: Index3(1, 50, 60)))
    #expect(moved == PixelMap(rows: [Vector3(1, 0, 0), Vector3(0, 1, 0), Vector3(0, 0, 1)], offset: Vector3(-1, 12.8, 0)))
  }

  @Test func stacksAndTiltedPlanesStay() {
    let straight = PixelMap(rows: AffineMap.identity.rows, offset: Vector3(-0.4, 0, 0))
    #expect(straight.onNearestPlane(shape: Index3(2, 5, 6)) == nil)
    let tilted = PixelMap(rows: [Vector3(1, 0, 1e-9), Vector3(0, 1, 0), Vector3(0, 0, 1)], offset: .zero)
    #expect(tilted.onNearestPlane(shape: Index3(1, 5, 6)) == nil)
    let far = PixelMap(rows: AffineMap.identity.rows, offset: Vector3(1e18, 0, 0))
    #expect(far.onNearestPlane(shape: Index3(1, 5, 6)) == nil)
  }

  @Test func boundsHoldEveryPixelOfABox() {
    let map = PixelMap(
      rows: [Vector3(1, 0.1, -0.2), Vector3(0, -1, 0.3), Vector3(0.5, 0, 2)], offset: Vector3(1, 2, 3))
    let box = Box3(lower: Index3(1, 2, 3), upper: Index3(4, 6, 5))
    let (lower, upper) = map.bounds(of: box)
    for z in 1..<4 {
      for y in 2..<6 {
        for x in 3..<5 {
          let p = map(Vector3(Double(z), Double(y), Double(x)))
          #expect(all(p .>= lower - 1e-12) && all(p .<= upper + 1e-12))
        }
      }
    }
  }

  /// A shift by whole pixels is one wherever the views are.
  @Test(arguments: [0, 66_000, 4_000_000, 3e7])
  func wholeShiftsFarFromTheOrigin(start: Double) throws {
    for shift in 0..<200 {
      let origin = start + Double(shift) * 0.0137
      let spacing = Vector3(repeating: 0.004)
      let map = try PixelMap(
        affine: AffineMap(rows: AffineMap.identity.rows, translation: Vector3(repeating: origin)), viewSpacing: spacing,
        viewOrigin: Vector3(repeating: 40 * 0.004), outputSpacing: spacing, outputOrigin: Vector3(repeating: origin))
      #expect(map.isWholeShift && map.offset == Vector3(repeating: -40), "\(origin) \(map.offset)")
      let own = try PixelMap(
        affine: .identity, viewSpacing: spacing, viewOrigin: Vector3(repeating: origin + 40 * 0.004),
        outputSpacing: spacing, outputOrigin: Vector3(repeating: origin))
      #expect(own.isWholeShift && own.offset == Vector3(repeating: -40), "\(origin) \(own.offset)")
    }
  }
}
