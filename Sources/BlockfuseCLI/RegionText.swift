import Geometry
import Planning

/// `z=0:4,y=2:9`, as `--region` takes it everywhere: ranges of some axes, whose ends are not included. `z=3` is one position,
/// `z=3:` goes to the end, which is then `Int.max`.
enum RegionText {
  static func parse(_ text: String, is3D: Bool) throws(JobError) -> [Axis: Range<Int>] {
    var ranges: [Axis: Range<Int>] = [:]
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", maxSplits: 1)
      guard sides.count == 2, let axis = Axis(rawValue: String(sides[0])), is3D || axis != .z else {
        throw .invalid(what: "--region \(part): no such axis", hint: "write z=0:4,y=2:9; axes are t, c, \(is3D ? "z, " : "")y, x")
      }
      let bounds = sides[1].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      let low = bounds[0].isEmpty ? 0 : Int(bounds[0])
      let high = bounds.count == 1 ? low.flatMap { $0 < .max ? $0 + 1 : nil } : (bounds[1].isEmpty ? Int.max : Int(bounds[1]))
      guard bounds.count <= 2, let low, let high, low >= 0, low < high else {
        throw .invalid(what: "--region \(part): expected FIRST:END or one position", hint: "such as z=0:4")
      }
      guard ranges.updateValue(low..<high, forKey: axis) == nil else {
        throw .invalid(what: "--region \(text): \(axis) is given twice", hint: "give each axis once, such as z=0:4,y=2:9")
      }
    }
    return ranges
  }
}
