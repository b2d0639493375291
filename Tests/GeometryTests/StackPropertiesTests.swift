import Geometry
import Testing

@Suite struct StackPropertiesTests {
  private let stack = StackProperties(
    spacing: Vector3(2, 0.5, 0.5), origin: Vector3(10, 0, -5), shape: Index3(12, 80, 80))
  private let moved = AffineMap(rows: AffineMap.identity.rows, translation: Vector3(4, 30, 0.25))

  @Test func unionCoversEveryPixelCentre() throws {
    let union = try StackProperties.enclosing(
      [(stack, .identity), (stack, moved)], spacing: stack.spacing, mode: .union, is3D: true)
    #expect(union.origin == Vector3(10, 0, -5))
    // 22 + 4 over 2; 39.5 + 30 over 0.5; 39.5 + 0.25 over 0.5 rounded down
    #expect(union.shape == Index3(14, 140, 80))
  }

  @Test func intersectionIsTheCommonPart() throws {
    let common = try StackProperties.enclosing(
      [(stack, .identity), (stack, moved)], spacing: stack.spacing, mode: .intersection, is3D: true)
    #expect(common.origin == Vector3(14, 30, -4.75))
    #expect(common.shape == Index3(10, 20, 79))
    let apart = AffineMap(rows: AffineMap.identity.rows, translation: Vector3(0, 300, 0))
    #expect(throws: GeometryError.self) {
      try StackProperties.enclosing(
        [(stack, .identity), (stack, apart)], spacing: stack.spacing, mode: .intersection, is3D: true)
    }
  }

  @Test func timePointsAreCombined() throws {
    let a = StackProperties(spacing: Vector3(1, 1, 1), origin: Vector3(0, 0, 0), shape: Index3(5, 5, 5))
    let b = StackProperties(spacing: Vector3(1, 1, 1), origin: Vector3(-1.5, 2, 0), shape: Index3(5, 5, 5))
    let both = try StackProperties.combined([a, b])
    #expect(both.origin == Vector3(-1.5, 0, 0))
    #expect(both.shape == Index3(6, 7, 5))
  }

  /// Two tiles of 4 nm pixels, 40 apart: 100 columns, wherever they are.
  @Test(arguments: [0, 66_000, 66_000.123, -66_000.5, 500_000, 4_000_000])
  func farFromTheOriginNothingIsLost(start: Double) throws {
    for shift in 0..<200 {
      let origin = start + Double(shift) * 0.0137
      let views = [0, 40].map { column in
        (
          stack: StackProperties(
            spacing: Vector3(1, 0.004, 0.004), origin: Vector3(0, origin, origin + Double(column) * 0.004),
            shape: Index3(1, 60, 60)),
          affine: AffineMap.identity
        )
      }
      let union = try StackProperties.enclosing(views, spacing: views[0].stack.spacing, mode: .union, is3D: true)
      #expect(union.shape == Index3(1, 60, 100), "\(origin)")
      #expect(try StackProperties.combined([union]) == union)
      let each = try views.map {
        try StackProperties.enclosing([$0], spacing: $0.stack.spacing, mode: .union, is3D: true)
      }
      #expect(try StackProperties.combined(each).shape == Index3(1, 60, 100), "\(origin)")
      // placed by transforms, seen by a view whose own place is far off, too
      let moved = views.map { view in
        (
          stack: StackProperties(spacing: view.stack.spacing, origin: .zero, shape: view.stack.shape),
          affine: AffineMap(rows: AffineMap.identity.rows, translation: view.stack.origin)
        )
      }
      let placed = try StackProperties.enclosing(moved, spacing: views[0].stack.spacing, mode: .union, is3D: true)
      #expect(placed.shape == Index3(1, 60, 100), "\(origin)")
    }
  }

  /// What rounding cannot explain is no whole step.
  @Test func aPartOfAStepIsNone() throws {
    for (extent, cells) in [(9.999_999, 9), (9.999_999_999_9, 10), (10.000_001, 10)] {
      let stack = StackProperties(spacing: Vector3(1, 1, 1), origin: .zero, shape: Index3(1, 1, 2))
      let affine = AffineMap(rows: [Vector3(1, 0, 0), Vector3(0, 1, 0), Vector3(0, 0, extent)], translation: .zero)
      let union = try StackProperties.enclosing(
        [(stack, affine)], spacing: stack.spacing, mode: .union, is3D: true)
      #expect(union.shape[2] == cells + 1, "\(extent)")
    }
  }
}
