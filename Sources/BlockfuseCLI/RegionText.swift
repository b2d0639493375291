import Geometry
import Planning

/// `z=0:4,y=2:9`, as `--region` takes it everywhere: ranges of some axes, whose ends are not included. `z=3` is one position,
/// `z=3:` goes to the end, which is then `Int.max`.
enum RegionText {
  static func parse(_ text: String, is3D: Bool) throws(JobError) -> [Axis: Range<Int>] {
    if text.isEmpty { throw .invalid(what: "--region is empty", hint: hint) }
    var ranges: [Axis: Range<Int>] = [:]
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2 else {
        throw .invalid(what: part.isEmpty ? "--region \(text): a part is empty" : "--region \(part): expected AXIS=FIRST:END", hint: hint)
      }
      let range = try range(String(sides[1]), part)
      guard let axis = Axis(rawValue: String(sides[0])), is3D || axis != .z else {
        let axes = is3D ? "axes are t, c, z, y, x" : "the image is 2D: axes are t, c, y, x"
        throw .invalid(what: "--region \(part): no such axis", hint: "\(axes); \(hint)")
      }
      guard ranges.updateValue(range, forKey: axis) == nil else {
        throw .invalid(what: "--region \(text): \(axis) is given twice", hint: "give each axis once, such as z=0:4,y=2:9")
      }
    }
    return ranges
  }

  private static let hint = "write such as z=0:4,y=2:9; the end is not included, z=3 is one position, z=3: goes to the end"

  private static func range(_ text: String, _ part: Substring) throws(JobError) -> Range<Int> {
    let bounds = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard bounds.count <= 2, !(bounds.count == 1 && bounds[0].isEmpty) else {
      throw .invalid(what: "--region \(part): expected FIRST:END or one position", hint: hint)
    }
    for bound in bounds where !bound.isEmpty {
      guard let number = Int(bound), number < .max else {
        throw .invalid(what: "--region \(part): \"\(bound)\" is no whole number, or is too large", hint: hint)
      }
      if number < 0 { throw .invalid(what: "--region \(part): positions are counted from 0", hint: hint) }
    }
    let low = Int(bounds[0]) ?? 0
    let high = bounds.count == 1 ? low + 1 : Int(bounds[1]) ?? .max
    guard low < high else {
      throw .invalid(
        what: "--region \(part): holds nothing, since the end is not included", hint: "give an end above \(low), such as \(low):\(low + 1)")
    }
    return low..<high
  }
}
