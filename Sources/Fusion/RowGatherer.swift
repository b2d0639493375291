import Geometry
import Memory

/// What the samplers of mixed maps share: the places of a row's samples, some at a time, and the numbers that are gathered
/// from there. Its memory stays from one view to the next.
struct RowGatherer<S: RowArithmetic> {
  private let taps = ScratchBuffer()
  private static var tapCount: Int { 256 }
  /// The memory that the places take.
  static var byteCount: Int { 4 * tapCount * MemoryLayout<S>.stride }

  /// Goes through a row in pieces, each with room for its places.
  @inline(__always)
  func forEachTaps(_ range: Range<Int>, _ body: (_ x: Int, Taps<S>) -> Void) {
    let n = Self.tapCount
    let numbers = taps.reserve(S.self, count: 4 * n)
    var place = Taps<S>(
      index: UnsafeMutableRawPointer(numbers).assumingMemoryBound(to: Int32.self), fractionZ: numbers + n,
      fractionY: numbers + 2 * n, fractionX: numbers + 3 * n, count: 0)
    var x = range.lowerBound
    while x < range.upperBound {
      place.count = min(n, range.upperBound - x)
      body(x, place)
      x += place.count
    }
  }

  /// Numbers of a view that linear samples are gathered from: those of its patch, or one plane of them.
  struct Source {
    let numbers: UnsafePointer<S>
    /// The voxels of the view that the numbers are of, in C order, without gaps.
    let box: Box3
    let isPlane: Bool
    let hasExtremes: Bool
    /// How far from the samples of this output plane those of the next lie, for volumes.
    let ahead: Int
  }

  /// Gathers linear samples of output x in `range`, which lies in the row's interval.
  func gather(
    _ source: Source, _ places: MixedPlaces, z: Int, y: Int, _ range: Range<Int>, into target: UnsafeMutablePointer<S>
  ) {
    let line = places.line(z: z, y: y)
    // the few samples that are on the view's ends because they lie hardly beyond them
    let inside = places.inside(line, range)
    let shape = places.view.shape
    gather(source, line, shape, inside, isAtEdge: false, into: target + (inside.lowerBound - range.lowerBound))
    if inside == range { return }
    gather(source, line, shape, range.lowerBound..<inside.lowerBound, isAtEdge: true, into: target)
    gather(
      source, line, shape, inside.upperBound..<range.upperBound, isAtEdge: true,
      into: target + (inside.upperBound - range.lowerBound))
  }

  private func gather(
    _ source: Source, _ line: SampleLine, _ viewShape: Index3, _ range: Range<Int>, isAtEdge: Bool,
    into target: UnsafeMutablePointer<S>
  ) {
    let (numbers, box, isPlane) = (source.numbers, source.box, source.isPlane)
    let (rowStride, planeStride) = (box.shape[2], box.shape[1] * box.shape[2])
    forEachTaps(range) { x, place in
      let out = target + (x - range.lowerBound)
      if isAtEdge {
        locateAtEdge(isPlane ? line.withoutZ(box) : line, of: viewShape, in: box, x: x, place)
      } else {
        S.locate(line, in: box, x: x, ignoringZ: isPlane, place)
      }
      if source.hasExtremes {
        gatherCarefully(numbers, rowStride: rowStride, planeStride: planeStride, hasZ: !isPlane, place, into: out)
      } else if isPlane {
        S.gatherPlaneFinite(numbers, rowStride: rowStride, place, into: out)
      } else {
        S.gatherVolumeFinite(
          numbers, rowStride: rowStride, planeStride: planeStride, ahead: source.ahead, place, into: out)
      }
    }
  }
}
