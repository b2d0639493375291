import Geometry

/// Gives the rows of one view, resampled to the output's grid, and their blending weights.
///
/// The voxels that a region needs are in `patch`. For maps whose axes do not mix, rows of the patch are blended along z
/// and y while they are contiguous, then along x. Where y and x mix but z does not, one plane is blended for each output
/// plane. For all other maps the patch is converted once and sampled 8 corners at a time.
final class ViewRows<S: RowArithmetic> {
  private(set) var view: PlacedView
  private(set) var patchBox: Box3
  private(set) var isConstant = false
  let patch = ScratchBuffer()
  private let order: Int
  private let context: FusionContext
  private let widths: Vector3

  private var region = Box3(shape: Index3(repeating: 0))
  private var ramp: BlendingRamp
  private var constant: S = 0
  private var hasNonFinitePatch = false

  // separable maps
  private var lines: [AxisLine] = []
  private var valid: [Range<Int>] = []
  /// Output x to patch column is a shift, of this many columns.
  private var columnShift: Int?
  private var fractionX: S = 0
  private let columns = ScratchBuffer()
  private let columnFractions = ScratchBuffer()
  private let hats = ScratchBuffer()
  private let planeRows = ScratchBuffer()
  private var planeRowKeys: [(z: Int, row: Int)] = []
  private let blendedRow = ScratchBuffer()
  private var blendedKey = (z: Int.min, y: Int.min)
  private var blended: UnsafeMutablePointer<S>?

  // mixed maps
  private let converted = ScratchBuffer()
  private var convertedPlane = Int.min
  private let taps = ScratchBuffer()
  private static var tapCount: Int { 256 }
  /// Within a row, stretches of full weight are told apart in steps of so many voxels.
  private static var weightStretch: Int { 32 }

  init(recipe: FusionRecipe, view: PlacedView) {
    self.view = view
    order = recipe.interpolationOrder
    context = recipe.context
    widths = recipe.blendingWidths
    patchBox = Box3(shape: Index3(repeating: 0))
    ramp = BlendingRamp(shape: view.shape, spacing: view.spacing, widths: widths, blendsZ: context.blendsZ)
  }

  /// Makes room for the patch; the caller then reads the voxels into it and calls `begin`.
  func makeRoom(for view: PlacedView, box: Box3) throws(FusionError) -> UnsafeMutableRawBufferPointer {
    let byteCount = try patchByteCount(box, elementByteCount: view.elementType.byteCount, view: view.id)
    (self.view, patchBox) = (view, box)
    patch.reserve(byteCount: byteCount)
    return UnsafeMutableRawBufferPointer(start: patch.base, count: byteCount)
  }

  /// - Parameter region: the output voxels whose rows will be asked for.
  func begin(region: Box3, content: PatchContent) {
    self.region = region
    isConstant = content == .constant
    ramp = BlendingRamp(shape: view.shape, spacing: view.spacing, widths: widths, blendsZ: context.blendsZ)
    if isConstant {
      withUnsafeMutablePointer(to: &constant) {
        withVoxelType(view.elementType, ConvertBody(source: patch.base, count: 1, target: $0))
      }
    }
    hasNonFinitePatch = !view.elementType.isInteger
      && withVoxelType(view.elementType, NonFiniteBody(source: patch.base, count: isConstant ? 1 : patchBox.count))
    convertedPlane = Int.min
    blendedKey = (Int.min, Int.min)
    switch view.mapClass {
    case .separable: beginSeparable()
    case .plane: break
    case .general: if order == 1 && !isConstant { convertPatch() }
    }
  }

  /// Whether a voxel may have no value although it lies in the view.
  var mayLackValues: Bool { hasNonFinitePatch }

  /// The output x of a row of the region whose samples lie in the view.
  func interval(z: Int, y: Int) -> Range<Int> {
    if view.mapClass == .separable {
      return valid[0].contains(z) && valid[1].contains(y) ? valid[2] : region.lower[2]..<region.lower[2]
    }
    let start = rowStart(z: z, y: y)
    var range = region.lower[2]..<region.upper[2]
    for axis in 0..<3 {
      range = validInterval(
        offset: start[axis], slope: view.map.rows[axis][2], last: Double(view.shape[axis] - 1), in: range)
    }
    return range
  }

