import Geometry

/// Rows of views whose maps mix axes: rotations, shears, any affine map.
extension ViewRows {
  // MARK: mixed maps

  /// The pixel coordinates of a row at x = 0, summed as `PixelMap` does.
  func rowStart(z: Int, y: Int) -> Vector3 {
    let rows = view.map.rows
    var start = view.map.offset
    for axis in 0..<3 {
      start[axis] = (start[axis] + rows[axis][0] * Double(z)) + rows[axis][1] * Double(y)
    }
    return start
  }

  func convertPatch() {
    let shape = patchBox.shape
    let count = patchBox.count
    let slack = shape[1] * shape[2] + shape[2] + 8
    let target = converted.reserve(S.self, count: count + slack)
    let bytes = view.elementType.byteCount
    for z in 0..<shape[0] {
      let plane = voxels + z * planeStride * bytes
      forEachRun { from, count, at in
        withVoxelType(
          view.elementType,
          ConvertBody(source: plane + from * bytes, count: count, target: target + (z * shape[1] * shape[2] + at)))
      }
    }
    (target + count).update(repeating: 0, count: slack)
  }

  /// The pieces of a plane of the patch that lie without gaps: their first element there, and in a plane without any gap.
  private func forEachRun(_ body: (_ from: Int, _ count: Int, _ at: Int) -> Void) {
    let (height, width) = (patchBox.shape[1], patchBox.shape[2])
    if rowStride == width { return body(0, height * width, 0) }
    for y in 0..<height { body(y * rowStride, width, y * width) }
  }

  private func convertPlane(z: Int) {
    if convertedPlane == z { return }
    convertedPlane = z
    let shape = patchBox.shape
    let count = shape[1] * shape[2]
    let slack = shape[2] + 8
    let target = converted.reserve(S.self, count: count + slack)
    let p = min(max(rowStart(z: z, y: 0)[0], 0), Double(view.shape[0] - 1))
    let base = p.rounded(.down)
    let fraction = S(p - base)
    let bytes = view.elementType.byteCount
    let first = voxels + (Int(base) - patchBox.lower[0]) * planeStride * bytes
    forEachRun { from, count, at in
      let a = first + from * bytes
      if fraction == 0 {
        withVoxelType(view.elementType, ConvertBody(source: a, count: count, target: target + at))
      } else {
        withVoxelType(
          view.elementType,
          BlendBody(
            a: a, b: a + planeStride * bytes, fraction: fraction, count: count, isCareful: hasExtremes,
            target: target + at))
      }
    }
    (target + count).update(repeating: 0, count: slack)
  }

  func sampleMixed(z: Int, y: Int, _ range: Range<Int>, into target: UnsafeMutablePointer<S>) {
    let line = sampleLine(z: z, y: y)
    if order == 0 { return gatherNearest(line, range, into: target) }
    let isPlane = view.mapClass == .plane
    if isPlane { convertPlane(z: z) }
    // the few samples that are on the view's ends because they lie hardly beyond them
    let inside = inside(line, range)
    gather(line, inside, isPlane: isPlane, into: target + (inside.lowerBound - range.lowerBound))
    if inside == range { return }
    gather(line, range.lowerBound..<inside.lowerBound, isPlane: isPlane, isAtEdge: true, into: target)
    gather(
      line, inside.upperBound..<range.upperBound, isPlane: isPlane, isAtEdge: true,
      into: target + (inside.upperBound - range.lowerBound))
  }

  /// The samples of a row between the view's first and last voxels.
  private func inside(_ line: SampleLine, _ range: Range<Int>) -> Range<Int> {
    var inside = range
    for axis in (view.mapClass == .plane ? 1 : 0)..<3 where !isCovered[axis] {
      inside = validInterval(
        offset: line.start[axis], slope: line.slope[axis], from: 0, to: Double(view.shape[axis] - 1), in: inside)
    }
    return inside
  }

