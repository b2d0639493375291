import Geometry

/// Where a detail filter gets a view's numbers from.
protocol DetailSource {
  /// Writes a row of numbers, 0 where the view has none.
  ///
  /// - Parameters:
  ///   - x: the columns, the first of which is `values[0]`.
  ///   - mask: all 0; where a row has gaps, the columns that have a number are marked with 1.
  /// - Returns: where the numbers are.
  func row(
    z: Int, y: Int, x: Range<Int>, values: UnsafeMutablePointer<Float>, mask: UnsafeMutablePointer<Float>
  ) -> DetailRow
}

enum DetailRow {
  /// Everywhere in a range of columns.
  case interval(Range<Int>)
  case marked
}

/// `Gσ2 * (I - Gσ1 * I)²` of one view after the other, each Gaussian over its share of the window.
///
/// Planes of the view come one by one and are filtered along y and x while they are in the cache. Then columns of
/// planes are filtered along z, squared and filtered along z again, and last each plane along y and x.
final class DetailFilter {
  let reach: Index3
  private let inner: GaussianKernel
  private let outer: GaussianKernel
  let innerZ: GaussianKernel
  let outerZ: GaussianKernel
  /// Planes are filtered along z in so many columns at a time.
  static let columnCount = 128

  let signal = ScratchBuffer()
  let smooth = ScratchBuffer()
  let detail = ScratchBuffer()
  private let plane = ScratchBuffer()
  private let blended = ScratchBuffer()
  let columns = ScratchBuffer()
  private let line = ScratchBuffer()
  let table = RowTable()
  private let lineTable = RowTable()
  let detailTable = RowTable()

  private let masks = ShareRows()
  let innerMasks = ShareRows()
  private let shareY: ShareFilter
  private let shareX: ShareRowFilter
  let shareZ: ShareFilter
  let detailShareZ: ShareFilter
  private let detailShareY: ShareFilter
  private let detailShareX: ShareRowFilter

  init(_ function: ContentBasedWeights, _ context: FusionContext) {
    inner = GaussianKernel(sigma: function.sigma1)
    outer = GaussianKernel(sigma: function.sigma2)
    innerZ = context.blendsZ ? inner : .none
    outerZ = context.blendsZ ? outer : .none
    reach = Index3(innerZ.radius + outerZ.radius, inner.radius + outer.radius, inner.radius + outer.radius)
    (shareY, shareX, shareZ) = (ShareFilter(inner), ShareRowFilter(inner), ShareFilter(innerZ))
    (detailShareZ, detailShareY, detailShareX) = (ShareFilter(outerZ), ShareFilter(outer), ShareRowFilter(outer))
  }

  /// The boxes that the steps of a view go through.
  struct Boxes {
    let bounds: Box3
    let middle: Box3
    let wanted: Box3
    var smoothShape: PaddedShape {
      PaddedShape(Index3(bounds.shape[0], middle.shape[1], middle.shape[2]))
    }
    var detailShape: PaddedShape {
      PaddedShape(Index3(wanted.shape[0], middle.shape[1], middle.shape[2]))
    }

    init(_ filter: DetailFilter, bounds: Box3?, wanted box: Box3) {
      wanted = bounds.map(box.intersection) ?? box
      let around = wanted.grown(by: filter.reach)
      self.bounds = bounds.map(around.intersection) ?? around
      middle = wanted.grown(by: Index3(filter.outerZ.radius, filter.outer.radius, filter.outer.radius))
        .intersection(self.bounds)
    }
  }

  func weigh<S: FusionScalar>(_ views: TransformedViews<S>, into weights: [MutableVoxelArray<Float>]) {
    for k in 0..<views.views.count {
      let source = StackedDetail(values: views.values[k], blending: views.blendingWeights[k])
      weigh(source, bounds: source.bounds, into: weights[k])
    }
  }

  /// Writes a view's weights; NaN where it has no number.
  ///
  /// - Parameter bounds: outside it the view has no numbers.
  func weigh(_ source: some DetailSource, bounds: Box3, into weights: MutableVoxelArray<Float>) {
    weights.elements.update(repeating: .nan)
    let boxes = Boxes(self, bounds: bounds, wanted: weights.box)
    if boxes.wanted.isEmpty { return }
    let (masks, shares) = smoothPlanes(source, boxes)
    let detailShares = filterColumns(boxes, masks, shares)
    finishPlanes(boxes, masks, detailShares, into: weights)
  }

  // MARK: planes, along y and x