  /// The boxes of maps that do not mix axes: constant intervals within.
  var validBox: Box3? {
    guard view.mapClass == .separable else { return nil }
    return Box3(
      lower: Index3(valid[0].lowerBound, valid[1].lowerBound, valid[2].lowerBound),
      upper: Index3(valid[0].upperBound, valid[1].upperBound, valid[2].upperBound))
  }

  // MARK: samples

  /// Samples of output x in `range`, which lies in the row's interval. NaN is no value.
  func sample(z: Int, y: Int, x range: Range<Int>, into target: UnsafeMutablePointer<S>) {
    if isConstant {
      target.update(repeating: constant, count: range.count)
    } else if view.mapClass == .separable {
      sampleSeparable(z: z, y: y, range, into: target)
    } else {
      sampleMixed(z: z, y: y, range, into: target)
    }
    if view.isScaled {
      let (gain, offset) = (S(view.intensityScale), S(view.intensityOffset))
      for i in 0..<range.count { target[i] = target[i] * gain + offset }
    }
  }

  /// Whether rows are stored voxels as they are, of a type without NaN.
  var isPlainCopy: Bool {
    guard view.mapClass == .separable, !isConstant, columnShift != nil, !view.isScaled, view.elementType.isInteger else {
      return false
    }
    return order == 0 || (isWhole(0) && isWhole(1) && fractionX == 0)
  }

  private func isWhole(_ axis: Int) -> Bool {
    lines[axis].scale == 1 && lines[axis].position(at: region.lower[axis]).fraction == 0
  }

  /// The stored voxels of a row, where `isPlainCopy`.
  func storedRow(z: Int, y: Int, x: Int) -> UnsafeRawPointer {
    let row = order == 0
      ? patchOffset(lines[0].nearest(at: z), lines[1].nearest(at: y))
      : patchOffset(lines[0].position(at: z).base, lines[1].position(at: y).base)
    return UnsafeRawPointer(patch.base) + (row + x + (columnShift ?? 0)) * view.elementType.byteCount
  }

  private func patchOffset(_ z: Int, _ y: Int) -> Int {
    let shape = patchBox.shape
    return ((z - patchBox.lower[0]) * shape[1] + (y - patchBox.lower[1])) * shape[2]
  }

  // MARK: weights

  /// Blending weights of output x in `range`; false, and nothing written, where all are 1.
  func weigh(z: Int, y: Int, x range: Range<Int>, into target: UnsafeMutablePointer<Float>) -> Bool {
    view.mapClass == .separable
      ? weighSeparable(z: z, y: y, range, into: target) : weighMixed(z: z, y: y, range, into: target)
  }

