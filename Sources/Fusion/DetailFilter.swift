import Geometry
import Memory

/// `Gσ2 * (I - Gσ1 * I)²` of one view after the other (Preibisch 2008), each Gaussian divided by its coverage: the share of
/// its window in which the view has numbers.
///
/// Planes of the view come one by one and are filtered along y and x while they are in the cache. Then columns of
/// planes are filtered along z, squared and filtered along z again, and last each plane along y and x.
final class DetailFilter {
  /// How far around a voxel its weight depends on numbers: voxels along z, y, x.
  let reach: Index3
  private let outerReach: Index3
  private let inner: GaussianKernel
  private let outer: GaussianKernel
  private let planes = PlaneFilter()
  private let columns: DetailColumns

  /// The view's numbers, the same smoothed along y and x, and the squares filtered along z.
  private let signal = ScratchBuffer()
  private let smooth = ScratchBuffer()
  private let detail = ScratchBuffer()
  private let plane = ScratchBuffer()

  private let masks = CoverageRows()
  private let innerCoverageY: CoverageFilter
  private let innerCoverageX: CoverageRowFilter
  private let outerCoverageY: CoverageFilter
  private let outerCoverageX: CoverageRowFilter

  /// - Parameters:
  ///   - sigma1: the width of the first Gaussian, in voxels.
  ///   - sigma2: the width of the second.
  init(sigma1: Double, sigma2: Double, _ context: FusionContext) {
    inner = GaussianKernel(sigma: sigma1)
    outer = GaussianKernel(sigma: sigma2)
    let innerZ = context.blendsZ ? inner : .none
    let outerZ = context.blendsZ ? outer : .none
    columns = DetailColumns(inner: innerZ, outer: outerZ)
    outerReach = Index3(outerZ.radius, outer.radius, outer.radius)
    reach = Index3(innerZ.radius, inner.radius, inner.radius) &+ outerReach
    (innerCoverageY, innerCoverageX) = (CoverageFilter(inner), CoverageRowFilter(inner))
    (outerCoverageY, outerCoverageX) = (CoverageFilter(outer), CoverageRowFilter(outer))
  }

  /// Writes the weights of all views from their resampled copies.
  func weigh<S: FusionScalar>(_ views: TransformedViews<S>, into weights: [MutableVoxelArray<Float>]) {
    for k in 0..<views.views.count {
      let source = StackedDetail(values: views.values[k], blending: views.blendingWeights[k])
      weigh(source, bounds: source.bounds, into: weights[k])
    }
  }

  /// Writes a view's weights, not normalised; NaN where it has no number.
  ///
  /// - Parameter bounds: outside it the view has no numbers.
  func weigh(_ source: some DetailSource, bounds: Box3, into weights: MutableVoxelArray<Float>) {
    weights.elements.update(repeating: .nan)
    let boxes = DetailBoxes(bounds: bounds, wanted: weights.box, reach: reach, outerReach: outerReach)
    if boxes.wanted.isEmpty { return }
    let signal = signal.reserve(Float.self, count: PaddedShape(boxes.middle.shape).count)
    let smooth = smooth.reserve(Float.self, count: boxes.smoothShape.count)
    let (masks, coverage) = smoothPlanes(source, boxes, into: smooth, signal)
    let detail = detail.reserve(Float.self, count: boxes.detailShape.count)
    let detailCoverage = columns.filter(
      boxes, smooth: smooth, signal: signal, masks: masks, coverage: coverage, into: detail)
    finishPlanes(boxes, detail, masks, detailCoverage, into: weights)
  }

  // MARK: the first step: planes, along y and x

  /// Returns the mask of every row of the bounds, and the coverage of every row that is smoothed along y and x.
  private func smoothPlanes(
    _ source: some DetailSource, _ boxes: DetailBoxes, into smooth: UnsafeMutablePointer<Float>,
    _ signal: UnsafeMutablePointer<Float>
  ) -> (masks: [CoverageRow], coverage: [CoverageRow]) {
    let (bounds, middle) = (boxes.bounds, boxes.middle)
    let shape = bounds.shape
    let (from, to) = (PaddedShape(Index3(1, shape[1], shape[2])), boxes.smoothShape)
    let kept = PaddedShape(middle.shape)
    let start = middle.lower &- bounds.lower
    let input = plane.reserve(Float.self, count: from.count)
    masks.begin(width: shape[2])
    innerCoverageY.begin(width: shape[2])
    innerCoverageX.begin(inputWidth: shape[2], offset: start[2], width: middle.shape[2], forgets: false)
    var (allMasks, allCoverage): ([CoverageRow], [CoverageRow]) = ([], [])
    allMasks.reserveCapacity(shape[0] * shape[1])
    allCoverage.reserveCapacity(shape[0] * middle.shape[1])
    var marks = masks.makeRow()
    for z in 0..<shape[0] {
      let planeMasks = readPlane(source, z: bounds.lower[0] + z, bounds, rowStride: from.rowStride, into: input, &marks)
      if z >= start[0] && z < start[0] + middle.shape[0] {
        for y in 0..<middle.shape[1] {
          (signal + kept.offset(z - start[0], y)).update(
            from: input + (y + start[1]) * from.rowStride + start[2], count: middle.shape[2])
        }
      }
      planes.filter(
        inner, input, height: shape[1], width: shape[2], stride: from.rowStride,
        rows: start[1]..<(start[1] + middle.shape[1]), columns: start[2]..<(start[2] + middle.shape[2])
      ) { y in smooth + to.offset(z, y) }
      for row in innerCoverageY.filter(planeMasks, offset: start[1], count: middle.shape[1], forgets: true) {
        allCoverage.append(innerCoverageX.filter(row))
      }
      allMasks += planeMasks
    }
    return (allMasks, allCoverage)
  }

