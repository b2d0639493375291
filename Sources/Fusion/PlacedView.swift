import Geometry

/// A view of one channel and time point, placed in the output: what the arithmetic needs to know of it.
public struct PlacedView: Sendable {
  /// Its place in the dataset; views are summed in ascending order of it.
  public let id: Int
  /// Output voxel indices to pixel coordinates of the view; of a view that lies on one plane, to that plane.
  public let map: PixelMap
  /// Whether the view is one plane that lies on one plane of the output (`PixelMap.onNearestPlane`). Then z has no part
  /// in its blending weight.
  public let isOnPlane: Bool
  /// The whole view, in voxels.
  public let shape: Index3
  /// The size of the view's voxels along z, y, x, in physical units.
  public let spacing: Vector3
  /// The view's physical coordinates to the world's.
  public let affine: AffineMap
  public let elementType: ElementType
  /// A voxel counts as `v * intensityScale + intensityOffset`.
  public let intensityScale: Double
  public let intensityOffset: Double
  /// Its place among views of which the first or the last wins; `id` unless options say otherwise.
  public let rank: Int
  /// The ramps of `blending: product`; nil where weights are the reference's.
  let product: ProductRamp?
  /// The bytes of the stored value that is no value, in the host's order; nil where every integer is one.
  public let nodata: [UInt8]?
  /// Whether the reader has a `VoxelCorrection` for it.
  public let hasCorrection: Bool
  let mapClass: MapClass
  /// Where it has samples by its voxels' centres.
  private let coreReach: ViewReach
  /// Where it has samples for voxels that lie beyond the voxel centres of all views; nil if it has none there.
  private let filledReach: ViewReach?
  /// Whether `reach` is the wider one, and samples beyond the view's ends are taken at its ends.
  private(set) var isFilled: Bool

  /// - Parameters:
  ///   - widths: the lengths of the ramps of `blending`.
  ///   - blending: of `blending: product`; nil where weights are the reference's, or where they have no part in voxels.
  ///   - blendsZ: whether z has a part in weights.
  public init(
    id: Int, map: PixelMap, shape: Index3, spacing: Vector3, affine: AffineMap, elementType: ElementType,
    intensityScale: Double = 1, intensityOffset: Double = 0, nodata: [UInt8]? = nil, hasCorrection: Bool = false, rank: Int? = nil,
    widths: Vector3 = .zero, blending: ProductBlending? = nil, blendsZ: Bool = true, edges: EdgeRule = .reference
  ) {
    let onPlane = map.onNearestPlane(shape: shape)
    let map = onPlane ?? map
    isOnPlane = onPlane != nil
    (self.id, self.map, self.shape, self.spacing, self.affine) = (id, map, shape, spacing, affine)
    self.elementType = elementType
    (self.intensityScale, self.intensityOffset) = (intensityScale, intensityOffset)
    (self.nodata, self.hasCorrection) = (nodata, hasCorrection)
    mapClass = MapClass(map)
    self.rank = rank ?? id
    let hasZ = blendsZ && onPlane == nil
    let ramp = blending.map { blending in
      ProductRamp(shape: shape, spacing: spacing, affine: affine, widths: widths, blending: blending, blendsZ: hasZ)
    }
    product = ramp
    let core = ramp.map { $0.reach(map, shape: shape) } ?? ViewReach(map, shape: shape)
    var filled = core
    // where a ramp begins at 0, what lies beyond has no weight
    for axis in 0..<3 where edges == .filled && ramp?.hasRamp(axis) != true {
      filled.lower[axis] -= 0.5
      filled.upper[axis] += 0.5
    }
    coreReach = core
    filledReach = filled == core ? nil : filled
    isFilled = filledReach != nil
  }

  /// How far beyond its first and last voxels samples of it may lie, in voxels of the view.
  public var overhang: Vector3 {
    pointwiseMax(pointwiseMax(-reach.lower, reach.upper - (Vector3(shape) - 1)), .zero)
  }

  /// Where it has samples.
  var reach: ViewReach { isFilled ? filledReach ?? coreReach : coreReach }

  /// Whether the reach is from the view's first voxel to its last, and no other.
  var isPlain: Bool { product == nil && !isFilled }

  /// The same with samples by its voxels' centres alone.
  var core: PlacedView {
    var view = self
    view.isFilled = false
    return view
  }

  /// The same with all samples that any voxel may need, as a view is when it is placed.
  public var whole: PlacedView {
    var view = self
    view.isFilled = filledReach != nil
    return view
  }

  var isScaled: Bool { intensityScale != 1 || intensityOffset != 0 }
  /// Whether its voxels count otherwise than they are stored, apart from the scale, which interpolation does not mind.
  var isCorrected: Bool { nodata != nil || hasCorrection }
  /// Whether a voxel of it may be no value.
  var mayLackValues: Bool { !elementType.isInteger || isCorrected }

  /// Whether a box of the output lies on some of its samples, by the box around both.
  public func mayHaveSamples(in output: Box3) -> Bool {
    let bounds = map.bounds(of: output)
    return all(bounds.lower .<= reach.upper) && all(bounds.upper .>= reach.lower)
  }

