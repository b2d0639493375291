import Files
import Geometry

/// Checks whether images that only their own metadata place are placed well enough to be fused: those that lie on each other
/// would be averaged, and nobody would notice.
extension Dataset {
  static func checkPlaces(_ views: [View], of file: DatasetFile) throws(ViewsError) {
    guard file.isPlacedByImages, views.count > 1 else { return }
    if file.isPlate { try checkWells(views, path: file.path) }
    let first = views[0].levels[0].stack.origin
    if views.allSatisfy({ $0.levels[0].stack.origin == first }) {
      throw .placesMissing(path: file.path, count: views.count, datasets: file.otherDatasets)
    }
    if let (first, second) = twins(views) {
      throw .samePlace(path: file.path, first: views[first].name, second: views[second].name)
    }
  }

  /// The first two views of one shape that are less than half a voxel apart: no tiles of one mosaic are, but channels are,
  /// whose stage was read again for each.
  private static func twins(_ views: [View]) -> (Int, Int)? {
    struct Cell: Hashable {
      var shape: Index3
      var place: Vector3
    }
    var seen: [Cell: [Int]] = [:]
    for (i, view) in views.enumerated() {
      let stack = view.levels[0].stack
      let place = stack.origin / stack.spacing
      for corner in 0..<8 {
        let side = Vector3(corner & 1 == 0 ? -0.5 : 0.5, corner & 2 == 0 ? -0.5 : 0.5, corner & 4 == 0 ? -0.5 : 0.5)
        for other in seen[Cell(shape: stack.shape, place: (place + side).rounded(.down))] ?? [] {
          let apart = (views[other].levels[0].stack.origin - stack.origin) / stack.spacing
          if (0..<3).allSatisfy({ apart[$0].magnitude < 0.5 }) { return (other, i) }
        }
      }
      seen[Cell(shape: stack.shape, place: place.rounded(.down)), default: []].append(i)
    }
    return nil
  }

  /// Throws if fields of two wells lie on each other. Wells are apart, so their places are then those within a well.
  private static func checkWells(_ views: [View], path: String) throws(ViewsError) {
    var wells: [(path: String, lower: Vector3, upper: Vector3)] = []
    var numbers: [String: Int] = [:]
    for view in views {
      let (well, stack) = (FilePath.folder(of: view.path), view.levels[0].stack)
      let lower = stack.origin - stack.spacing / 2
      let upper = lower + stack.spacing * Vector3(stack.shape)
      if let number = numbers[well] {
        wells[number].lower = pointwiseMin(wells[number].lower, lower)
        wells[number].upper = pointwiseMax(wells[number].upper, upper)
      } else {
        numbers[well] = wells.count
        wells.append((well, lower, upper))
      }
    }
    for (i, one) in wells.enumerated() {
      for other in wells[..<i] where all((one.lower .< other.upper) .& (other.lower .< one.upper)) {
        throw .wellsOverlap(path: path, first: other.path, second: one.path)
      }
    }
  }
}
