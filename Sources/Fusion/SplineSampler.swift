import Geometry
import Memory

/// Samples of a B-spline through the voxels of a view: sums of coefficients, along z, then y, then x.
///
/// Where z does not mix with y and x, the coefficients are summed plane by plane; where no axes mix, then row by row. Elsewhere
/// each sample is gathered. A sample that a NaN, an infinity or a number too large to be computed with would have a part in is
/// not finite; whoever asks takes it from order 1.
final class SplineSampler<S: RowArithmetic>: RowSampler {
  /// What is worked in, kept from one view to the next.
  struct Memory {
    let coefficients = SplineCoefficients<S>.Memory()
    fileprivate let plane = ScratchBuffer()
    fileprivate let row = ScratchBuffer()
    fileprivate let columns = ScratchBuffer()
    fileprivate let weights = ScratchBuffer()
    fileprivate let rows = ScratchBuffer()
  }

  private let coefficients: SplineCoefficients<S>
  private let spline: Spline
  private let way: Way
  /// The axes along which samples are not interpolated.
  private let isWhole: PerAxis<Bool>
  private let memory: Memory
  private let gatherer: RowGatherer<S>
  /// The plane, and the row, that the memory has.
  private var planeKey = Int.min
  private var plane: UnsafePointer<S>
  private var rowKey = (z: Int.min, y: Int.min)

  /// How samples are taken, by which axes mix.
  enum Way {
    case rows(SeparablePlaces)
    case planes(MixedPlaces)
    case volume(MixedPlaces)

    fileprivate var places: any RowPlaces {
      switch self {
      case .rows(let places): places
      case .planes(let places), .volume(let places): places
      }
    }
  }

  init(
    _ coefficients: SplineCoefficients<S>, _ way: Way, _ memory: Memory, _ gatherer: RowGatherer<S>
  ) {
    (self.coefficients, spline) = (coefficients, coefficients.spline)
    (self.memory, self.gatherer, plane) = (memory, gatherer, coefficients.numbers)
    isWhole = PerAxis { way.places.view.isWhole($0) }
    self.way = way
    if case .rows(let places) = way { locateColumns(places) }
  }

  /// The memory that it takes beside its coefficients, for output rows of a width.
  static func byteCount(_ boxes: SplineBoxes, width: Int) -> Int {
    let shape = boxes.taps.shape
    return (shape[1] * shape[2] + shape[2] + 2 * SplineCoefficients<S>.slack) * MemoryLayout<S>.stride
      + 2 * width * MemoryLayout<S>.stride
  }

  func sample(z: Int, y: Int, x range: Range<Int>, into target: UnsafeMutablePointer<S>) {
    switch way {
    case .rows(let places): sampleRow(places, z: z, y: y, range, into: target)
    case .planes(let places):
      if planeKey != z { makePlane(z: z, coordinate(of: places.planePosition(z: z))) }
      gather(places, plane, axes: 2, z: z, y: y, range, into: target)
    case .volume(let places): gather(places, coefficients.numbers, axes: 3, z: z, y: y, range, into: target)
    }
  }

  // MARK: along one axis

  /// Where the coefficient in the middle of a sample lies, and how far the sample's raised place lies beyond it.
  private func coordinate(of position: (base: Int, fraction: Double)) -> (base: Int, fraction: Double) {
    let raised = position.fraction + spline.raise
    return raised >= 1 ? (position.base + 1, raised - 1) : (position.base, raised)
  }

  /// Sums numbers that are `stride` apart.
  private func sum(
    _ middle: UnsafePointer<S>, stride: Int, fraction: Double, count: Int, into target: UnsafeMutablePointer<S>
  ) {
    let wide = memory.weights.reserve(Double.self, count: 2 * spline.tapCount)
    let weights = UnsafeMutableRawPointer(wide + spline.tapCount).assumingMemoryBound(to: S.self)
    let rows = memory.rows.reserve(UnsafePointer<S>?.self, count: spline.tapCount)
    wide[spline.centre] = 0
    spline.weigh(fraction, into: wide)
    for j in 0..<spline.tapCount {
      (weights[j], rows[j]) = (S(wide[j]), middle + (j - spline.centre) * stride)
    }
    S.blendSpline(rows, weights, tapCount: spline.tapCount, centre: spline.centre, count: count, into: target)
  }

  private func makePlane(z: Int, _ at: (base: Int, fraction: Double)) {
    let (box, count) = (coefficients.box, coefficients.box.shape[1] * coefficients.box.shape[2])
    planeKey = z
    let middle = coefficients.numbers + (at.base - box.lower[0]) * count
    if isWhole.z {
      plane = middle
      return
    }
    let numbers = memory.plane.reserve(S.self, count: count + SplineCoefficients<S>.slack)
    sum(middle, stride: count, fraction: at.fraction, count: count, into: numbers)
    (numbers + count).update(repeating: 0, count: SplineCoefficients<S>.slack)
    plane = UnsafePointer(numbers)
  }

