import Fusion
import Geometry
import Views

/// A view as it is seen along z: its name and its corners, in the output's own lengths.
package struct ViewOutline: Sendable {
  package struct Point: Sendable, Hashable {
    package var y: Double
    package var x: Double

    package init(y: Double, x: Double) { (self.y, self.x) = (y, x) }
  }

  package let name: String
  /// A convex polygon.
  package let corners: [Point]

  /// The convex polygon around some points, in order.
  static func hull(of points: [Point]) -> [Point] {
    let sorted = Set(points).sorted { $0.x == $1.x ? $0.y < $1.y : $0.x < $1.x }
    if sorted.count < 3 { return sorted }
    func half(_ points: some Sequence<Point>) -> [Point] {
      var chain: [Point] = []
      for p in points {
        while chain.count > 1, turn(chain[chain.count - 2], chain[chain.count - 1], p) <= 0 { chain.removeLast() }
        chain.append(p)
      }
      return chain.dropLast()
    }
    return half(sorted) + half(sorted.reversed())
  }

  private static func turn(_ a: Point, _ b: Point, _ c: Point) -> Double {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
  }
}

extension Planner.Result {
  /// The views of one time point and channel, those of the first view, from the outer sides of their voxels on.
  package var outlines: [ViewOutline] {
    let (t, c) = placement.seat(of: 0)
    let own = placements[placements.count > 1 ? t : 0]
    // from world units to the output's own
    let factor = plan.outputStack.spacing / plan.stack.spacing
    return views.indices.filter { views[$0].details.times[t] != nil && views[$0].details.channels[c] != nil }.map { i in
      let (stack, affine) = (views[i].level.stack, own.views[i].affine)
      let points = (0..<8).map { corner in
        let end = Vector3(Double(corner >> 2 & 1), Double(corner >> 1 & 1), Double(corner & 1))
        let p = affine((end * Vector3(stack.shape) - 0.5) * stack.spacing + stack.origin) * factor
        return ViewOutline.Point(y: p[1], x: p[2])
      }
      return ViewOutline(name: views[i].name, corners: ViewOutline.hull(of: points))
    }
  }
}
