import Geometry
import Memory

/// Linear samples of a view whose y and x mix, but not z: turned about the z axis. For each output plane one plane of the
/// patch is blended along z, and each sample then from 4 corners.
final class PlaneSampler<S: RowArithmetic>: RowSampler {
  private let patch: ViewPatch
  private let places: MixedPlaces
  private let gatherer: RowGatherer<S>
  private let numbers: UnsafeMutablePointer<S>
  private let source: RowGatherer<S>.Source
  private var convertedPlane = Int.min

  /// - Parameter converted: memory for the numbers of a plane, kept from one view to the next.
  init(_ patch: ViewPatch, _ places: MixedPlaces, _ gatherer: RowGatherer<S>, converted: ScratchBuffer) {
    (self.patch, self.places, self.gatherer) = (patch, places, gatherer)
    let shape = patch.box.shape
    let count = shape[1] * shape[2]
    // corners of fraction 0 beyond the end are looked at: as far as a row and a voxel on, and a few for vectors
    let slack = shape[2] + 8
    numbers = converted.reserve(S.self, count: count + slack)
    (numbers + count).update(repeating: 0, count: slack)
    source = RowGatherer.Source(
      numbers: numbers, box: patch.box, isPlane: true, hasExtremes: patch.hasExtremes, ahead: 0)
  }

  func sample(z: Int, y: Int, x range: Range<Int>, into target: UnsafeMutablePointer<S>) {
    if convertedPlane != z { convertPlane(z: z) }
    gatherer.gather(source, places, z: z, y: y, range, into: target)
  }

  private func convertPlane(z: Int) {
    convertedPlane = z
    let position = places.planePosition(z: z)
    let fraction = S(position.fraction)
    patch.forEachRun(z: position.base) { from, count, at in
      if fraction == 0 {
        patch.convert(from, count: count, into: numbers + at)
      } else {
        patch.blend(from, from + patch.planeByteCount, fraction: fraction, count: count, into: numbers + at)
      }
    }
  }
}
