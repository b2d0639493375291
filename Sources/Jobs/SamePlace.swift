import Geometry
import Views

/// Views of one size that are at exactly one place at the same time points and channels, so that each voxel is made of
/// all of them.
enum SamePlace {
  private struct Place: Hashable {
    let stack: StackProperties
    let transforms: [AffineMap]
    let times: SeriesMap
    let channels: SeriesMap
    let side: String?
  }

  /// In dataset order, two or more each.
  ///
  /// - Parameter sides: angles and illuminations, by view: those are at one place on purpose.
  static func groups(_ views: [View], _ transforms: [[AffineMap]], sides: [String: String]) -> [[Int]] {
    var found: [Place: [Int]] = Dictionary(minimumCapacity: views.count)
    for (i, (view, maps)) in zip(views, transforms).enumerated() {
      let place = Place(
        stack: view.level.stack, transforms: maps, times: view.details.times, channels: view.details.channels,
        side: sides[view.name])
      found[place, default: []].append(i)
    }
    return found.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
  }
}
