import CKernels
import Geometry

/// Fuses a region row by row, for the built-in functions without fusion weights.
///
/// Within a row each view's samples are valid from one x to another, so a row falls into a few stretches with the same
/// views. A stretch of one view needs no weights. Where views are shifted, rows that lie alike are made many at once.
struct StreamedFusion<S: RowArithmetic> {
  let method: FusionMethod
  let conversion: OutputConversion
  private let rows = ScratchBuffer()
  private let numbers = ScratchBuffer()

  init(recipe: FusionRecipe, method: FusionMethod) {
    self.method = method
    conversion = recipe.outputConversion
  }

  static func scratchByteCount(width: Int, views: Int) -> Int {
    rowByteCount(width: width, views: views)
      + averageNumberCount(width: width, views: views) * MemoryLayout<Float>.stride
  }

  private static func rowByteCount(width: Int, views: Int) -> Int {
    (5 + views) * width * MemoryLayout<S>.stride + (2 + views) * width * MemoryLayout<Float>.stride
  }

  /// What `ck_average` works in.
  private static func averageNumberCount(width: Int, views: Int) -> Int { (2 * views + 4) * (width + 1) }

  /// Writes every voxel of `region`, a part of `box`, whose voxels start at `output` in C order.
  ///
  /// - Parameter content: none, or one a view: its content weights wherever it shares voxels of the region.
  func fuse(
    region: Box3, of box: Box3, views: [ViewRows<S>], content: [VoxelArray<Float>?] = [],
    into output: UnsafeMutableRawPointer
  ) {
    let width = region.shape[2]
    let bytes = conversion.type.byteCount
    let shape = box.shape
    rows.reserve(byteCount: Self.rowByteCount(width: width, views: views.count))
    let scratch = RowScratch<S>(rows.base, width: width, views: views.count)
    var stretches: [Stretch] = []
    var active: [(view: Int, range: Range<Int>)] = []
    var previous: [(view: Int, range: Range<Int>)] = []
    for z in region.lower[0]..<region.upper[0] {
      var y = region.lower[1]
      while y < region.upper[1] {
        active.removeAll(keepingCapacity: true)
        var end = region.upper[1]
        for k in 0..<views.count {
          let range = views[k].interval(z: z, y: y)
          if !range.isEmpty { active.append((k, range)) }
          end = min(end, views[k].endOfRowsAlike(from: y))
        }
        if !isSame(active, previous) || stretches.isEmpty {
          cut(region.lower[2]..<region.upper[2], active, views, hasContent: !content.isEmpty, into: &stretches)
          swap(&active, &previous)
        }
        let start = ((z - box.lower[0]) * shape[1] + (y - box.lower[1])) * shape[2] - box.lower[2]
        let first = output + start * bytes  // of x = 0
        let rowByteCount = shape[2] * bytes
        var hasRows = false
        for stretch in stretches {
          let target = first + stretch.range.lowerBound * bytes
          switch stretch.way {
          case .stored(let k):
            views[k].storePlane(z: z, rows: y..<end, x: stretch.range, into: target, rowByteCount: rowByteCount)
          case .averaged:
            averagePlane(stretch, z: z, rows: y..<end, views, into: target, rowByteCount: rowByteCount)
          case .rowByRow: hasRows = true
          }
        }
        for i in 0..<(hasRows ? end - y : 0) {
          for stretch in stretches where stretch.way == .rowByRow {
            let target = first + i * rowByteCount + stretch.range.lowerBound * bytes
            if stretch.views.isEmpty {
              target.initializeMemory(as: UInt8.self, repeating: 0, count: stretch.range.count * bytes)
            } else {
              fuse(stretch, z: z, y: y + i, views, content, scratch, into: target)
            }
          }
        }
        y = end
      }
    }
  }

  private func isSame(
    _ a: [(view: Int, range: Range<Int>)], _ b: [(view: Int, range: Range<Int>)]
  ) -> Bool {
    guard a.count == b.count else { return false }
    for i in 0..<a.count where a[i].view != b[i].view || a[i].range != b[i].range { return false }
    return true
  }

  /// Cuts a row where views begin and end.
  private func cut(
    _ row: Range<Int>, _ active: [(view: Int, range: Range<Int>)], _ views: [ViewRows<S>], hasContent: Bool,
    into stretches: inout [Stretch]
  ) {
    stretches.removeAll(keepingCapacity: true)
    var ends = [row.lowerBound, row.upperBound]
    for (_, range) in active { ends += [range.lowerBound, range.upperBound] }
    ends.sort()
    for (a, b) in zip(ends, ends.dropFirst()) where a < b {
      let involved = active.filter { $0.range.contains(a) }.map(\.view)
      stretches.append(Stretch(range: a..<b, views: involved, way: way(of: involved, views, hasContent: hasContent)))
    }
  }

