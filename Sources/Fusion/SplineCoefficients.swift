import Geometry
import Memory

/// The coefficients of a view's spline for a part of the output: voxels filtered along x, y and z, so that each is made of the
/// same voxels in the same order whatever the part.
struct SplineCoefficients<S: RowArithmetic> {
  /// What is worked in, kept from one view to the next.
  struct Memory {
    fileprivate let numbers = ScratchBuffer()
    fileprivate let plane = ScratchBuffer()
    fileprivate let rows = ScratchBuffer()
  }

  let spline: Spline
  /// In C order, without gaps, and readable for a few numbers beyond the end.
  let numbers: UnsafePointer<S>
  /// Where they lie in the view; it may go on beyond the view's ends.
  let box: Box3

  /// Vectors read as far beyond the end of a row.
  static var slack: Int { 8 }

  init(_ patch: ViewPatch, _ view: PlacedView, _ boxes: SplineBoxes, _ spline: Spline, _ memory: Memory) {
    (self.spline, box) = (spline, boxes.taps)
    let filter = Filter(patch: patch, viewShape: view.shape, boxes: boxes, weights: spline.filter.map { S($0) })
    let numbers = memory.numbers.reserve(S.self, count: Self.numberCount(boxes))
    let (planeCount, depth) = (boxes.taps.shape[1] * boxes.taps.shape[2], boxes.voxels.shape[0])
    for z in 0..<depth { filter.alongYX(z: z, into: numbers + z * planeCount, memory.plane, memory.rows) }
    filter.alongZ(numbers, memory.plane)
    (numbers + (Self.numberCount(boxes) - Self.slack)).update(repeating: 0, count: Self.slack)
    self.numbers = UnsafePointer(numbers)
  }

  /// How many numbers the coefficients take while they are made, and then.
  static func numberCount(_ boxes: SplineBoxes) -> Int {
    max(boxes.taps.shape[0], boxes.voxels.shape[0]) * boxes.taps.shape[1] * boxes.taps.shape[2] + slack
  }

  /// The memory that making them takes; patches so large that this overflows are refused before.
  static func byteCount(_ boxes: SplineBoxes) -> Int {
    let (taps, voxels) = (boxes.taps.shape, boxes.voxels.shape)
    let plane = max(voxels[1] * voxels[2], max(voxels[0], taps[0]) * taps[2])
    return (numberCount(boxes) + plane + voxels[2] + taps[2] + 2 * boxes.reach[2]) * MemoryLayout<S>.stride
  }
}

/// The passes along the axes.
private struct Filter<S: RowArithmetic> {
  let patch: ViewPatch
  let viewShape: Index3
  let boxes: SplineBoxes
  let weights: [S]

  /// The place in the patch of a place along an axis of the view.
  private func place(_ at: Int, _ axis: Int) -> Int {
    Spline.mirrored(at, length: viewShape[axis]) - boxes.voxels.lower[axis]
  }

  /// The rows that coefficients along an axis are made of, one after the other, `stride` numbers apart in the patch: the window
  /// of the coefficient at a place begins as many rows on.
  private func rows(_ axis: Int, of numbers: UnsafePointer<S>, stride: Int) -> [UnsafePointer<S>?] {
    ((boxes.taps.lower[axis] - boxes.reach[axis])..<(boxes.taps.upper[axis] + boxes.reach[axis])).map {
      numbers + place($0, axis) * stride
    }
  }

  /// Converts a plane of voxels, and filters its rows and columns.
  func alongYX(z: Int, into target: UnsafeMutablePointer<S>, _ plane: ScratchBuffer, _ rows: ScratchBuffer) {
    let (voxels, taps, reach) = (boxes.voxels, boxes.taps, boxes.reach)
    let (width, tapWidth) = (voxels.shape[2], taps.shape[2])
    let numbers = plane.reserve(S.self, count: voxels.shape[1] * width)
    patch.forEachRun(z: voxels.lower[0] + z) { from, count, at in patch.convert(from, count: count, into: numbers + at) }
    if patch.hasExtremes { ExtremeNumbers.remove(from: numbers, count: voxels.shape[1] * width) }
    let padded = rows.reserve(S.self, count: width + tapWidth + 2 * reach[2])
    let column = padded + (tapWidth + 2 * reach[2])
    // where the row's own voxels lie in what is filtered along x, which begins at `first`
    let first = taps.lower[2] - reach[2]
    let inside = max(voxels.lower[2], first)..<min(voxels.upper[2], taps.upper[2] + reach[2])
    let outside = Array(first..<max(first, inside.lowerBound)) + Array(inside.upperBound..<(taps.upper[2] + reach[2]))
    let columnRows = self.rows(1, of: numbers, stride: width)
    let rowRows = (0...(2 * reach[2])).map { UnsafePointer?.some(UnsafePointer(padded + $0)) }
    for y in 0..<taps.shape[1] {
      columnRows.withUnsafeBufferPointer { rows in
        guard let first = rows.baseAddress else { return }
        S.filterSpline(first + y, weights, reach: reach[1], count: width, into: column)
      }
      (padded + (inside.lowerBound - first)).update(
        from: column + (inside.lowerBound - voxels.lower[2]), count: inside.count)
      for at in outside { padded[at - first] = column[place(at, 2)] }
      S.filterSpline(rowRows, weights, reach: reach[2], count: tapWidth, into: target + y * tapWidth)
    }
  }

  /// Filters columns of planes, in place.
  func alongZ(_ numbers: UnsafeMutablePointer<S>, _ plane: ScratchBuffer) {
    let (taps, reach, depth) = (boxes.taps, boxes.reach[0], boxes.voxels.shape[0])
    if taps.lower[0] == boxes.voxels.lower[0] && taps.upper[0] == boxes.voxels.upper[0] && reach == 0 { return }
    let (width, planeCount) = (taps.shape[2], taps.shape[1] * taps.shape[2])
    let slab = plane.reserve(S.self, count: depth * width)
    let rows = self.rows(0, of: slab, stride: width)
    for y in 0..<taps.shape[1] {
      let column = numbers + y * width
      for z in 0..<depth { (slab + z * width).update(from: column + z * planeCount, count: width) }
      rows.withUnsafeBufferPointer { rows in
        guard let first = rows.baseAddress else { return }
        for z in 0..<taps.shape[0] {
          S.filterSpline(first + z, weights, reach: reach, count: width, into: column + z * planeCount)
        }
      }
    }
  }
}