  private func gatherNearest(_ line: SampleLine, _ range: Range<Int>, into target: UnsafeMutablePointer<S>) {
    forEachTaps(range) { x, place in
      locateNearest(line, in: patchBox, x: x, place)
      withVoxelType(
        view.elementType,
        GatherBody(source: voxels, index: place.index, count: place.count, target: target + (x - range.lowerBound)))
    }
  }

  private func gather(
    _ line: SampleLine, _ range: Range<Int>, isPlane: Bool, isAtEdge: Bool = false, into target: UnsafeMutablePointer<S>
  ) {
    let source = converted.base.assumingMemoryBound(to: S.self)
    let (rowStride, planeStride) = (patchBox.shape[2], patchBox.shape[1] * patchBox.shape[2])
    forEachTaps(range) { x, place in
      let out = target + (x - range.lowerBound)
      if isAtEdge {
        locateAtEdge(isPlane ? line.withoutZ(patchBox) : line, of: view.shape, in: patchBox, x: x, place)
      } else {
        S.locate(line, in: patchBox, x: x, ignoringZ: isPlane, place)
      }
      if hasExtremes {
        gatherCarefully(
          source, rowStride: rowStride, planeStride: planeStride, hasZ: !isPlane, place, into: out)
      } else if isPlane {
        S.gatherPlaneFinite(source, rowStride: rowStride, place, into: out)
      } else {
        S.gatherVolumeFinite(
          source, rowStride: rowStride, planeStride: planeStride, ahead: nextPlane, place, into: out)
      }
    }
  }

  /// Goes through a row in pieces, each with room for its places.
  @inline(__always)
  private func forEachTaps(_ range: Range<Int>, _ body: (_ x: Int, Taps<S>) -> Void) {
    let n = Self.tapCount
    let numbers = taps.reserve(S.self, count: 4 * n)
    var place = Taps<S>(
      index: UnsafeMutableRawPointer(numbers).assumingMemoryBound(to: Int32.self), fractionZ: numbers + n,
      fractionY: numbers + 2 * n, fractionX: numbers + 3 * n, count: 0)
    var x = range.lowerBound
    while x < range.upperBound {
      place.count = min(n, range.upperBound - x)
      body(x, place)
      x += place.count
    }
  }

  /// How far in the converted patch the samples of the next output plane lie from those of this one, and, where the
  /// patch is walked through plane by plane, the plane beyond.
  private var nextPlane: Int {
    let strides = Vector3(Double(patchBox.shape[1] * patchBox.shape[2]), Double(patchBox.shape[2]), 1)
    var step = Vector3.zero
    for axis in 0..<3 { step[axis] = max(-4, min(4, view.map.rows[axis][0])).rounded() }
    if step[0] > 0 { step[0] += 1 }
    return Int((step * strides).sum())
  }

  func weighMixed(z: Int, y: Int, _ range: Range<Int>, into target: UnsafeMutablePointer<Float>) -> Bool {
    let line = sampleLine(z: z, y: y)
    let ramp = self.ramp
    if ramp.leastDistance(line.start, line.slope, range) > BlendingRamp.certainDistance { return false }
    let n = 2 * Self.weightStretch
    var x = range.lowerBound
    while x < range.upperBound {
      let end = min(x + n, range.upperBound)
      let out = target + (x - range.lowerBound)
      if ramp.leastDistance(line.start, line.slope, x..<end) > BlendingRamp.certainDistance {
        for i in 0..<(end - x) { out[i] = 1 }
      } else {
        ramp.weigh(line, x: x, count: end - x, into: out)
      }
      x = end
    }
    return true
  }

  private func sampleLine(z: Int, y: Int) -> SampleLine {
    let rows = view.map.rows
    return SampleLine(
      start: rowStart(z: z, y: y), slope: Vector3(rows[0][2], rows[1][2], rows[2][2]), length: view.shape.max())
  }
}
