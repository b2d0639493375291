import Geometry
import Planning

/// A part of a level: ranges of its voxels, time points and channels. None is empty.
struct LevelRegion: Sendable {
  var t: Range<Int>
  var c: Range<Int>
  var box: Box3

  /// - Parameter ranges: of the axes that are cut; an upper end of `Int.max` is the end of the axis.
  init(_ ranges: [Axis: Range<Int>], of shape: TCZYX, level: Int) throws(JobError) {
    func range(_ axis: Axis) throws(JobError) -> Range<Int> {
      let length = shape[axis]
      guard let wanted = ranges[axis] else { return 0..<length }
      let upper = wanted.upperBound == .max ? length : wanted.upperBound
      guard wanted.lowerBound >= 0, wanted.lowerBound < upper, upper <= length else {
        let text = wanted.count == 1 ? "" : ":" + (wanted.upperBound == .max ? "" : String(upper))
        throw .invalid(
          what: "--region \(axis)=\(wanted.lowerBound)\(text) is not in level \(level), which has \(length) along \(axis)",
          hint: "it is counted from 0 in voxels of that level, and the end is not included: all of it is \(axis)=0:\(length)")
      }
      return wanted.lowerBound..<upper
    }
    (t, c) = (try range(.t), try range(.c))
    let (z, y, x) = (try range(.z), try range(.y), try range(.x))
    box = Box3(
      lower: Index3(z.lowerBound, y.lowerBound, x.lowerBound), upper: Index3(z.upperBound, y.upperBound, x.upperBound))
  }

  var shape: TCZYX { TCZYX(t: t.count, c: c.count, zyx: box.shape) }
}
