import Geometry

/// Fuses a region row by row, for the built-in functions without fusion weights.
///
/// Within a row each view's samples are valid from one x to another, so a row falls into a few stretches with the same
/// views. A stretch of one view needs no weights; where that is stored voxels of the output's own type, it is a copy.
struct StreamedFusion<S: RowArithmetic> {
  private let method: FusionMethod
  private let conversion: OutputConversion
  private let rows = ScratchBuffer()

  init(recipe: FusionRecipe, method: FusionMethod) {
    self.method = method
    conversion = recipe.outputConversion
  }

  static func scratchByteCount(width: Int, views: Int) -> Int {
    (3 + views) * width * MemoryLayout<S>.stride + (3 + views) * width * MemoryLayout<Float>.stride
  }

  /// Writes every voxel of `region`, a part of `box`, whose voxels start at `output` in C order.
  func fuse(region: Box3, of box: Box3, views: [ViewRows<S>], into output: UnsafeMutableRawPointer) {
    let width = region.shape[2]
    let bytes = conversion.type.byteCount
    let shape = box.shape
    rows.reserve(byteCount: Self.scratchByteCount(width: width, views: views.count))
    let scratch = RowScratch<S>(rows.base, width: width, views: views.count)
    var stretches: [Stretch] = []
    var active: [(view: Int, range: Range<Int>)] = []
    var previous: [(view: Int, range: Range<Int>)] = []
    for z in region.lower[0]..<region.upper[0] {
      for y in region.lower[1]..<region.upper[1] {
        let start = ((z - box.lower[0]) * shape[1] + (y - box.lower[1])) * shape[2] - box.lower[2]
        let row = output + start * bytes  // of x = 0
        active.removeAll(keepingCapacity: true)
        for k in 0..<views.count {
          let range = views[k].interval(z: z, y: y)
          if !range.isEmpty { active.append((k, range)) }
        }
        if !isSame(active, previous) || stretches.isEmpty {
          cut(region.lower[2]..<region.upper[2], active, into: &stretches)
          swap(&active, &previous)
        }
        for stretch in stretches {
          let target = row + stretch.range.lowerBound * bytes
          if stretch.views.isEmpty {
            target.initializeMemory(as: UInt8.self, repeating: 0, count: stretch.range.count * bytes)
          } else {
            fuse(stretch, z: z, y: y, views, scratch, into: target)
          }
        }
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
  private func cut(_ row: Range<Int>, _ active: [(view: Int, range: Range<Int>)], into stretches: inout [Stretch]) {
    stretches.removeAll(keepingCapacity: true)
    var ends = [row.lowerBound, row.upperBound]
    for (_, range) in active { ends += [range.lowerBound, range.upperBound] }
    ends.sort()
    for (a, b) in zip(ends, ends.dropFirst()) where a < b {
      stretches.append(Stretch(range: a..<b, views: active.filter { $0.range.contains(a) }.map(\.view)))
    }
  }

  // MARK: one stretch

  private func fuse(
    _ stretch: Stretch, z: Int, y: Int, _ views: [ViewRows<S>], _ scratch: RowScratch<S>,
    into target: UnsafeMutableRawPointer
  ) {
    let (range, count) = (stretch.range, stretch.range.count)
    let involved = stretch.views
    if let single = singleView(involved, views) {
      let view = views[single]
      if view.isPlainCopy && view.view.elementType == conversion.type && conversion.range == nil {
        let source = view.storedRow(z: z, y: y, x: range.lowerBound)
        target.copyMemory(from: source, byteCount: count * conversion.type.byteCount)
        return
      }
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

  private func sumWeighted(
    _ involved: [Int], _ z: Int, _ y: Int, _ range: Range<Int>, _ views: [ViewRows<S>], _ scratch: RowScratch<S>
  ) {
    let count = range.count
    let (sum, weightSum, value, weight) = (scratch.sum, scratch.weightSum, scratch.value, scratch.weight)
    // sums of ones stay whole, and the mean of the weights comes last
    var isPlain = true
    for (place, k) in involved.enumerated() {
      views[k].sample(z: z, y: y, x: range, into: place == 0 ? sum : value)
      let hasWeights = views[k].weigh(z: z, y: y, x: range, into: place == 0 ? weightSum : weight)
      if place == 0 {
        if hasWeights {
          isPlain = false
          for i in 0..<count { sum[i] = S(weightSum[i]) * sum[i] }
        }
        continue
      }
      if hasWeights {
        if isPlain {
          weightSum.update(repeating: Float(place), count: count)
          isPlain = false
        }
        for i in 0..<count {
          sum[i] = sum[i] + S(weight[i]) * value[i]
          weightSum[i] = weightSum[i] + weight[i]
        }
      } else if isPlain {
        for i in 0..<count { sum[i] = sum[i] + value[i] }
      } else {
        for i in 0..<count {
          sum[i] = sum[i] + value[i]
          weightSum[i] = weightSum[i] + 1
        }
      }
    }
    if isPlain {
      let all = S(involved.count)
      for i in 0..<count { sum[i] = sum[i] / all }
    } else {
      for i in 0..<count { sum[i] = sum[i] / S(weightSum[i]) }
    }
  }

  private func sumPlain(
    _ involved: [Int], _ z: Int, _ y: Int, _ range: Range<Int>, _ views: [ViewRows<S>], _ scratch: RowScratch<S>
  ) {
    let (sum, value) = (scratch.sum, scratch.value)
    views[involved[0]].sample(z: z, y: y, x: range, into: sum)
    for k in involved.dropFirst() {
      views[k].sample(z: z, y: y, x: range, into: value)
      for i in 0..<range.count { sum[i] = sum[i] + value[i] }
    }
    let all = S(involved.count)
    for i in 0..<range.count { sum[i] = sum[i] / all }
  }

  private func takeLargest(
    _ involved: [Int], _ z: Int, _ y: Int, _ range: Range<Int>, _ views: [ViewRows<S>], _ scratch: RowScratch<S>
  ) {
    let (best, value) = (scratch.sum, scratch.value)
    views[involved[0]].sample(z: z, y: y, x: range, into: best)
    for k in involved.dropFirst() {
      views[k].sample(z: z, y: y, x: range, into: value)
      for i in 0..<range.count { best[i] = value[i] > best[i] ? value[i] : best[i] }
    }
  }

  private func takeClosest(
    _ involved: [Int], _ z: Int, _ y: Int, _ range: Range<Int>, _ views: [ViewRows<S>], _ scratch: RowScratch<S>
  ) {
    let count = range.count
    let (best, bestWeight, value, weight) = (scratch.sum, scratch.weightSum, scratch.value, scratch.weight)
    for (place, k) in involved.enumerated() {
      views[k].sample(z: z, y: y, x: range, into: place == 0 ? best : value)
      let weights = place == 0 ? bestWeight : weight
      if !views[k].weigh(z: z, y: y, x: range, into: weights) { weights.update(repeating: 1, count: count) }
      if place == 0 { continue }
      for i in 0..<count {
        let isCloser = weight[i] > bestWeight[i]
        best[i] = isCloser ? value[i] : best[i]
        bestWeight[i] = isCloser ? weight[i] : bestWeight[i]
      }
    }
  }

  // MARK: values that may be missing, and integers of 64 bits

  private func isWide(_ view: ViewRows<S>) -> Bool {
    (view.view.elementType == .uint64 || view.view.elementType == .int64) && conversion.type.isInteger
  }

  /// The same arithmetic voxel by voxel, leaving out the views without a value.
  private func fuseOneByOne(
    _ stretch: Stretch, z: Int, y: Int, _ views: [ViewRows<S>], _ scratch: RowScratch<S>,
    into target: UnsafeMutableRawPointer
  ) {
    let (range, count) = (stretch.range, stretch.range.count)
    let involved = stretch.views
    let usesWeights = method == .weightedAverage || method == .closest
    for (place, k) in involved.enumerated() {
      views[k].sample(z: z, y: y, x: range, into: scratch.values(place))
      if usesWeights && !views[k].weigh(z: z, y: y, x: range, into: scratch.weights(place)) {
        scratch.weights(place).update(repeating: 1, count: count)
      }
    }
    var decided: [Int32] = []
    let tracks = involved.contains { isWide(views[$0]) }
    for i in 0..<count {
      var (sum, weightSum): (S, Float) = (0, 0)
      var (alone, found) = (-1, 0)
      for place in 0..<involved.count {
        let value = scratch.values(place)[i]
        guard value == value else { continue }
        let weight = usesWeights ? scratch.weights(place)[i] : 1
        found += 1
        if found == 1 {
          alone = place
          (sum, weightSum) = (method == .weightedAverage ? S(weight) * value : value, weight)
          continue
        }
        switch method {
        case .weightedAverage, .simpleAverage:
          sum = sum + (method == .weightedAverage ? S(weight) * value : value)
          weightSum = weightSum + weight
          alone = -1
        case .maximum:
          if isLarger(place, than: alone, i, z, y, range.lowerBound + i, involved, views, scratch) {
            (sum, alone) = (value, place)
          }
        case .closest: if weight > weightSum { (sum, weightSum, alone) = (value, weight, place) }
        case .first: break
        case .last: (sum, alone) = (value, place)
        }
      }
      switch method {
      case .weightedAverage: sum = found == 1 ? scratch.values(alone)[i] : sum / S(weightSum)
      case .simpleAverage: sum = found == 1 ? sum : sum / S(weightSum)
      default: break
      }
      scratch.sum[i] = found == 0 ? .nan : sum
      if tracks { decided.append(Int32(truncatingIfNeeded: alone)) }
    }
    storeMarked(scratch.sum, count: count, conversion, into: target)
    guard tracks else { return }
    for i in 0..<count where decided[i] >= 0 {
      storeExactly(views[involved[Int(decided[i])]], z, y, range.lowerBound + i, i, into: target)
    }
  }

  /// Whether one sample is larger than another: by the stored integers, where both are such.
  private func isLarger(
    _ a: Int, than b: Int, _ i: Int, _ z: Int, _ y: Int, _ x: Int, _ involved: [Int], _ views: [ViewRows<S>],
    _ scratch: RowScratch<S>
  ) -> Bool {
    let (viewA, viewB) = (views[involved[a]], views[involved[b]])
    if isWide(viewA), isWide(viewB), !viewA.view.isScaled, !viewB.view.isScaled,
      let p = viewA.storedInteger(z: z, y: y, x: x), let q = viewB.storedInteger(z: z, y: y, x: x)
    {
      return p > q
    }
    return scratch.values(a)[i] > scratch.values(b)[i]
  }

  /// Over what was stored: the integer of 64 bits that one view alone decides, where the sample is a voxel itself.
  private func storeExactly(
    _ view: ViewRows<S>, _ z: Int, _ y: Int, _ x: Int, _ i: Int, into target: UnsafeMutableRawPointer
  ) {
    guard isWide(view), conversion.range == nil, !view.view.isScaled,
      let integer = view.storedInteger(z: z, y: y, x: x)
    else { return }
    storeInteger(integer, to: target + i * conversion.type.byteCount, as: conversion.type)
  }
}

/// A part of a row in which the same views have samples.
private struct Stretch {
  let range: Range<Int>
  /// In ascending order.
  let views: [Int]
}

/// Rows to work in, in one piece of memory.
struct RowScratch<S: RowArithmetic> {
  let sum: UnsafeMutablePointer<S>
  let value: UnsafeMutablePointer<S>
  let weightSum: UnsafeMutablePointer<Float>
  let weight: UnsafeMutablePointer<Float>
  private let width: Int
  private let allValues: UnsafeMutablePointer<S>
  private let allWeights: UnsafeMutablePointer<Float>

  init(_ base: UnsafeMutableRawPointer, width: Int, views: Int) {
    self.width = width
    sum = base.assumingMemoryBound(to: S.self)
    value = sum + width
    allValues = value + width
    let weights = UnsafeMutableRawPointer(allValues + width * views).assumingMemoryBound(to: Float.self)
    weightSum = weights
    weight = weights + width
    allWeights = weight + width
  }

  func values(_ place: Int) -> UnsafeMutablePointer<S> { allValues + place * width }
  func weights(_ place: Int) -> UnsafeMutablePointer<Float> { allWeights + place * width }
}

/// Stores a row in which NaN is no value: 0, also where a rescale would make something else of a 0.
func storeMarked<S: RowArithmetic>(
  _ row: UnsafeMutablePointer<S>, count: Int, _ conversion: OutputConversion, into target: UnsafeMutableRawPointer
) {
  let bytes = conversion.type.byteCount
  var missing: [Int] = []
  if conversion.range != nil {
    for i in 0..<count where row[i] != row[i] { missing.append(i) }
  }
  conversion.store(row, count: count, to: target)
  for i in missing { (target + i * bytes).initializeMemory(as: UInt8.self, repeating: 0, count: bytes) }
}

/// Stores an integer, saturated to the range of its type.
func storeInteger(_ value: Int128, to target: UnsafeMutableRawPointer, as type: ElementType) {
  switch type {
  case .uint8: target.storeBytes(of: UInt8(clamping: value), as: UInt8.self)
  case .int8: target.storeBytes(of: Int8(clamping: value), as: Int8.self)
  case .uint16: target.storeBytes(of: UInt16(clamping: value), as: UInt16.self)
  case .int16: target.storeBytes(of: Int16(clamping: value), as: Int16.self)
  case .uint32: target.storeBytes(of: UInt32(clamping: value), as: UInt32.self)
  case .int32: target.storeBytes(of: Int32(clamping: value), as: Int32.self)
  case .uint64: target.storeBytes(of: UInt64(clamping: value), as: UInt64.self)
  case .int64: target.storeBytes(of: Int64(clamping: value), as: Int64.self)
  case .float16, .float32, .float64: break
  }
}