  /// Returns the mask of every row of the bounds, and the shares of every row that is smoothed along y and x.
  private func smoothPlanes(_ source: some DetailSource, _ boxes: Boxes) -> (masks: [ShareRow], shares: [ShareRow]) {
    let (bounds, middle) = (boxes.bounds, boxes.middle)
    let shape = bounds.shape
    let (from, to) = (PaddedShape(Index3(1, shape[1], shape[2])), boxes.smoothShape)
    let kept = PaddedShape(middle.shape)
    let start = middle.lower &- bounds.lower
    let input = plane.reserve(Float.self, count: from.count)
    let results = smooth.reserve(Float.self, count: to.count)
    let values = signal.reserve(Float.self, count: kept.count)
    masks.begin(width: shape[2])
    shareY.begin(width: shape[2])
    shareX.begin(inputWidth: shape[2], offset: start[2], width: middle.shape[2], forgets: false)
    var (allMasks, allShares): ([ShareRow], [ShareRow]) = ([], [])
    allMasks.reserveCapacity(shape[0] * shape[1])
    allShares.reserveCapacity(shape[0] * middle.shape[1])
    var planeMasks: [ShareRow] = []
    var marks = masks.makeRow()
    for z in 0..<shape[0] {
      planeMasks.removeAll(keepingCapacity: true)
      for y in 0..<shape[1] {
        let row = source.row(
          z: bounds.lower[0] + z, y: bounds.lower[1] + y, x: bounds.lower[2]..<bounds.upper[2],
          values: input + y * from.rowStride, mask: marks)
        switch row {
        case .interval(let range): planeMasks.append(masks.interval(range))
        case .marked:
          planeMasks.append(
            ShareRow(
              number: masks.nextNumber(), support: 0..<shape[2], core: 0..<0, value: 0, data: UnsafePointer(marks)))
          marks = masks.makeRow()
        }
      }
      if z >= start[0] && z < start[0] + middle.shape[0] {
        for y in 0..<middle.shape[1] {
          (values + kept.offset(z - start[0], y)).update(
            from: input + (y + start[1]) * from.rowStride + start[2], count: middle.shape[2])
        }
      }
      filterPlane(
        inner, input, rows: shape[1], width: shape[2], stride: from.rowStride, first: start[1], firstColumn: start[2],
        count: middle.shape[1], columns: middle.shape[2]
      ) { y in results + to.offset(z, y) }
      for row in shareY.filter(planeMasks, offset: start[1], count: middle.shape[1], forgets: true) {
        allShares.append(shareX.filter(row))
      }
      allMasks += planeMasks
    }
    return (allMasks, allShares)
  }

  /// Filters a plane along y and x; outside it all are 0.
  private func filterPlane(
    _ kernel: GaussianKernel, _ input: UnsafePointer<Float>, rows: Int, width: Int, stride: Int, first: Int,
    firstColumn: Int, count: Int, columns: Int, _ output: (Int) -> UnsafeMutablePointer<Float>
  ) {
    let radius = kernel.radius
    let margin = (radius + 15) / 16 * 16
    let lineStride = PaddedShape.oddLines(width + 2 * margin)
    let lines = blended.reserve(Float.self, count: count * lineStride)
    let zeros = line.reserve(Float.self, count: max(width, Self.columnCount))
    zeros.update(repeating: 0, count: max(width, Self.columnCount))
    table.fill(count + 2 * radius) {
      let row = first + $0 - radius
      return row >= 0 && row < rows ? input + row * stride : UnsafePointer(zeros)
    }
    let chunk = Self.columnCount(radius)
    var column = 0
    while column < width {
      let range = column..<min(column + chunk, width)
      kernel.filter(table.rows, count: count, columns: range) { lines + $0 * lineStride + margin }
      column = range.upperBound
    }
    lineTable.fill(2 * radius + 1) { UnsafePointer(lines + margin + firstColumn - radius + $0) }
    for y in 0..<count {
      let row = lines + y * lineStride
      row.update(repeating: 0, count: margin)
      (row + margin + width).update(repeating: 0, count: margin)
      let place = y * lineStride
      kernel.filter(lineTable.rows, columns: place..<(place + columns), into: output(y) - place)
    }
  }

  /// Columns filtered at a time, so that the rows of a window stay in the nearest cache: 24 KiB.
  static func columnCount(_ radius: Int) -> Int {
    min(columnCount, max(32, 6144 / (2 * radius + 1) / 32 * 32))
  }

  // MARK: the weights

  private func finishPlanes(
    _ boxes: Boxes, _ allMasks: [ShareRow], _ shares: [ShareRow], into weights: MutableVoxelArray<Float>
  ) {
    let (bounds, middle, wanted) = (boxes.bounds, boxes.middle, boxes.wanted)
    let from = boxes.detailShape
    let start = wanted.lower &- middle.lower
    let inBounds = wanted.lower &- bounds.lower
    let inWeights = wanted.lower &- weights.box.lower
    let input = UnsafePointer(detail.base.assumingMemoryBound(to: Float.self))
    guard let base = weights.elements.baseAddress else { return }
    let shape = weights.box.shape
    let (rows, width) = (middle.shape[1], wanted.shape[2])
    detailShareY.begin(width: middle.shape[2])
    detailShareX.begin(inputWidth: middle.shape[2], offset: start[2], width: width, forgets: true)
    for z in 0..<wanted.shape[0] {
      func output(_ y: Int) -> UnsafeMutablePointer<Float> {
        base + ((z + inWeights[0]) * shape[1] + y + inWeights[1]) * shape[2] + inWeights[2]
      }
      filterPlane(
        outer, input + from.offset(z, 0), rows: rows, width: middle.shape[2], stride: from.rowStride, first: start[1],
        firstColumn: start[2], count: wanted.shape[1], columns: width, output)
      let line = (0..<rows).map { shares[$0 * wanted.shape[0] + z] }
      let norms = detailShareY.filter(line, offset: start[1], count: wanted.shape[1], forgets: true)
      for y in 0..<wanted.shape[1] {
        let row = output(y)
        let norm = detailShareX.filter(norms[y]).data
        let mask = allMasks[(z + inBounds[0]) * bounds.shape[1] + y + inBounds[1]]
        let valid = mask.support.clamped(to: inBounds[2]..<(inBounds[2] + width))
        for i in 0..<width { row[i] = row[i] / norm[i] }
        if valid.isEmpty {
          row.update(repeating: .nan, count: width)
          continue
        }
        row.update(repeating: .nan, count: valid.lowerBound - inBounds[2])
        (row + valid.upperBound - inBounds[2]).update(
          repeating: .nan, count: inBounds[2] + width - valid.upperBound)
        if mask.core.isEmpty {
          for x in valid where mask.data[x] == 0 { row[x - inBounds[2]] = .nan }
        }
      }
    }
  }
}
