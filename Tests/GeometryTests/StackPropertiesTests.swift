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
}
