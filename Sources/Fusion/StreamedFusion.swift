import CKernels
import Geometry
import Memory

/// Fuses a region row by row with a built-in function, without a resampled copy of each view.
///
/// Within a row each view's samples are valid from one x to another, so a row falls into a few stretches with the same
/// views. A stretch of one view needs no weights. If views are shifted, rows that lie alike are made many at once.
struct StreamedFusion<S: RowArithmetic> {
  let conversion: OutputConversion
  private let function: any BuiltinFusion
  /// The function, if it combines by content weights.
  private let contentFunction: (any ContentFusion)?
  private let rows = ScratchBuffer()
  private let numbers = ScratchBuffer()

  init(recipe: FusionRecipe, function: any BuiltinFusion) {
    self.function = function
    contentFunction = recipe.contentFusion?.function
    conversion = recipe.outputConversion
  }

  static func scratchByteCount(width: Int, views: Int) -> Int {
    RowScratch<S>.byteCount(width: width, views: views)
      + WeightedAverageFusion.planeNumberCount(width: width, views: views) * MemoryLayout<Float>.stride
  }

  /// Writes every voxel of `region`, a part of `box`, whose voxels start at `output` in C order.
  ///
  /// - Parameters:
  ///   - views: in ascending order of their ids.
  ///   - content: none, or for each view its content weights wherever it shares voxels of the region.
  func fuse(
    region: Box3, of box: Box3, views: [ViewSampler<S>], content: [VoxelArray<Float>?] = [],
    into output: UnsafeMutableRawPointer
  ) {
    let (bytes, shape) = (conversion.type.byteCount, box.shape)
    let scratch = RowScratch<S>(rows, width: region.shape[2], views: views.count)
    var stretches: [Stretch<S>] = []
    // the output x of each view's samples, in the rows that the stretches are cut for
    var ranges = [Range<Int>](repeating: 0..<0, count: views.count)
    for z in region.lower[0]..<region.upper[0] {
      var y = region.lower[1]
      while y < region.upper[1] {
        var end = region.upper[1]
        var isCut = !stretches.isEmpty
        for (k, view) in views.enumerated() {
          let range = view.interval(z: z, y: y)
          if range != ranges[k] && !(range.isEmpty && ranges[k].isEmpty) { (ranges[k], isCut) = (range, false) }
          end = min(end, view.endOfRowsAlike(from: y))
        }
        if !isCut { cut(region.lower[2]..<region.upper[2], ranges, views, content, into: &stretches) }
        let start = ((z - box.lower[0]) * shape[1] + (y - box.lower[1])) * shape[2] - box.lower[2]
        make(
          stretches, z: z, y: y..<end, scratch, into: output + start * bytes, rowByteCount: shape[2] * bytes)
        y = end
      }
    }
  }

  /// Writes the voxels of gaps, in a box whose voxels start at `output` in C order; other voxels stay as they are.
  ///
  /// - Parameter views: with samples beyond their voxels' centres, in ascending order of their ids.
  func fill(_ gaps: [EdgeGap], of box: Box3, views: [ViewSampler<S>], into output: UnsafeMutableRawPointer) {
    let (bytes, shape) = (conversion.type.byteCount, box.shape)
    let scratch = RowScratch<S>(rows, width: shape[2], views: views.count)
    var stretches: [Stretch<S>] = []
    for gap in gaps {
      cut(gap.x, views.map { $0.interval(z: gap.z, y: gap.y).clamped(to: gap.x) }, views, [], into: &stretches)
      let start = ((gap.z - box.lower[0]) * shape[1] + (gap.y - box.lower[1])) * shape[2] - box.lower[2]
      make(
        stretches, z: gap.z, y: gap.y..<(gap.y + 1), scratch, into: output + start * bytes, rowByteCount: shape[2] * bytes)
    }
  }

  /// Makes rows of a plane that lie alike.
  ///
  /// - Parameter output: the place of x = 0 in the first row.
  private func make(
    _ stretches: [Stretch<S>], z: Int, y rows: Range<Int>, _ scratch: RowScratch<S>,
    into output: UnsafeMutableRawPointer, rowByteCount: Int
  ) {
    let bytes = conversion.type.byteCount
    var hasRows = false
    for k in 0..<stretches.count {
      let stretch = stretches[k]
      let (x, target) = (stretch.range, output + stretch.range.lowerBound * bytes)
      if !stretch.makesManyRows {
        hasRows = true
        if rows.count == 1 { make(stretch, z: z, y: rows.lowerBound, scratch, into: target) }
        continue
      }
      switch stretch.way {
      case .stored(let planes): planes.store(z: z, rows: rows, x: x, into: target, rowByteCount: rowByteCount)
      case .planes(let planes, let kernel):
        let plane = PlaneTarget(
          type: conversion.type, rowCount: rows.count, count: x.count, voxels: target, rowByteCount: rowByteCount)
        kernel(planes.map { $0.shiftedView(z: z, rows: rows, x: x) }, plane, numbers)
      default: break
      }
    }
    if !hasRows || rows.count == 1 { return }
    // a row of all stretches, then the next: a sampler keeps its last row for the stretches beside
    for (i, y) in rows.enumerated() {
      for k in 0..<stretches.count where !stretches[k].makesManyRows {
        let stretch = stretches[k]
        make(stretch, z: z, y: y, scratch, into: output + i * rowByteCount + stretch.range.lowerBound * bytes)
      }
    }
  }