  /// Reads the numbers of a plane, and returns the masks of its rows.
  private func readPlane(
    _ source: some DetailSource, z: Int, _ bounds: Box3, rowStride: Int, into input: UnsafeMutablePointer<Float>,
    _ marks: inout UnsafeMutablePointer<Float>
  ) -> [CoverageRow] {
    let (rows, width) = (bounds.shape[1], bounds.shape[2])
    var planeMasks: [CoverageRow] = []
    planeMasks.reserveCapacity(rows)
    for y in 0..<rows {
      let row = source.row(
        z: z, y: bounds.lower[1] + y, x: bounds.lower[2]..<bounds.upper[2], values: input + y * rowStride, mask: marks)
      switch row {
      case .interval(let range): planeMasks.append(masks.interval(range))
      case .marked:
        planeMasks.append(
          CoverageRow(
            number: masks.nextNumber(), support: 0..<width, core: 0..<0, value: 0, data: UnsafePointer(marks)))
        marks = masks.makeRow()
      }
    }
    return planeMasks
  }

  // MARK: the third step: the weights

  private func finishPlanes(
    _ boxes: DetailBoxes, _ detail: UnsafePointer<Float>, _ allMasks: [CoverageRow], _ coverage: [CoverageRow],
    into weights: MutableVoxelArray<Float>
  ) {
    let (bounds, middle, wanted) = (boxes.bounds, boxes.middle, boxes.wanted)
    let from = boxes.detailShape
    let start = wanted.lower &- middle.lower
    let inBounds = wanted.lower &- bounds.lower
    let inWeights = wanted.lower &- weights.box.lower
    guard let base = weights.elements.baseAddress else { return }
    let shape = weights.box.shape
    let (rows, width) = (middle.shape[1], wanted.shape[2])
    outerCoverageY.begin(width: middle.shape[2])
    outerCoverageX.begin(inputWidth: middle.shape[2], offset: start[2], width: width, forgets: true)
    for z in 0..<wanted.shape[0] {
      func output(_ y: Int) -> UnsafeMutablePointer<Float> {
        base + ((z + inWeights[0]) * shape[1] + y + inWeights[1]) * shape[2] + inWeights[2]
      }
      planes.filter(
        outer, detail + from.offset(z, 0), height: rows, width: middle.shape[2], stride: from.rowStride,
        rows: start[1]..<(start[1] + wanted.shape[1]), columns: start[2]..<(start[2] + width), into: output)
      let line = (0..<rows).map { coverage[$0 * wanted.shape[0] + z] }
      let norms = outerCoverageY.filter(line, offset: start[1], count: wanted.shape[1], forgets: true)
      for y in 0..<wanted.shape[1] {
        let mask = allMasks[(z + inBounds[0]) * bounds.shape[1] + y + inBounds[1]]
        finish(
          output(y), columns: inBounds[2]..<(inBounds[2] + width), norm: outerCoverageX.filter(norms[y]).data, mask)
      }
    }
  }

  /// Divides a row of weights by its coverage, and leaves NaN where the view has no number.
  ///
  /// - Parameter columns: the row's columns among those of the mask.
  private func finish(
    _ row: UnsafeMutablePointer<Float>, columns: Range<Int>, norm: UnsafePointer<Float>, _ mask: CoverageRow
  ) {
    let width = columns.count
    let valid = mask.support.clamped(to: columns)
    for i in 0..<width { row[i] = row[i] / norm[i] }
    if valid.isEmpty { return row.update(repeating: .nan, count: width) }
    row.update(repeating: .nan, count: valid.lowerBound - columns.lowerBound)
    (row + valid.upperBound - columns.lowerBound).update(repeating: .nan, count: columns.upperBound - valid.upperBound)
    if mask.core.isEmpty {
      for x in valid where mask.data[x] == 0 { row[x - columns.lowerBound] = .nan }
    }
  }
}
