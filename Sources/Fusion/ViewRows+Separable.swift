import CKernels
import Geometry

/// Rows of views whose axes do not mix: shifts, scales, mirrors.
extension ViewRows {
  // MARK: separable maps

  func beginSeparable() {
    lines = PerAxis { AxisLine(map: view.map, axis: $0, length: view.shape[$0]) }
    valid = PerAxis { lines[$0].validRange(in: region.lower[$0]..<region.upper[$0]) }
    let width = region.shape[2]
    let x0 = region.lower[2]
    let line = lines[2]
    let nearHats = hats.reserve(Float.self, count: 2 * width)
    for x in valid[2] {
      let t = ramp.folded(coordinate(2, x), axis: 2)
      nearHats[x - x0] = BlendingRamp.nearHat(t)
      nearHats[width + x - x0] = BlendingRamp.farHat(t)
    }
    if isConstant { return }
    if line.scale == 1, let first = valid[2].first {
      let column = order == 0 ? line.nearest(at: first) : line.position(at: first).base
      columnShift = column - patchBox.lower[2] - first
      fractionX = order == 0 ? 0 : S(line.position(at: first).fraction)
    } else {
      columnShift = nil
      let index = columns.reserve(Int32.self, count: width)
      let fractions = columnFractions.reserve(S.self, count: width)
      for x in valid[2] {
        let (base, fraction) = order == 0 ? (line.nearest(at: x), 0) : line.position(at: x)
        index[x - x0] = Int32(truncatingIfNeeded: base - patchBox.lower[2])
        fractions[x - x0] = S(fraction)
      }
    }
    let length = rowLength
    // a number beyond the row's end is looked at with a fraction of 0
    planeRows.reserve(S.self, count: 2 * length).update(repeating: 0, count: 2 * length)
    blendedRow.reserve(S.self, count: length).update(repeating: 0, count: length)
    planeRowKeys = ((Int.min, Int.min), (Int.min, Int.min))
  }

  /// Numbers of a row of the patch, and room for one beyond its end.
  private var rowLength: Int { patchBox.shape[2] + 4 }

  func sampleSeparable(z: Int, y: Int, _ range: Range<Int>, into target: UnsafeMutablePointer<S>) {
    let (zBase, zFraction) = order == 0 ? (lines[0].nearest(at: z), 0) : lines[0].position(at: z)
    let (yBase, yFraction) = order == 0 ? (lines[1].nearest(at: y), 0) : lines[1].position(at: y)
    let isWholeRow = zFraction == 0 && yFraction == 0
    if isWholeRow, fractionX == 0, let columnShift {
      let at = patchOffset(zBase, yBase) + range.lowerBound + columnShift
      withVoxelType(
        view.elementType,
        ConvertBody(source: voxels + at * view.elementType.byteCount, count: range.count, target: target))
      return
    }
    let row = blendRow(z: z, y: y, zBase, S(zFraction), yBase, S(yFraction))
    if let columnShift {
      let source = row + (range.lowerBound + columnShift)
      if fractionX == 0 {
        target.update(from: source, count: range.count)
      } else {
        blendNumbers(source, source + 1, fraction: fractionX, count: range.count, into: target)
      }
    } else {
      let first = range.lowerBound - region.lower[2]
      let index = columns.base.assumingMemoryBound(to: Int32.self) + first
      let fractions = columnFractions.base.assumingMemoryBound(to: S.self) + first
      for i in 0..<range.count {
        let at = Int(index[i])
        // not even looked at with a fraction of 0: it may be NaN
        target[i] = fractions[i] == 0 ? row[at] : lerp(row[at], row[at + 1], fractions[i])
      }
    }
  }

  /// A row of the patch blended along z and y. The rows blended along z alone are kept: the next output row mostly
  /// needs one of them again.
  private func blendRow(
    z: Int, y: Int, _ zBase: Int, _ zFraction: S, _ yBase: Int, _ yFraction: S
  ) -> UnsafeMutablePointer<S> {
    if blendedKey == (z, y), let blended { return blended }
    let first = planeRow(z: z, zBase, zFraction, yBase)
    let result: UnsafeMutablePointer<S>
    if yFraction == 0 {
      result = first
    } else {
      let second = planeRow(z: z, zBase, zFraction, yBase + 1)
      result = blendedRow.base.assumingMemoryBound(to: S.self)
      blendNumbers(first, second, fraction: yFraction, count: patchBox.shape[2], into: result)
    }
    (blendedKey, blended) = ((z, y), result)
    return result
  }

  private func planeRow(z: Int, _ zBase: Int, _ zFraction: S, _ row: Int) -> UnsafeMutablePointer<S> {
    let isOdd = row & 1 == 1
    let target = planeRows.base.assumingMemoryBound(to: S.self) + (isOdd ? rowLength : 0)
    if isOdd {
      if planeRowKeys.odd == (z, row) { return target }
      planeRowKeys.odd = (z, row)
    } else {
      if planeRowKeys.even == (z, row) { return target }
      planeRowKeys.even = (z, row)
    }
    let a = voxels + patchOffset(zBase, row) * view.elementType.byteCount
    let count = patchBox.shape[2]
    if zFraction == 0 {
      withVoxelType(view.elementType, ConvertBody(source: a, count: count, target: target))
    } else {
      let b = voxels + patchOffset(zBase + 1, row) * view.elementType.byteCount
      withVoxelType(view.elementType, BlendBody(a: a, b: b, fraction: zFraction, count: count, target: target))
    }
    return target
  }

  func weighSeparable(z: Int, y: Int, _ range: Range<Int>, into target: UnsafeMutablePointer<Float>) -> Bool {
    let (near, far) = rowDistances(z: z, y: y)
    let width = region.shape[2]
    let nearHats = hats.base.assumingMemoryBound(to: Float.self) + (range.lowerBound - region.lower[2])
    let farHats = nearHats + width
    let last = range.count - 1
    // along x the distance rises to the middle and then falls, so its least is at an end
    let least = min(near * nearHats[0] + far * farHats[0], near * nearHats[last] + far * farHats[last])
    if least > BlendingRamp.certainDistance { return false }
    var i = 0
    while i < range.count {
      let end = min(i + Self.weightStretch, range.count)
      if min(near * nearHats[i] + far * farHats[i], near * nearHats[end - 1] + far * farHats[end - 1])
        > BlendingRamp.certainDistance
      {
        for j in i..<end { target[j] = 1 }
      } else {
        ck_weigh_hats(near, far, nearHats + i, farHats + i, end - i, target + i)
      }
      i = end
    }
    return true
  }

  /// The distances of a row are `near * nearHat + far * farHat`.
  func rowDistances(z: Int, y: Int) -> (near: Float, far: Float) {
    let fz = ramp.blendsZ ? ramp.folded(coordinate(0, z), axis: 0) : 1
    return ramp.row(z: fz, y: ramp.folded(coordinate(1, y), axis: 1))
  }

  private func coordinate(_ axis: Int, _ index: Int) -> Double {
    let (base, fraction) = lines[axis].position(at: index)
    return Double(base) + fraction
  }
}
