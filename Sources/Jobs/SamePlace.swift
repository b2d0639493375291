import Fusion
import Geometry
import Views

/// Views of one size that are at exactly one place in the output at the same time points and channels, so that each voxel
/// is made of all of them.
enum SamePlace {
  private struct Place: Hashable {
    let shape: Index3
    /// One for all time points, or one for each.
    let maps: [PixelMap]
    let times: SeriesMap
    let channels: SeriesMap
    let side: String?
  }

  /// In dataset order, two or more each.
  ///
  /// - Parameter sides: angles and illuminations, by view: those are at one place on purpose.
  static func groups(
    _ views: [View], _ transforms: [[AffineMap]], _ placements: [Placement], sides: [String: String]
  ) -> [[Int]] {
    var found: [Place: [Int]] = Dictionary(minimumCapacity: views.count)
    for (i, view) in views.enumerated() {
      let own = transforms[i].count > 1 ? placements[...] : placements[..<1]
      let place = Place(
        shape: view.level.stack.shape, maps: own.map { $0.views[i].map }, times: view.details.times,
        channels: view.details.channels, side: sides[view.name])
      found[place, default: []].append(i)
    }
    return found.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
  }
}
