import Diagnostics
import Foundation
import Geometry
import Pictures
import Planning

/// Where the views of a plan lie, seen along z: outlines, how many views cover each place, gaps, names where there is room, and
/// the scale.
package struct LayoutPicture {
  package private(set) var picture: Picture

  private let outlines: [ViewOutline]
  private let map: LayoutMap
  /// Pixels of the output.
  private let rows: Range<Int>
  private let columns: Range<Int>

  /// By how many views a place of the output is covered, up to the last, which stands for more too.
  private static let shades: [Picture.Color] = [
    (250, 205, 196), (222, 233, 245), (165, 198, 232), (109, 159, 212), (64, 116, 178),
  ]
  private static let (paper, ink, frame, outline): (Picture.Color, Picture.Color, Picture.Color, Picture.Color) = (
    (255, 255, 255), (20, 26, 36), (200, 60, 40), (44, 66, 102)
  )
  /// Under the map: the scale, what the colours mean, and what is seen.
  private static let footHeight = 132
  private static let leastWidth = 760

  package init(_ result: Planner.Result) {
    outlines = result.outlines
    let stack = result.plan.outputStack
    let lower = stack.origin - 0.5 * stack.spacing
    let upper = lower + Vector3(stack.shape) * stack.spacing
    let box = (lower: ViewOutline.Point(y: lower[1], x: lower[2]), upper: ViewOutline.Point(y: upper[1], x: upper[2]))
    map = LayoutMap(outlines, box: box)
    let (first, last) = (map.place(box.lower), map.place(box.upper))
    rows = Int(first.row)..<max(Int(first.row) + 1, Int(last.row.rounded()))
    columns = Int(first.column)..<max(Int(first.column) + 1, Int(last.column.rounded()))
    picture = Picture(
      width: max(Self.leastWidth, map.width + 2 * LayoutMap.margin), height: map.height + 2 * LayoutMap.margin + Self.footHeight)
    picture.fill(rows: 0..<picture.height, columns: 0..<picture.width, Self.paper)
    let most = drawCover()
    drawOutlines()
    let names = drawNames()
    drawFoot(result, most: most, names)
  }

  // MARK: - The map

  /// Returns the most views that cover a pixel.
  private mutating func drawCover() -> Int {
    var counts = [UInt8](repeating: 0, count: picture.width * picture.height)
    for outline in outlines {
      eachRow(of: outline) { row, span in
        for column in span { counts[row * picture.width + column] += counts[row * picture.width + column] < 255 ? 1 : 0 }
      }
    }
    for row in 0..<picture.height - Self.footHeight {
      for column in 0..<picture.width {
        let count = Int(counts[row * picture.width + column])
        // outside of the output what no view covers is no gap
        guard count > 0 || (rows.contains(row) && columns.contains(column)) else { continue }
        picture[row, column] = Self.shades[min(count, Self.shades.count - 1)]
      }
    }
    return Int(counts.max() ?? 0)
  }

  /// The pixels whose middles a view covers.
  private func eachRow(of outline: ViewOutline, _ body: (Int, Range<Int>) -> Void) {
    let corners = outline.corners.map(map.place)
    guard let top = corners.map(\.row).min(), let bottom = corners.map(\.row).max() else { return }
    for row in max(0, Int(top))..<min(picture.height, Int(bottom.rounded(.up)) + 1) {
      let y = Double(row) + 0.5
      var (left, right) = (Double.infinity, -Double.infinity)
      for (a, b) in zip(corners, corners.dropFirst() + corners.prefix(1)) where (a.row <= y) != (b.row <= y) {
        let x = a.column + (y - a.row) / (b.row - a.row) * (b.column - a.column)
        (left, right) = (min(left, x), max(right, x))
      }
      guard left < right else { continue }
      let span = max(0, Int((left - 0.5).rounded(.up)))..<max(0, min(picture.width, Int((right - 0.5).rounded(.up))))
      if !span.isEmpty { body(row, span) }
    }
  }

  private mutating func drawOutlines() {
    for outline in outlines {
      let corners = outline.corners.map(map.place)
      for (a, b) in zip(corners, corners.dropFirst() + corners.prefix(1)) { picture.line(from: a, to: b, Self.outline) }
    }
    let (top, bottom) = (Double(rows.lowerBound - 1), Double(rows.upperBound))
    let (left, right) = (Double(columns.lowerBound - 1), Double(columns.upperBound))
    let corners = [(top, left), (top, right), (bottom, right), (bottom, left)]
    for (a, b) in zip(corners, corners.dropFirst() + corners.prefix(1)) {
      picture.line(from: (row: a.0, column: a.1), to: (row: b.0, column: b.1), Self.frame)
    }
  }

  // MARK: - Names

  /// How names are written: whole or without what all of them begin with, and how large.
  private struct Style {
    let leftOut: Int
    let scale: Int
  }

  private static let styles = [(false, 3), (false, 2), (true, 2), (false, 1), (true, 1)]

  /// Returns how many have no room, and what is left out of others, which all begin with it.
  private mutating func drawNames() -> (unnamed: Int, leftOut: String) {
    let common = Self.commonStart(outlines.map(\.name))
    let styles = Self.styles.map { Style(leftOut: $0 ? common : 0, scale: $1) }
    // one that suits nearly all, so that they look alike
    let first = styles.firstIndex { Double(count(in: $0)) >= 0.95 * Double(outlines.count) }
    var taken = Set<Int>()
    var (unnamed, isCut) = (0, false)
    for outline in outlines {
      let style = styles[(first ?? styles.count - 1)...].first { draw(outline, $0, &taken) }
      if let style { isCut = isCut || style.leftOut > 0 } else { unnamed += 1 }
    }
    return (unnamed, isCut ? String(outlines[0].name.prefix(common)) : "")
  }

  /// How many names there is room for in a style.
  private func count(in style: Style) -> Int {
    var taken = Set<Int>()
    return outlines.count { outline in
      guard let (_, rows, columns) = room(for: outline, style) else { return false }
      return Self.take(rows: rows, columns: columns, from: &taken)
    }
  }

  /// Where a name goes, in the middle of its view; nil where it is too large.
  private func room(for outline: ViewOutline, _ style: Style) -> (text: String, rows: Range<Int>, columns: Range<Int>)? {
    let corners = outline.corners.map(map.place)
    guard let top = corners.map(\.row).min(), let bottom = corners.map(\.row).max(), let left = corners.map(\.column).min(),
      let right = corners.map(\.column).max()
    else { return nil }
    let text = String(outline.name.dropFirst(style.leftOut))
    let size = Picture.size(of: text, scale: style.scale)
    guard !text.isEmpty, Double(size.width) <= right - left - 4, Double(size.height) <= bottom - top - 4 else { return nil }
    let (row, column) = (Int((top + bottom) / 2) - size.height / 2, Int((left + right) / 2) - size.width / 2)
    return (text, row..<row + size.height, column..<column + size.width)
  }

  /// False where there is no room, or another name is there.
  private mutating func draw(_ outline: ViewOutline, _ style: Style, _ taken: inout Set<Int>) -> Bool {
    guard let (text, rows, columns) = room(for: outline, style) else { return false }
    guard Self.take(rows: rows, columns: columns, from: &taken) else { return false }
    picture.text(
      text, row: rows.lowerBound, column: columns.lowerBound, scale: style.scale, Self.ink, halo: Self.shades[1])
    return true
  }

  /// Names are kept apart by squares of 4 pixels. False where another one is there.
  private static func take(rows: Range<Int>, columns: Range<Int>, from taken: inout Set<Int>) -> Bool {
    let cells = (rows.lowerBound / 4...rows.upperBound / 4).flatMap { row in
      (columns.lowerBound / 4...columns.upperBound / 4).map { row << 20 | $0 }
    }
    guard taken.isDisjoint(with: cells) else { return false }
    taken.formUnion(cells)
    return true
  }

  /// How many characters all names begin with, up to one that is no letter or digit.
  static func commonStart(_ names: [String]) -> Int {
    guard names.count > 1, var common = names.first.map(Array.init) else { return 0 }
    for name in names {
      let same = zip(common, name).prefix { $0 == $1 }.count
      common = Array(common.prefix(same))
    }
    return (common.lastIndex { !$0.isLetter && !$0.isNumber }).map { $0 + 1 } ?? 0
  }

  // MARK: - The foot

  private mutating func drawFoot(_ result: Planner.Result, most: Int, _ names: (unnamed: Int, leftOut: String)) {
    let (left, top) = (LayoutMap.margin, picture.height - Self.footHeight)
    let unit = result.plan.isPhysical ? "µm" : "world units"
    // up to a quarter of the picture
    let length = Self.roundLength(atMost: Double(picture.width) / 4 / map.scale)
    let bar = max(1, Int((length * map.scale).rounded()))
    picture.fill(rows: top..<top + 6, columns: left..<left + bar, Self.ink)
    picture.text("\(Self.numberText(length)) \(unit)", row: top - 4, column: left + bar + 12, scale: 2, Self.ink)
    var column = left
    for (count, shade) in Self.shades.enumerated() where count <= max(1, most) {
      let isLast = count == Self.shades.count - 1
      let text = count == 0 ? "gap" : "\(count)\(isLast ? " or more" : "") \(count == 1 ? "view" : "views")"
      picture.fill(rows: top + 28..<top + 46, columns: column..<column + 24, Self.outline)
      picture.fill(rows: top + 29..<top + 45, columns: column + 1..<column + 23, shade)
      picture.text(text, row: top + 30, column: column + 32, scale: 2, Self.ink)
      column += 32 + Picture.size(of: text, scale: 2).width + 28
    }
    let size = result.plan.outputStack.spacing * Vector3(result.plan.outputStack.shape)
    let all = result.views.count
    let views =
      outlines.count == all
      ? counted(all, "view") : "\(outlines.count.grouped) of \(counted(all, "view")) (one time point and channel)"
    picture.text("\(views), seen along z", row: top + 60, column: left, scale: 2, Self.ink)
    picture.text(
      "frame: output, \(Self.numberText(size[2])) x \(Self.numberText(size[1])) \(unit) (x, y)", row: top + 84, column: left, scale: 2,
      Self.frame)
    var remarks: [String] = []
    if !names.leftOut.isEmpty { remarks.append("names without \(names.leftOut)") }
    if names.unnamed > 0 { remarks.append("\(counted(names.unnamed, "name has", "names have")) no room") }
    picture.text(remarks.joined(separator: ", "), row: top + 108, column: left, scale: 2, Self.ink)
  }

  /// 1, 2 or 5 times a power of ten.
  static func roundLength(atMost limit: Double) -> Double {
    guard limit > 0, limit.isFinite else { return 1 }
    let power = pow(10, (log10(limit)).rounded(.down))
    return ([5, 2, 1].first { $0 * power <= limit } ?? 1) * power
  }

  private static func numberText(_ value: Double) -> String { String(format: "%.4g", value) }
}
