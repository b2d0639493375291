import Planning

/// From lengths of the output to the pixels of a picture of its views, with room for views of any size.
struct LayoutMap {
  let scale: Double
  let width: Int
  let height: Int
  private let lower: ViewOutline.Point

  /// White around all.
  static let margin = 24
  /// Views are to be so wide, where the picture is not too small or too large then.
  private static let viewSide = 64.0
  private static let (shortest, longest) = (900.0, 3600.0)

  /// - Parameter box: the ends of the output.
  init(_ outlines: [ViewOutline], box: (lower: ViewOutline.Point, upper: ViewOutline.Point)) {
    var (lower, upper) = box
    var sides: [Double] = []
    for outline in outlines {
      let (y, x) = (outline.corners.map(\.y), outline.corners.map(\.x))
      guard let top = y.min(), let bottom = y.max(), let left = x.min(), let right = x.max() else { continue }
      lower = ViewOutline.Point(y: min(lower.y, top), x: min(lower.x, left))
      upper = ViewOutline.Point(y: max(upper.y, bottom), x: max(upper.x, right))
      sides.append(min(bottom - top, right - left))
    }
    let long = max(upper.y - lower.y, upper.x - lower.x)
    let middle = sides.isEmpty ? long : sides.sorted()[sides.count / 2]
    let wanted = middle > 0 ? long / middle * Self.viewSide : Self.longest
    scale = min(Self.longest, max(Self.shortest, wanted)) / (long > 0 ? long : 1)
    self.lower = lower
    width = max(1, Int(((upper.x - lower.x) * scale).rounded(.up)))
    height = max(1, Int(((upper.y - lower.y) * scale).rounded(.up)))
  }

  func place(_ point: ViewOutline.Point) -> (row: Double, column: Double) {
    (Double(Self.margin) + (point.y - lower.y) * scale, Double(Self.margin) + (point.x - lower.x) * scale)
  }
}