  /// The axes of the view along which a box of the output lies well inside it: so far that no order of summing
  /// coordinates could put a sample outside.
  func covers(_ output: Box3) -> PerAxis<Bool> {
    let bounds = map.bounds(of: output)
    let (reach, last) = (reach, Vector3(shape) - 1)
    return PerAxis { axis in
      shape[axis] < 1 << 28 && bounds.lower[axis] >= max(reach.lower[axis], 0) + 1e-3
        && bounds.upper[axis] <= min(reach.upper[axis], last[axis]) - 1e-3
    }
  }

  /// The voxels of the view that a box of the output needs, clipped to the view; empty if it needs none.
  ///
  /// - Parameter order: 0 nearest, 1 linear, above that a spline's, which needs more around them.
  public func inputBox(for output: Box3, order: Int) -> Box3 {
    boxes(for: output, order: order)?.boxes.voxels ?? sampledBox(for: output, order: order)
  }

  /// The voxels next to the samples of a box of the output.
  func sampledBox(for output: Box3, order: Int) -> Box3 {
    let nothing = Box3(lower: Index3(repeating: 0), upper: Index3(repeating: 0))
    guard !output.isEmpty, shape[0] > 0, shape[1] > 0, shape[2] > 0 else { return nothing }
    var box = nothing
    switch mapClass {
    case .separable:
      for axis in 0..<3 {
        let line = AxisLine(self, axis: axis)
        let valid = line.validRange(in: output.lower[axis]..<output.upper[axis])
        if valid.isEmpty { return nothing }
        let a = line.taps(at: valid.lowerBound, order: order)
        let b = line.taps(at: valid.upperBound - 1, order: order)
        box.lower[axis] = min(a.lowerBound, b.lowerBound)
        box.upper[axis] = max(a.upperBound, b.upperBound)
      }
    case .plane, .general:
      let (bounds, reach) = (map.bounds(of: output), reach)
      for axis in 0..<3 {
        // no view has 2^52 voxels along an axis, and beyond there would be no such integers
        let last = Double(min(shape[axis], 1 << 52) - 1)
        let (low, high) = (bounds.lower[axis], bounds.upper[axis])
        guard high >= reach.lower[axis], low <= reach.upper[axis] else { return nothing }
        let first = min(max(low, 0), last)
        let end = max(min(high, last), 0)
        if order == 0 {
          box.lower[axis] = Int((first + 0.5).rounded(.down))
          box.upper[axis] = min(Int((end + 0.5).rounded(.down)) + 1, shape[axis])
        } else {
          box.lower[axis] = Int(first.rounded(.down))
          box.upper[axis] = min(Int(end.rounded(.up)) + 1, shape[axis])
        }
      }
    }
    return box
  }

  /// The box of the view whose stored voxels are a box of the output, if this view alone makes it: it covers the box, shifted
  /// by whole voxels, in the output's own type, without NaN. Else nil.
  func storedBox(of box: Box3, order: Int, as conversion: OutputConversion) -> Box3? {
    guard order == 0 ? map.isShift : map.isWholeShift, !isScaled, !mayLackValues,
      elementType == conversion.type, conversion.range == nil
    else { return nil }
    let stored = inputBox(for: box, order: order)
    return stored.shape == box.shape ? stored : nil
  }

  /// The voxels of a box of the output at which it has samples; nil if its axes mix.
  public func sampledBox(in box: Box3) -> Box3? {
    guard mapClass == .separable else { return nil }
    var sampled = box
    for axis in 0..<3 {
      let valid = AxisLine(self, axis: axis).validRange(in: box.lower[axis]..<box.upper[axis])
      (sampled.lower[axis], sampled.upper[axis]) = (valid.lowerBound, valid.upperBound)
    }
    return sampled
  }
}

extension PlacedView {
  /// A box of the output that holds every voxel that is made of voxels in a box of the view; nil if the map has no
  /// inverse, or leads too far to say.
  public func outputBox(for input: Box3, order: Int) -> Box3? {
    guard let inverse = try? AffineMap(rows: map.rows, translation: map.offset).inverse() else { return nil }
    // a sample that is no spline's reaches less than a voxel beyond its place
    let reach = Index3(repeating: spline(order: order)?.support ?? 1)
    let (lower, upper) = PixelMap(rows: inverse.rows, offset: inverse.translation).bounds(of: input.grown(by: reach))
    var box = Box3(lower: Index3(repeating: 0), upper: Index3(repeating: 0))
    for axis in 0..<3 {
      guard lower[axis] > -1e15, upper[axis] < 1e15 else { return nil }
      box.lower[axis] = Int(lower[axis].rounded(.down))
      box.upper[axis] = Int(upper[axis].rounded(.up)) + 1
    }
    return box
  }
}

/// How a map moves rows of the output; decides the kernel, never the value's meaning.
enum MapClass: Sendable {
  /// Each view axis depends on its own output axis alone.
  case separable
  /// z depends on the output's z alone; y and x are mixed.
  case plane
  case general

  init(_ map: PixelMap) {
    if map.isDiagonal {
      self = .separable
    } else if map.rows[0][1] == 0 && map.rows[0][2] == 0 {
      self = .plane
    } else {
      self = .general
    }
  }
}