  private func way(of involved: [Int], _ views: [ViewRows<S>], hasContent: Bool) -> Stretch.Way {
    if involved.isEmpty { return .rowByRow }
    if let single = singleView(involved, views) {
      return views[single].storesPlanes(as: conversion) ? .stored(by: single) : .rowByRow
    }
    let isAverage = method == .weightedAverage && !hasContent
    return isAverage && involved.allSatisfy { views[$0].hasPlaneKernel(for: conversion) } ? .averaged : .rowByRow
  }

  // MARK: many rows of a stretch

  private func averagePlane(
    _ stretch: Stretch, z: Int, rows: Range<Int>, _ views: [ViewRows<S>], into target: UnsafeMutableRawPointer,
    rowByteCount: Int
  ) {
    let shifted = stretch.views.map { views[$0].shiftedView(z: z, rows: rows, x: stretch.range) }
    let (count, certain) = (stretch.range.count, BlendingRamp.certainDistance)
    let numbers = numbers.reserve(Float.self, count: Self.averageNumberCount(width: count, views: shifted.count))
    if conversion.type == .uint8 {
      ck_average_u8(
        shifted, shifted.count, certain, rows.count, count, target.assumingMemoryBound(to: UInt8.self), rowByteCount,
        numbers)
    } else {
      ck_average_u16(
        shifted, shifted.count, certain, rows.count, count, target.assumingMemoryBound(to: UInt16.self),
        rowByteCount / 2, numbers)
    }
  }

  // MARK: one row of a stretch

  private func fuse(
    _ stretch: Stretch, z: Int, y: Int, _ views: [ViewRows<S>], _ content: [VoxelArray<Float>?],
    _ scratch: RowScratch<S>, into target: UnsafeMutableRawPointer
  ) {
    let (range, count) = (stretch.range, stretch.range.count)
    let involved = stretch.views
    if let single = singleView(involved, views) {
      let view = views[single]
      view.sample(z: z, y: y, x: range, into: scratch.sum)
      if view.mayLackValues {
        storeMarked(scratch.sum, count: count, conversion, into: target)
      } else {
        conversion.store(scratch.sum, count: count, to: target)
      }
      if isWide(view) {
        for i in 0..<count { storeExactly(view, z, y, range.lowerBound + i, i, into: target) }
      }
      return
    }
    if !content.isEmpty {
      sumByContent(involved, z, y, range, views, content, scratch)
      storeMarked(scratch.sum, count: count, conversion, into: target)
      return
    }
    if involved.contains(where: { views[$0].mayLackValues || isWide(views[$0]) }) {
      fuseOneByOne(stretch, z: z, y: y, views, scratch, into: target)
      return
    }
    switch method {
    case .weightedAverage: sumWeighted(involved, z, y, range, views, scratch)
    case .simpleAverage: sumPlain(involved, z, y, range, views, scratch)
    case .maximum: takeLargest(involved, z, y, range, views, scratch)
    case .closest: takeClosest(involved, z, y, range, views, scratch)
    case .first, .last: break  // one view decides, above
    }
    conversion.store(scratch.sum, count: count, to: target)
  }

  /// The view that alone decides a stretch: the only one, or the first or last of views that lack no values.
  private func singleView(_ involved: [Int], _ views: [ViewRows<S>]) -> Int? {
    if involved.count == 1 { return involved[0] }
    switch method {
    case .first: return views[involved[0]].mayLackValues ? nil : involved[0]
    case .last: return views[involved[involved.count - 1]].mayLackValues ? nil : involved[involved.count - 1]
    default: return nil
    }
  }
}

/// A part of a row in which the same views have samples.
struct Stretch {
  let range: Range<Int>
  /// In ascending order.
  let views: [Int]
  let way: Way

  enum Way: Equatable {
    case rowByRow
    /// Many rows at once, by the view that alone decides it.
    case stored(by: Int)
    /// Many rows at once, by several views.
    case averaged
  }
}

/// Rows to work in, in one piece of memory.
struct RowScratch<S: RowArithmetic> {
  let sum: UnsafeMutablePointer<S>
  let value: UnsafeMutablePointer<S>
  /// Sums of weights are as exact as those of values: a constant would not survive another rounding.
  let weightSum: UnsafeMutablePointer<S>
  let blendSum: UnsafeMutablePointer<S>
  let blended: UnsafeMutablePointer<S>
  let weight: UnsafeMutablePointer<Float>
  let bestWeight: UnsafeMutablePointer<Float>
  private let width: Int
  private let allValues: UnsafeMutablePointer<S>
  private let allWeights: UnsafeMutablePointer<Float>

  init(_ base: UnsafeMutableRawPointer, width: Int, views: Int) {
    self.width = width
    sum = base.assumingMemoryBound(to: S.self)
    value = sum + width
    weightSum = value + width
    blendSum = weightSum + width
    blended = blendSum + width
    allValues = blended + width
    weight = UnsafeMutableRawPointer(allValues + width * views).assumingMemoryBound(to: Float.self)
    bestWeight = weight + width
    allWeights = bestWeight + width
  }

  func values(_ place: Int) -> UnsafeMutablePointer<S> { allValues + place * width }
  func weights(_ place: Int) -> UnsafeMutablePointer<Float> { allWeights + place * width }
}
