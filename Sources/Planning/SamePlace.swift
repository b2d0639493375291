import Fusion
import Geometry
import Views

/// Views of one size that are at exactly one place in the output at a time point and channel that all of them have, so that
/// each voxel there is made of all of them.
enum SamePlace {
  private struct Place: Hashable {
    let shape: Index3
    let map: PixelMap
    let side: String?
  }

  private struct Series: Hashable {
    let times: SeriesMap
    let channels: SeriesMap
  }

  private struct Cell: Hashable {
    let t: Int
    let c: Int
  }

  /// In dataset order, two or more each.
  ///
  /// - Parameters:
  ///   - placements: one for all time points, or one for each.
  ///   - sides: angles and illuminations, by view: those are at one place on purpose.
  static func groups(_ views: [View], _ placements: [PlacedViews], sides: [String: String]) -> [[Int]] {
    var groups = Set<[Int]>()
    for (t, placement) in placements.enumerated() {
      var found: [Place: [Int]] = Dictionary(minimumCapacity: views.count)
      for (i, view) in views.enumerated() where placements.count == 1 || view.details.times[t] != nil {
        found[Place(shape: view.level.stack.shape, map: placement.views[i].map, side: sides[view.name]), default: []].append(i)
      }
      for place in found.values where place.count > 1 {
        groups.formUnion(meeting(place, views, at: placements.count == 1 ? nil : t))
      }
    }
    return groups.sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// Those of views at one place that have a time point and channel in common; views of the same ones are looked at once.
  ///
  /// - Parameter time: the only time point that counts; nil: all.
  private static func meeting(_ place: [Int], _ views: [View], at time: Int?) -> Set<[Int]> {
    let series = Dictionary(grouping: place) { Series(times: views[$0].details.times, channels: views[$0].details.channels) }
    if series.count == 1 { return [place] }
    var cells: [Cell: [Int]] = [:]
    for (key, members) in series {
      for t in time.map({ [$0] }) ?? covered(key.times) {
        for c in covered(key.channels) { cells[Cell(t: t, c: c), default: []] += members }
      }
    }
    return Set(cells.values.filter { $0.count > 1 }.map { $0.sorted() })
  }

  /// Most views of a long series have one of it.
  private static func covered(_ series: SeriesMap) -> [Int] {
    series.only.map { [$0] } ?? (0..<series.count).filter { series[$0] != nil }
  }
}