  private func weighSeparable(z: Int, y: Int, _ range: Range<Int>, into target: UnsafeMutablePointer<Float>) -> Bool {
    let fz = context.blendsZ ? ramp.folded(coordinate(0, z), axis: 0) : 1
    let (near, far) = ramp.row(z: fz, y: ramp.folded(coordinate(1, y), axis: 1))
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
        for j in i..<end { target[j] = BlendingRamp.weight(near * nearHats[j] + far * farHats[j]) }
      }
      i = end
    }
    return true
  }

  private func coordinate(_ axis: Int, _ index: Int) -> Double {
    let (base, fraction) = lines[axis].position(at: index)
    return Double(base) + fraction
  }

  private func weighMixed(z: Int, y: Int, _ range: Range<Int>, into target: UnsafeMutablePointer<Float>) -> Bool {
    let start = rowStart(z: z, y: y)
    let rows = view.map.rows
    let slope = Vector3(rows[0][2], rows[1][2], rows[2][2])
    let ramp = self.ramp
    // folded coordinates are least at an end of the row, and the distance grows with each of them
    func least(_ range: Range<Int>) -> Float {
      let first = start + slope * Double(range.lowerBound)
      let last = start + slope * Double(range.upperBound - 1)
      let low = pointwiseMin(ramp.folded(first), ramp.folded(last))
      return ramp.distance(z: low[0], y: low[1], x: low[2])
    }
    if least(range) > BlendingRamp.certainDistance { return false }
    let n = Self.weightStretch
    let folded = taps.reserve(S.self, count: 4 * Self.tapCount)
    let t = UnsafeMutableRawPointer(folded).assumingMemoryBound(to: Float.self)
    var x = range.lowerBound
    while x < range.upperBound {
      let end = min(x + n, range.upperBound)
      let count = end - x
      let out = target + (x - range.lowerBound)
      if least(x..<end) > BlendingRamp.certainDistance {
        for i in 0..<count { out[i] = 1 }
      } else {
        for axis in 0..<3 where axis > 0 || slope[0] != 0 {
          foldRow(start[axis], slope[axis], axis, x: x, count: count, into: t + axis * n)
        }
        if slope[0] == 0 {
          let z = ramp.folded(start)[0]
          for i in 0..<count { out[i] = BlendingRamp.weight(ramp.distance(z: z, y: t[n + i], x: t[2 * n + i])) }
        } else {
          for i in 0..<count { out[i] = BlendingRamp.weight(ramp.distance(z: t[i], y: t[n + i], x: t[2 * n + i])) }
        }
      }
      x = end
    }
    return true
  }

  private func foldRow(
    _ start: Double, _ slope: Double, _ axis: Int, x: Int, count: Int, into target: UnsafeMutablePointer<Float>
  ) {
    let (length, density) = (ramp.length[axis], ramp.density[axis])
    let x0 = Double(x)
    for i in 0..<count {
      target[i] = BlendingRamp.folded(start + slope * (x0 + Double(Int32(truncatingIfNeeded: i))), length, density)
    }
  }

  // MARK: separable maps

  private func beginSeparable() {
    lines = (0..<3).map { AxisLine(map: view.map, axis: $0, length: view.shape[$0]) }
    valid = (0..<3).map { lines[$0].validRange(in: region.lower[$0]..<region.upper[$0]) }
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
    planeRowKeys = [(Int.min, Int.min), (Int.min, Int.min)]
  }

  /// Numbers of a row of the patch, and room for one beyond its end.
  private var rowLength: Int { patchBox.shape[2] + 4 }

  private func sampleSeparable(z: Int, y: Int, _ range: Range<Int>, into target: UnsafeMutablePointer<S>) {
    let (zBase, zFraction) = order == 0 ? (lines[0].nearest(at: z), 0) : lines[0].position(at: z)
    let (yBase, yFraction) = order == 0 ? (lines[1].nearest(at: y), 0) : lines[1].position(at: y)
    let isWholeRow = zFraction == 0 && yFraction == 0
    if isWholeRow, fractionX == 0, let columnShift {
      let at = patchOffset(zBase, yBase) + range.lowerBound + columnShift
      withVoxelType(
        view.elementType,
        ConvertBody(source: patch.base + at * view.elementType.byteCount, count: range.count, target: target))
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
    let slot = row & 1
    let target = planeRows.base.assumingMemoryBound(to: S.self) + slot * rowLength
    if planeRowKeys[slot] == (z, row) { return target }
    let a = patch.base + patchOffset(zBase, row) * view.elementType.byteCount
    let count = patchBox.shape[2]
    if zFraction == 0 {
      withVoxelType(view.elementType, ConvertBody(source: a, count: count, target: target))
    } else {
      let b = patch.base + patchOffset(zBase + 1, row) * view.elementType.byteCount
      withVoxelType(view.elementType, BlendBody(a: a, b: b, fraction: zFraction, count: count, target: target))
    }
    planeRowKeys[slot] = (z, row)
    return target
  }

  // MARK: mixed maps

  /// The pixel coordinates of a row at x = 0, summed as `PixelMap` does.
  private func rowStart(z: Int, y: Int) -> Vector3 {
    let rows = view.map.rows
    var start = view.map.offset
    for axis in 0..<3 {
      start[axis] = (start[axis] + rows[axis][0] * Double(z)) + rows[axis][1] * Double(y)
    }
    return start
  }

  private func convertPatch() {
    let shape = patchBox.shape
    let count = patchBox.count
    let slack = shape[1] * shape[2] + shape[2] + 8
    let target = converted.reserve(S.self, count: count + slack)
    withVoxelType(view.elementType, ConvertBody(source: patch.base, count: count, target: target))
    (target + count).update(repeating: 0, count: slack)
  }

  private func convertPlane(z: Int) {
    if convertedPlane == z { return }
    convertedPlane = z
    let shape = patchBox.shape
    let count = shape[1] * shape[2]
    let slack = shape[2] + 8
    let target = converted.reserve(S.self, count: count + slack)
    let p = rowStart(z: z, y: 0)[0]
    let base = p.rounded(.down)
    let fraction = S(p - base)
    let bytes = view.elementType.byteCount
    let a = patch.base + (Int(base) - patchBox.lower[0]) * count * bytes
    if fraction == 0 {
      withVoxelType(view.elementType, ConvertBody(source: a, count: count, target: target))
    } else {
      withVoxelType(
        view.elementType, BlendBody(a: a, b: a + count * bytes, fraction: fraction, count: count, target: target))
    }
    (target + count).update(repeating: 0, count: slack)
  }

  private func sampleMixed(z: Int, y: Int, _ range: Range<Int>, into target: UnsafeMutablePointer<S>) {
    let isPlane = view.mapClass == .plane
    if order == 1 && isPlane { convertPlane(z: z) }
    let n = Self.tapCount
    let start = rowStart(z: z, y: y)
    let numbers = taps.reserve(S.self, count: 4 * n)
    var place = Taps<S>(
      index: UnsafeMutableRawPointer(numbers).assumingMemoryBound(to: Int32.self), fractionZ: numbers + n,
      fractionY: numbers + 2 * n, fractionX: numbers + 3 * n, count: 0)
    let source = converted.base.assumingMemoryBound(to: S.self)
    let shape = patchBox.shape
    var x = range.lowerBound
    while x < range.upperBound {
      place.count = min(n, range.upperBound - x)
      let out = target + (x - range.lowerBound)
      locate(start, x: x, ignoringZ: order == 1 && isPlane, place)
      if order == 0 {
        withVoxelType(
          view.elementType, GatherBody(source: patch.base, index: place.index, count: place.count, target: out))
      } else if hasNonFinitePatch {
        gatherCarefully(
          source, rowStride: shape[2], planeStride: shape[1] * shape[2], hasZ: !isPlane, place, into: out)
      } else if isPlane {
        S.gatherPlaneFinite(source, rowStride: shape[2], place, into: out)
      } else {
        S.gatherVolumeFinite(source, rowStride: shape[2], planeStride: shape[1] * shape[2], place, into: out)
      }
      x += place.count
    }
  }

  /// Indices into the patch, and fractions, of samples from x on.
  ///
  /// Adding and taking away 1.5 * 2^52 rounds to a whole number, whose low bits then are the sum's; coordinates are valid,
  /// so not negative.
  private func locate(_ start: Vector3, x: Int, ignoringZ: Bool, _ place: Taps<S>) {
    let magic = 6_755_399_441_055_744.0
    let x0 = Double(x)
    let rows = view.map.rows
    let (sz, sy, sx) = (start[0], start[1], start[2])
    let (mz, my, mx) = (rows[0][2], rows[1][2], rows[2][2])
    let shape = patchBox.shape
    let rowStride = Double(shape[2])
    let planeStride = Double(shape[1] * shape[2])
    let first = Double(patchBox.lower[1]) * rowStride + Double(patchBox.lower[2])
    let firstPlane = Double(patchBox.lower[0]) * planeStride
    let up = order == 0 ? 0.5 : 0
    if ignoringZ {
      for i in 0..<place.count {
        let at = x0 + Double(Int32(truncatingIfNeeded: i))
        let py = sy + my * at
        let px = sx + mx * at
        let ry = wholePart(py, magic)
        let rx = wholePart(px, magic)
        place.fractionY[i] = S(py - ry)
        place.fractionX[i] = S(px - rx)
        place.index[i] = Int32(truncatingIfNeeded: ((ry * rowStride + rx) - first + magic).bitPattern)
      }
    } else {
      for i in 0..<place.count {
        let at = x0 + Double(Int32(truncatingIfNeeded: i))
        let pz = sz + mz * at + up
        let py = sy + my * at + up
        let px = sx + mx * at + up
        let rz = wholePart(pz, magic)
        let ry = wholePart(py, magic)
        let rx = wholePart(px, magic)
        place.fractionZ[i] = S(pz - rz)
        place.fractionY[i] = S(py - ry)
        place.fractionX[i] = S(px - rx)
        let index = (rz * planeStride - firstPlane) + (ry * rowStride + rx) - first
        place.index[i] = Int32(truncatingIfNeeded: (index + magic).bitPattern)
      }
    }
  }

  // MARK: exact integers

  /// The stored 64-bit integer of a valid output voxel whose sample is a voxel itself; nil where it is interpolated.
  func storedInteger(z: Int, y: Int, x: Int) -> Int128? {
    var at = Index3(repeating: 0)
    if view.mapClass == .separable {
      let index = Index3(z, y, x)
      for axis in 0..<3 {
        if order == 0 {
          at[axis] = lines[axis].nearest(at: index[axis])
        } else {
          let (base, fraction) = lines[axis].position(at: index[axis])
          if fraction != 0 { return nil }
          at[axis] = base
        }
      }
    } else {
      let start = rowStart(z: z, y: y)
      for axis in 0..<3 {
        let p = start[axis] + view.map.rows[axis][2] * Double(x)
        let whole = order == 0 ? (p + 0.5).rounded(.down) : p.rounded(.down)
        if order == 1 && p != whole { return nil }
        at[axis] = Int(whole)
      }
    }
    let offset = isConstant ? 0 : (patchOffset(at[0], at[1]) + at[2] - patchBox.lower[2]) * 8
    switch view.elementType {
    case .uint64: return Int128(patch.base.load(fromByteOffset: offset, as: UInt64.self))
    case .int64: return Int128(patch.base.load(fromByteOffset: offset, as: Int64.self))
    default: return nil
    }
  }
}