  // MARK: row by row

  /// Works out the column and the fraction of each output x, unless all lie alike.
  private func locateColumns(_ places: SeparablePlaces) {
    if places.shift != nil { return }
    let (width, first) = (places.region.shape[2], places.region.lower[2])
    let fractions = memory.columns.reserve(S.self, count: 2 * width)
    let index = UnsafeMutableRawPointer(fractions + width).assumingMemoryBound(to: Int32.self)
    for x in places.columns {
      let position = places.sample(2, at: x)
      let at = isWhole.x ? position : coordinate(of: position)
      index[x - first] = Int32(truncatingIfNeeded: at.base - coefficients.box.lower[2])
      fractions[x - first] = S(at.fraction)
    }
  }

  private func sampleRow(
    _ places: SeparablePlaces, z: Int, y: Int, _ range: Range<Int>, into target: UnsafeMutablePointer<S>
  ) {
    let (row, lower) = (self.row(places, z: z, y: y), coefficients.box.lower[2])
    if let shift = places.shift {
      let at = isWhole.x ? (shift.columns, 0) : coordinate(of: (base: shift.columns, fraction: shift.fraction))
      let middle = row + (range.lowerBound + at.0 - lower)
      if isWhole.x { return target.update(from: middle, count: range.count) }
      return sum(middle, stride: 1, fraction: at.1, count: range.count, into: target)
    }
    let (width, first) = (places.region.shape[2], range.lowerBound - places.region.lower[2])
    let fractions = memory.columns.base.assumingMemoryBound(to: S.self)
    let index = UnsafeMutableRawPointer(fractions + width).assumingMemoryBound(to: Int32.self) + first
    if isWhole.x {
      for i in 0..<range.count { target[i] = row[Int(index[i])] }
      return
    }
    let fractionX = fractions + first
    let taps = Taps<S>(index: index, fractionZ: fractionX, fractionY: fractionX, fractionX: fractionX, count: range.count)
    S.gatherSpline(spline, axes: 1, row, rowStride: 0, planeStride: 0, taps, into: target)
  }

  /// A row of coefficients summed along z and y.
  private func row(_ places: SeparablePlaces, z: Int, y: Int) -> UnsafePointer<S> {
    if planeKey != z {
      let position = places.sample(0, at: z)
      makePlane(z: z, isWhole.z ? position : coordinate(of: position))
    }
    let (lower, width) = (coefficients.box.lower[1], coefficients.box.shape[2])
    let position = places.sample(1, at: y)
    if isWhole.y { return plane + (position.base - lower) * width }
    let numbers = memory.row.reserve(S.self, count: width + SplineCoefficients<S>.slack)
    if rowKey == (z, y) { return UnsafePointer(numbers) }
    rowKey = (z, y)
    let at = coordinate(of: position)
    sum(plane + (at.base - lower) * width, stride: width, fraction: at.fraction, count: width, into: numbers)
    (numbers + width).update(repeating: 0, count: SplineCoefficients<S>.slack)
    return UnsafePointer(numbers)
  }

  // MARK: sample by sample

  /// Gathers samples of a plane (two axes) or of the volume (three).
  private func gather(
    _ places: MixedPlaces, _ numbers: UnsafePointer<S>, axes: Int, z: Int, y: Int, _ range: Range<Int>,
    into target: UnsafeMutablePointer<S>
  ) {
    let box = coefficients.box
    let (rowStride, planeStride) = (box.shape[2], box.shape[1] * box.shape[2])
    let line = places.line(z: z, y: y)
    let raised = line.raised(spline.raise)
    // the few samples that are on the view's ends because they lie hardly beyond them
    let inside = places.inside(line, range)
    for (part, isAtEdge) in [
      (range.lowerBound..<inside.lowerBound, true), (inside, false), (inside.upperBound..<range.upperBound, true),
    ] where !part.isEmpty {
      gatherer.forEachTaps(part) { x, place in
        if isAtEdge {
          locateAtEdge(line, of: places.view.shape, raised: spline.raise, ignoringZ: axes == 2, in: box, x: x, place)
        } else {
          S.locate(raised, in: box, x: x, ignoringZ: axes == 2, place)
        }
        S.gatherSpline(
          spline, axes: axes, numbers, rowStride: rowStride, planeStride: planeStride, place,
          into: target + (x - range.lowerBound))
      }
    }
  }
}