  // MARK: stretches

  /// Cuts a row where views begin and end.
  private func cut(
    _ row: Range<Int>, _ ranges: [Range<Int>], _ views: [ViewSampler<S>], _ content: [VoxelArray<Float>?],
    into stretches: inout [Stretch<S>]
  ) {
    stretches.removeAll(keepingCapacity: true)
    var ends = [row.lowerBound, row.upperBound]
    for range in ranges where !range.isEmpty { ends += [range.lowerBound, range.upperBound] }
    ends.sort()
    for (a, b) in zip(ends, ends.dropFirst()) where a < b {
      let involved = ranges.indices.filter { ranges[$0].contains(a) }
      let samplers = involved.map { views[$0] }
      let content = content.isEmpty ? [] : involved.map { content[$0] }
      let way = way(of: samplers, hasContent: !content.isEmpty)
      stretches.append(Stretch(range: a..<b, samplers: samplers, content: content, way: way))
    }
  }

  private func way(of samplers: [ViewSampler<S>], hasContent: Bool) -> StretchWay {
    if samplers.isEmpty { return .empty }
    let inSingle = S.self == Float.self
    if let single = decider(samplers) {
      guard let planes = samplers[single].planes, planes.stores(as: conversion, inSingle: inSingle) else {
        return .single(single)
      }
      return .stored(planes)
    }
    if hasContent { return .content }
    // the kernels know the reference's weights
    if let kernel = function.planeKernel, samplers.allSatisfy({ $0.view.product == nil }) {
      let planes = samplers.compactMap(\.planes).filter { $0.hasKernel(for: conversion, inSingle: inSingle) }
      if planes.count == samplers.count { return .planes(planes, kernel) }
    }
    return samplers.contains { $0.mayLackValues || isWide($0) } ? .values : .samples
  }

  /// The place of the view that alone decides a stretch: the only one, or one that the function names and that lacks no
  /// values.
  private func decider(_ samplers: [ViewSampler<S>]) -> Int? {
    if samplers.count == 1 { return 0 }
    let decider = function.decider(among: samplers.count) { samplers[$0].view.rank }
    return decider.flatMap { samplers[$0].mayLackValues ? nil : $0 }
  }

  // MARK: one row of a stretch

  private func make(
    _ stretch: Stretch<S>, z: Int, y: Int, _ scratch: RowScratch<S>, into target: UnsafeMutableRawPointer
  ) {
    let count = stretch.range.count
    func row() -> SampledRow<S> { SampledRow(stretch: stretch, z: z, y: y, scratch: scratch) }
    switch stretch.way {
    case .stored, .planes: return  // made already, many rows at once
    case .empty:
      conversion.storeBackground(count: count, to: target)
    case .single(let place): store(stretch, place, z: z, y: y, scratch.result, into: target)
    case .content:
      let contents = stretch.content.map { $0?.row(z: z, y: y, x: stretch.range).baseAddress }
      if let contentFunction {
        S.combine(contentFunction, ContentRow(row: row(), contents: contents))
      }
      conversion.storeMarked(scratch.result, count: count, to: target)
    case .samples:
      S.combine(function, row())
      conversion.store(scratch.result, count: count, to: target)
    case .values: combineValues(row(), into: target)
    }
  }

  /// Stores the samples of one view.
  private func store(
    _ stretch: Stretch<S>, _ place: Int, z: Int, y: Int, _ result: UnsafeMutablePointer<S>,
    into target: UnsafeMutableRawPointer
  ) {
    let (sampler, x) = (stretch.samplers[place], stretch.range)
    sampler.sample(z: z, y: y, x: x, into: result)
    if sampler.mayLackValues {
      conversion.storeMarked(result, count: x.count, to: target)
    } else {
      conversion.store(result, count: x.count, to: target)
    }
    if !isWide(sampler) { return }
    for i in 0..<x.count { storeExactly(sampler, z, y, x.lowerBound + i, i, into: target) }
  }

  private func combineValues(_ row: SampledRow<S>, into target: UnsafeMutableRawPointer) {
    guard row.stretch.samplers.contains(where: isWide) else {
      S.combine(function, row.values(of: function))
      return conversion.storeMarked(row.scratch.result, count: row.count, to: target)
    }
    var decided = [Int32](repeating: -1, count: row.count)
    decided.withUnsafeMutableBufferPointer {
      S.combine(function, row.values(of: function, decided: $0.baseAddress))
    }
    conversion.storeMarked(row.scratch.result, count: row.count, to: target)
    for i in 0..<row.count where decided[i] >= 0 {
      storeExactly(row.views[Int(decided[i])], row.z, row.y, row.stretch.range.lowerBound + i, i, into: target)
    }
  }

  // MARK: integers of 64 bits

  /// Whether voxels are integers that `S` may round, and the output's are integers too.
  private func isWide(_ sampler: ViewSampler<S>) -> Bool { sampler.isWide && conversion.type.isInteger }

  /// Stores the integer that one view alone decides over what was stored, if the sample is a voxel itself.
  private func storeExactly(
    _ sampler: ViewSampler<S>, _ z: Int, _ y: Int, _ x: Int, _ i: Int, into target: UnsafeMutableRawPointer
  ) {
    guard conversion.range == nil, let integer = sampler.storedInteger(z: z, y: y, x: x) else { return }
    conversion.store(integer, to: target + i * conversion.type.byteCount)
  }
}
