import Geometry

/// Gives the rows of one view, resampled to the output's grid, and their blending weights.
///
/// The voxels that a region needs are read into a patch of its own, or lent. For maps whose axes do not mix, rows of the patch are blended along z
/// and y while they are contiguous, then along x. Where y and x mix but z does not, one plane is blended for each
/// output plane. For all other maps the patch is converted once and sampled 8 corners at a time.
final class ViewRows<S: RowArithmetic> {
  private(set) var view: PlacedView
  private(set) var patchBox: Box3
  /// The first voxel of `patchBox`, and elements from a row or a plane of it to the next.
  private(set) var voxels: UnsafeRawPointer
  private(set) var rowStride = 0
  private(set) var planeStride = 0
  private(set) var isConstant = false
  private let room = ScratchBuffer()
  private var loan: LentVoxels?
  let order: Int
  let context: FusionContext
  private let widths: Vector3

  private(set) var region = Box3(shape: Index3(repeating: 0))
  private(set) var ramp: BlendingRamp
  private var constant: S = 0
  private(set) var hasExtremes = false
  /// Whether rows are stored voxels as they are.
  private(set) var isPlainCopy = false
  /// Axes of the view along which every sample of the region lies well inside it.
  private(set) var isCovered = PerAxis(repeating: false)

  // separable maps
  var lines: PerAxis<AxisLine>
  var valid = PerAxis(repeating: 0..<0)
  /// Output x to patch column is a shift, of this many columns.
  var columnShift: Int?
  var fractionX: S = 0
  let columns = ScratchBuffer()
  let columnFractions = ScratchBuffer()
  let hats = ScratchBuffer()
  let planeRows = ScratchBuffer()
  /// Which row, blended along z, each half of `planeRows` holds.
  var planeRowKeys = (even: (z: Int.min, row: Int.min), odd: (z: Int.min, row: Int.min))
  let blendedRow = ScratchBuffer()
  var blendedKey = (z: Int.min, y: Int.min)
  var blended: UnsafeMutablePointer<S>?
  /// What is worked in where many rows of a plane are made at once.
  let plane = ScratchBuffer()

  // mixed maps
  let converted = ScratchBuffer()
  var convertedPlane = Int.min
  let taps = ScratchBuffer()
  static var tapCount: Int { 256 }
  /// Within a row, stretches of full weight are told apart in steps of so many voxels.
  static var weightStretch: Int { 32 }

  init(recipe: FusionRecipe, view: PlacedView) {
    self.view = view
    order = recipe.interpolationOrder
    context = recipe.context
    widths = recipe.blendingWidths
    patchBox = Box3(shape: Index3(repeating: 0))
    voxels = UnsafeRawPointer(room.base)
    ramp = BlendingRamp(
      shape: view.shape, spacing: view.spacing, widths: widths, blendsZ: context.blendsZ && !view.isOnPlane)
    lines = PerAxis { AxisLine(map: view.map, axis: $0, length: view.shape[$0]) }
  }

  /// Makes room for the patch; the caller then reads the voxels into it and calls `begin`.
  func makeRoom(for view: PlacedView, box: Box3) throws(FusionError) -> UnsafeMutableRawBufferPointer {
    let byteCount = try patchByteCount(box, elementByteCount: view.elementType.byteCount, view: view.id)
    (self.view, patchBox, loan) = (view, box, nil)
    room.reserve(byteCount: byteCount)
    voxels = UnsafeRawPointer(room.base)
    (rowStride, planeStride) = (box.shape[2], box.shape[1] * box.shape[2])
    return UnsafeMutableRawBufferPointer(start: room.base, count: byteCount)
  }

  /// Whether voxels of a view may be lent: where they are only read by rows, and need not be searched for NaN.
  func takesLoans(of view: PlacedView) -> Bool {
    view.elementType.isInteger && (view.mapClass == .separable || order == 1)
  }

  /// Instead of `makeRoom` and `begin`: with voxels that lie elsewhere, of a view whose loans are taken.
  func begin(region: Box3, of view: PlacedView, box: Box3, lent: LentVoxels) throws(FusionError) {
    _ = try patchByteCount(box, elementByteCount: view.elementType.byteCount, view: view.id)
    (self.view, patchBox, loan) = (view, box, lent)
    (voxels, rowStride, planeStride) = (lent.start, lent.rowStride, lent.planeStride)
    begin(region: region, content: .voxels)
  }

  /// What was lent is not needed any more, nor are rows asked for before the next `begin`.
  func letGo() { loan = nil }

  /// - Parameter region: the output voxels whose rows will be asked for.
  func begin(region: Box3, content: PatchContent) {
    self.region = region
    isConstant = content == .constant
    ramp = BlendingRamp(
      shape: view.shape, spacing: view.spacing, widths: widths, blendsZ: context.blendsZ && !view.isOnPlane)
    if isConstant {
      withUnsafeMutablePointer(to: &constant) {
        withVoxelType(view.elementType, ConvertBody(source: voxels, count: 1, target: $0))
      }
    }
    hasExtremes = !view.elementType.isInteger
      && withVoxelType(view.elementType, ExtremesBody(source: voxels, count: isConstant ? 1 : patchBox.count))
    convertedPlane = Int.min
    blendedKey = (Int.min, Int.min)
    if view.mapClass != .separable { isCovered = view.covers(region) }
    switch view.mapClass {
    case .separable: beginSeparable()
    case .plane: break
    case .general: if order == 1 && !isConstant { convertPatch() }
    }
    isPlainCopy = isPlainCopyOfPatch()
  }

  /// Whether a voxel may have no value although it lies in the view, or one that sums may be wrong about.
  var mayLackValues: Bool { hasExtremes }

  /// The output x of a row of the region whose samples lie in the view.
  func interval(z: Int, y: Int) -> Range<Int> {
    if view.mapClass == .separable {
      return valid[0].contains(z) && valid[1].contains(y) ? valid[2] : region.lower[2]..<region.lower[2]
    }
    var range = region.lower[2]..<region.upper[2]
    if isCovered.z && isCovered.y && isCovered.x { return range }
    let start = rowStart(z: z, y: y)
    for axis in 0..<3 where !isCovered[axis] {
      let edge = view.edge[axis]
      range = validInterval(
        offset: start[axis], slope: view.map.rows[axis][2], from: -edge, to: Double(view.shape[axis] - 1) + edge,
        in: range)
    }
    return range
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

  // MARK: weights

  /// Blending weights of output x in `range`; false, and nothing written, where all are 1.
  func weigh(z: Int, y: Int, x range: Range<Int>, into target: UnsafeMutablePointer<Float>) -> Bool {
    view.mapClass == .separable
      ? weighSeparable(z: z, y: y, range, into: target) : weighMixed(z: z, y: y, range, into: target)
  }
}

/// A value for each axis in space, z, y, x, in place: an array in a loop costs more than what is done with it.
struct PerAxis<Value> {
  var z: Value
  var y: Value
  var x: Value

  init(_ value: (_ axis: Int) -> Value) { (z, y, x) = (value(0), value(1), value(2)) }
  init(repeating value: Value) { (z, y, x) = (value, value, value) }

  @inline(__always)
  subscript(axis: Int) -> Value { axis == 0 ? z : axis == 1 ? y : x }
}
