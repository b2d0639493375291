import Geometry

/// A stretch of a row where values may be missing, or integers of 64 bits be lost: voxel by voxel.
extension StreamedFusion {
  func isWide(_ view: ViewRows<S>) -> Bool {
    (view.view.elementType == .uint64 || view.view.elementType == .int64) && conversion.type.isInteger
  }

  /// The same arithmetic voxel by voxel, leaving out the views without a value.
  func fuseOneByOne(
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
      var (sum, weightSum): (S, S) = (0, 0)
      var (alone, found) = (-1, 0)
      for place in 0..<involved.count {
        let value = scratch.values(place)[i]
        guard value == value else { continue }
        let weight = usesWeights ? S(scratch.weights(place)[i]) : 1
        found += 1
        if found == 1 {
          alone = place
          (sum, weightSum) = (method == .weightedAverage ? weight * value : value, weight)
          continue
        }
        switch method {
        case .weightedAverage, .simpleAverage:
          sum = sum + (method == .weightedAverage ? weight * value : value)
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
      case .weightedAverage: sum = found == 1 ? scratch.values(alone)[i] : sum / weightSum
      case .simpleAverage: sum = found == 1 ? sum : sum / weightSum
      default: break
      }
      if !sum.isFinite && found > 1 && (method == .weightedAverage || method == .simpleAverage) {
        sum = meanOfExtremes(count: involved.count) {
          (scratch.values($0)[i], usesWeights ? S(scratch.weights($0)[i]) : 1)
        }
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
  func storeExactly(
    _ view: ViewRows<S>, _ z: Int, _ y: Int, _ x: Int, _ i: Int, into target: UnsafeMutableRawPointer
  ) {
    guard isWide(view), conversion.range == nil, !view.view.isScaled,
      let integer = view.storedInteger(z: z, y: y, x: x)
    else { return }
    storeInteger(integer, to: target + i * conversion.type.byteCount, as: conversion.type)
  }
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
