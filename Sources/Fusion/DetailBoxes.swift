import Geometry

/// The boxes that the three steps of a detail filter go through, from the largest to the smallest: voxels of the output.
struct DetailBoxes {
  /// What the first filter looks at: the box of weights and its whole surroundings, as far as the view has numbers.
  let bounds: Box3
  /// What the second filter looks at.
  let middle: Box3
  /// What weights are asked for.
  let wanted: Box3

  /// - Parameters:
  ///   - bounds: outside it the view has no numbers.
  ///   - box: the box of weights.
  ///   - reach: how far both filters look together, in voxels.
  ///   - outerReach: how far the second filter looks.
  init(bounds: Box3, wanted box: Box3, reach: Index3, outerReach: Index3) {
    wanted = box.intersection(bounds)
    self.bounds = wanted.grown(by: reach).intersection(bounds)
    middle = wanted.grown(by: outerReach).intersection(self.bounds)
  }

  /// Planes that are smoothed along y and x, but not yet along z.
  var smoothShape: PaddedShape { PaddedShape(Index3(bounds.shape[0], middle.shape[1], middle.shape[2])) }

  /// Planes that are filtered twice along z, but the second time not yet along y and x.
  var detailShape: PaddedShape { PaddedShape(Index3(wanted.shape[0], middle.shape[1], middle.shape[2])) }
}
