import Geometry

/// Nearest samples of a view whose axes mix: the voxels themselves.
final class NearestSampler<S: RowArithmetic>: RowSampler {
  private let patch: ViewPatch
  private let places: MixedPlaces
  private let gatherer: RowGatherer<S>

  init(_ patch: ViewPatch, _ places: MixedPlaces, _ gatherer: RowGatherer<S>) {
    (self.patch, self.places, self.gatherer) = (patch, places, gatherer)
  }

  func sample(z: Int, y: Int, x range: Range<Int>, into target: UnsafeMutablePointer<S>) {
    let line = places.line(z: z, y: y)
    gatherer.forEachTaps(range) { x, place in
      if places.view.isFilled {
        locateNearestAtEdge(line, of: places.view.shape, in: patch.box, x: x, place)
      } else {
        locateNearest(line, in: patch.box, x: x, place)
      }
      withVoxelType(
        patch.elementType,
        GatherBody(source: patch.start, index: place.index, count: place.count, target: target + (x - range.lowerBound)))
    }
  }
}

/// The loop that converts voxels at given places, one for each element type.
private struct GatherBody<S: RowArithmetic>: VoxelBody {
  let source: UnsafeRawPointer
  let index: UnsafeMutablePointer<Int32>
  let count: Int
  let target: UnsafeMutablePointer<S>

  @inline(__always)
  func run<T: Voxel>(_ type: T.Type) {
    let voxels = source.assumingMemoryBound(to: type)
    for i in 0..<count { target[i] = S.of(voxels[Int(index[i])]) }
  }
}