@inline(__always)
private func wholePart(_ p: Double, _ magic: Double) -> Double {
  let near = (p + magic) - magic
  return near > p ? near - 1 : near
}

/// The bytes of a patch; refuses what could not be indexed by 32 bits.
func patchByteCount(_ box: Box3, elementByteCount: Int, view: Int) throws(FusionError) -> Int {
  let shape = box.shape
  let (plane, overflow1) = shape[1].multipliedReportingOverflow(by: shape[2])
  let (count, overflow2) = plane.multipliedReportingOverflow(by: shape[0] + 1)
  if overflow1 || overflow2 { throw .tooLarge(what: "the voxels of view \(view) for one block", byteCount: nil) }
  if count >= Int(Int32.max) - plane {
    throw .tooLarge(what: "the voxels of view \(view) for one block", byteCount: count &* elementByteCount)
  }
  return box.count * elementByteCount
}

private struct ConvertBody<S: RowArithmetic>: VoxelBody {
  let source: UnsafeMutableRawPointer
  let count: Int
  let target: UnsafeMutablePointer<S>

  @inline(__always)
  func run<T: Voxel>(_ type: T.Type) {
    convertRow(UnsafePointer(source.assumingMemoryBound(to: type)), count: count, into: target)
  }
}

private struct BlendBody<S: RowArithmetic>: VoxelBody {
  let a: UnsafeMutableRawPointer
  let b: UnsafeMutableRawPointer
  let fraction: S
  let count: Int
  let target: UnsafeMutablePointer<S>

  @inline(__always)
  func run<T: Voxel>(_ type: T.Type) {
    blendRows(
      UnsafePointer(a.assumingMemoryBound(to: type)), UnsafePointer(b.assumingMemoryBound(to: type)),
      fraction: fraction, count: count, into: target)
  }
}

private struct GatherBody<S: RowArithmetic>: VoxelBody {
  let source: UnsafeMutableRawPointer
  let index: UnsafeMutablePointer<Int32>
  let count: Int
  let target: UnsafeMutablePointer<S>

  @inline(__always)
  func run<T: Voxel>(_ type: T.Type) {
    let voxels = source.assumingMemoryBound(to: type)
    for i in 0..<count { target[i] = S.of(voxels[Int(index[i])]) }
  }
}

private struct NonFiniteBody: VoxelBody {
  let source: UnsafeMutableRawPointer
  let count: Int

  @inline(__always)
  func run<T: Voxel>(_ type: T.Type) -> Bool {
    let voxels = source.assumingMemoryBound(to: type)
    // the difference is 0 unless it is NaN; counted, so that the loop vectorises
    var marks: UInt32 = 0
    for i in 0..<count {
      let v = voxels[i].double
      marks |= v - v == 0 ? 0 : 1
    }
    return marks != 0
  }
}
