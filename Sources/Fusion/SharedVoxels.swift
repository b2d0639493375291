import Geometry

/// The voxels of a block at which more than one view has samples.
struct SharedVoxels {
  /// For each view a box around the voxels that it shares with another; empty for a view that shares none.
  let boxes: [Box3]

  /// - Parameter onRow: is given columns of a row that two views share; some more than once.
  init(
    _ box: Box3, _ views: [PlacedView], _ recipe: FusionRecipe, onRow: (_ z: Int, _ y: Int, _ x: Range<Int>) -> Void = { _, _, _ in }
  ) {
    let none = Box3(lower: box.upper, upper: box.lower)
    var shared = Array(repeating: none, count: views.count)
    // one view alone shares nothing
    let places = views.count < 2 ? [] : views.map { $0.places(in: box, of: recipe) }
    var ranges = Array(repeating: 0..<0, count: views.count)
    for z in box.lower[0]..<(places.isEmpty ? box.lower[0] : box.upper[0]) {
      for y in box.lower[1]..<box.upper[1] {
        for k in 0..<views.count { ranges[k] = places[k].interval(z: z, y: y) }
        for k in 0..<views.count where !ranges[k].isEmpty {
          for j in 0..<views.count where j != k {
            let both = ranges[k].clamped(to: ranges[j])
            if both.isEmpty { continue }
            shared[k].lower = pointwiseMin(shared[k].lower, Index3(z, y, both.lowerBound))
            shared[k].upper = pointwiseMax(shared[k].upper, Index3(z + 1, y + 1, both.upperBound))
            if j > k { onRow(z, y, both) }
          }
        }
      }
    }
    boxes = shared
  }

  var count: Int { boxes.reduce(0) { $0 + $1.count } }
}
