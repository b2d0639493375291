import Geometry
import Memory

/// Linear samples of a view whose axes all mix: the patch is converted once, and each sample is blended from 8 corners.
final class VolumeSampler<S: RowArithmetic>: RowSampler {
  private let places: MixedPlaces
  private let gatherer: RowGatherer<S>
  private let source: RowGatherer<S>.Source

  /// - Parameter converted: memory for the numbers of the patch, kept from one view to the next.
  init(_ patch: ViewPatch, _ places: MixedPlaces, _ gatherer: RowGatherer<S>, converted: ScratchBuffer) {
    (self.places, self.gatherer) = (places, gatherer)
    let shape = patch.box.shape
    let count = patch.box.count
    // corners of fraction 0 beyond the end are looked at: as far as a plane, a row and a voxel on, and a few for vectors
    let slack = shape[1] * shape[2] + shape[2] + 8
    let numbers = converted.reserve(S.self, count: count + slack)
    for z in 0..<shape[0] {
      patch.forEachRun(z: patch.box.lower[0] + z) { from, count, at in
        patch.convert(from, count: count, into: numbers + (z * shape[1] * shape[2] + at))
      }
    }
    (numbers + count).update(repeating: 0, count: slack)
    source = RowGatherer.Source(
      numbers: numbers, box: patch.box, isPlane: false, hasExtremes: patch.hasExtremes,
      ahead: Self.nextPlane(places.view.map, shape))
  }

  func sample(z: Int, y: Int, x range: Range<Int>, into target: UnsafeMutablePointer<S>) {
    gatherer.gather(source, places, z: z, y: y, range, into: target)
  }

  /// How far in the converted patch the samples of the next output plane lie from those of this one, and, if the patch is
  /// walked through plane by plane, the plane beyond.
  private static func nextPlane(_ map: PixelMap, _ shape: Index3) -> Int {
    let strides = Vector3(Double(shape[1] * shape[2]), Double(shape[2]), 1)
    var step = Vector3.zero
    for axis in 0..<3 { step[axis] = max(-4, min(4, map.rows[axis][0])).rounded() }
    if step[0] > 0 { step[0] += 1 }
    return Int((step * strides).sum())
  }
}
