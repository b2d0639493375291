import Foundation
import Fusion
import Geometry

/// A view with its voxels, as the twin sees them: plain numbers, NaN where there is no value.
struct TwinView {
  let placed: PlacedView
  let voxels: [Double]
  /// The same voxels as they are stored.
  let bytes: [UInt8]
  /// As it was given, before anything was made of it; nil: that of `placed`.
  var given: PixelMap?
  let splines = TwinSplines()

  subscript(z: Int, y: Int, x: Int) -> Double { voxels[(z * placed.shape[1] + y) * placed.shape[2] + x] }

  /// The same voxels placed with other options.
  func placed(
    rank: Int? = nil, widths: Vector3 = .zero, blending: ProductBlending? = nil, blendsZ: Bool = true,
    affine: AffineMap = .identity, edges: EdgeRule = .reference
  ) -> TwinView {
    let own = PlacedView(
      id: placed.id, map: given ?? placed.map, shape: placed.shape, spacing: placed.spacing, affine: affine,
      elementType: placed.elementType, intensityScale: placed.intensityScale, intensityOffset: placed.intensityOffset,
      rank: rank, widths: widths, blending: blending, blendsZ: blendsZ, edges: edges)
    return TwinView(placed: own, voxels: voxels, bytes: bytes, given: given ?? placed.map)
  }
}

/// Lends the views' voxels; refuses boxes outside a view.
struct TwinReader: VoxelReader {
  struct OutOfBounds: Error {}

  let views: [TwinView]
  /// Says "constant" where a box is.
  var findsConstants = false
  /// Every box may stay where it is, between bytes that belong to nobody.
  var lends = false

  private final class Memory {
    let bytes: UnsafeMutableRawBufferPointer
    init(byteCount: Int) {
      bytes = .allocate(byteCount: byteCount, alignment: 16)
      for i in 0..<byteCount { bytes[i] = 0xCD }
    }
    deinit {
      // whoever looks after the loan has ended sees something else
      for i in 0..<bytes.count { bytes[i] = 0xEF }
      bytes.deallocate()
    }
  }

  func lend(_ view: PlacedView, box: Box3) throws -> LentVoxels? {
    if !lends { return nil }
    let (size, shape) = (view.elementType.byteCount, box.shape)
    let (rowStride, planeStride) = (shape[2] + 3, (shape[1] + 2) * (shape[2] + 3))
    let voxels = UnsafeMutableRawBufferPointer.allocate(byteCount: box.count * size, alignment: 16)
    defer { voxels.deallocate() }
    _ = try TwinReader(views: views).read(view, box: box, into: voxels)
    let memory = Memory(byteCount: shape[0] * planeStride * size)
    for z in 0..<shape[0] {
      for y in 0..<shape[1] {
        for b in 0..<(shape[2] * size) {
          memory.bytes[(z * planeStride + y * rowStride) * size + b] = voxels[(z * shape[1] + y) * shape[2] * size + b]
        }
      }
    }
    guard let start = memory.bytes.baseAddress else { return nil }
    return LentVoxels(start: start, rowStride: rowStride, planeStride: planeStride, holder: memory)
  }

  func read(_ view: PlacedView, box: Box3, into buffer: UnsafeMutableRawBufferPointer) throws -> PatchContent {
    guard let twin = views.first(where: { $0.placed.id == view.id }), Box3(shape: view.shape).contains(box),
      !box.isEmpty, buffer.count == box.count * view.elementType.byteCount
    else { throw OutOfBounds() }
    let size = view.elementType.byteCount
    var at = 0
    for z in box.lower[0]..<box.upper[0] {
      for y in box.lower[1]..<box.upper[1] {
        for x in box.lower[2]..<box.upper[2] {
          let from = ((z * view.shape[1] + y) * view.shape[2] + x) * size
          for b in 0..<size { buffer[at + b] = twin.bytes[from + b] }
          at += size
        }
      }
    }
    if findsConstants {
      let first = Array(buffer[0..<size])
      if stride(from: 0, to: at, by: size).allSatisfy({ Array(buffer[$0..<($0 + size)]) == first }) {
        for b in size..<max(size, at) { buffer[b] = 0xAB }
        return .constant
      }
    }
    return .voxels
  }
}

/// What a fused voxel is, computed one by one in double precision, straight from the definitions. Slow and obvious.
struct TwinFuser {
  var function = "weighted_average_fusion"
  var widths = Vector3(3, 10, 10)
  var order = 1
  var blendsZ = true
  /// Of `blending: product`.
  var product: ProductBlending?
  /// Whether voxels that no view covers are made of views within half a voxel.
  var fillsEdges = false

  /// The sample of a view at an output voxel, and its blending weight; nil where it has no value, or weighs 0.
  ///
  /// - Parameter beyond: how far beyond its first and last voxels the view may be sampled, in voxels.
  func sample(_ view: TwinView, _ index: Index3, beyond: Double = 0) -> (value: Double, weight: Double)? {
    guard let p = place(view, index, beyond: beyond), weight(view, p) > 0 else { return nil }
    let value: Double
    if order == 0 {
      let at = (p + 0.5).rounded(.down)
      value = view[Int(at[0]), Int(at[1]), Int(at[2])]
    } else {
      value = (order > 1 ? view.splines.sample(view, p, order: order) : nil) ?? interpolate(view, p)
    }
    if value.isNaN { return nil }
    return (value * view.placed.intensityScale + view.placed.intensityOffset, weight(view, p))
  }

  /// Where an output voxel lies in a view; nil outside. Within a millionth of a voxel of the ends it is on them.
  func place(_ view: TwinView, _ index: Index3, beyond: Double = 0) -> Vector3? {
    guard var p = position(view, index) else { return nil }
    for axis in 0..<3 {
      let last = Double(view.placed.shape[axis] - 1)
      guard p[axis] >= -beyond - 1e-6, p[axis] <= last + beyond + 1e-6 else { return nil }
      p[axis] = min(max(p[axis], 0), last)
    }
    return p
  }

  /// One plane that lies parallel to those of the output is on the nearest of them, halves on the lower one.
  private func position(_ view: TwinView, _ index: Index3) -> Vector3? {
    let map = view.given ?? view.placed.map
    guard isFlat(view) else { return map(Vector3(index)) }
    let height = -map.offset[0] / map.rows[0][0]
    let below = height.rounded(.down)
    let plane = height - below <= 0.5 + 1e-6 ? below : below + 1
    if Double(index[0]) != plane { return nil }
    var p = map(Vector3(height, Double(index[1]), Double(index[2])))
    p[0] = 0
    return p
  }

  private func isFlat(_ view: TwinView) -> Bool {
    let row = (view.given ?? view.placed.map).rows[0]
    return view.placed.shape[0] == 1 && row[0] != 0 && row[1] == 0 && row[2] == 0
  }

  private func interpolate(_ view: TwinView, _ p: Vector3) -> Double {
    let base = p.rounded(.down)
    let f = p - base
    var sum = 0.0
    for corner in 0..<8 {
      let d = Index3(corner >> 2 & 1, corner >> 1 & 1, corner & 1)
      var w = 1.0
      for axis in 0..<3 { w *= d[axis] == 1 ? f[axis] : 1 - f[axis] }
      if w == 0 { continue }
      sum += w * view[Int(base[0]) + d[0], Int(base[1]) + d[1], Int(base[2]) + d[2]]
    }
    return sum
  }

  /// The 5-node grid of distances, interpolated; the cosine ramp. Axes of width 0 have no part in it.
  func weight(_ view: TwinView, _ p: Vector3) -> Double {
    if let product { return productWeight(view, p, product) }
    let axes = [0, 1, 2].filter { widths[$0] > 0 && ($0 > 0 || blendsZ && !isFlat(view)) }
    if axes.isEmpty { return 1 }
    let n = Vector3(view.placed.shape)
    let height = [0.0, 1, 2, 1, 0]
    var d = 0.0
    for corner in 0..<(1 << axes.count) {
      var w = 1.0
      var node = Double.infinity
      for (bit, axis) in axes.enumerated() {
        let g = 4 * (p[axis] + 1) / (n[axis] + 1)
        let cell = min(Int(g), 3)
        let up = corner >> bit & 1
        w *= up == 1 ? g - Double(cell) : 1 - (g - Double(cell))
        let step = (n[axis] + 1) / 4 * view.placed.spacing[axis] / widths[axis]
        node = min(node, height[cell + up] * step)
      }
      d += w * node
    }
    return d < 1 ? (cos((1 - d) * .pi) + 1) / 2 : 1
  }

  /// A cosine ramp along each axis, from the border on; exactly 0 before. Axes of width 0 or of one voxel have none.
  private func productWeight(_ view: TwinView, _ p: Vector3, _ product: ProductBlending) -> Double {
    var weight = 1.0
    for axis in 0..<3 where widths[axis] > 0 && view.placed.shape[axis] > 1 && (axis > 0 || blendsZ && !isFlat(view)) {
      var column = Vector3.zero
      for row in 0..<3 { column[row] = view.placed.affine.rows[row][axis] }
      let scale = product.worldWidths[axis] ? (column * column).sum().squareRoot() : 1
      let edge = min(p[axis], Double(view.placed.shape[axis] - 1) - p[axis])
      let beyond = (edge - product.border[axis] / view.placed.spacing[axis]) * view.placed.spacing[axis]
      if beyond <= 1e-6 * view.placed.spacing[axis] { return 0 }
      weight *= (cos((1 - min(beyond * scale / widths[axis], 1)) * .pi) + 1) / 2
    }
    return weight
  }

  /// Whether a view covers an output voxel by its voxels' centres.
  private func covers(_ view: TwinView, _ index: Index3) -> Bool {
    place(view, index).map { weight(view, $0) > 0 } ?? false
  }

  /// The samples and weights of the views that an output voxel is made of.
  func samples(_ views: [TwinView], _ index: Index3) -> [(view: TwinView, value: Double, weight: Double)] {
    let beyond = fillsEdges && !views.contains { covers($0, index) } ? 0.5 : 0
    return views.compactMap { view in sample(view, index, beyond: beyond).map { (view, $0.value, $0.weight) } }
  }

  /// The fused number, before it becomes a stored voxel; nil where no view has a value.
  func fuse(_ views: [TwinView], _ index: Index3) -> Double? {
    let found = samples(views, index)
    let ranked = found.sorted { $0.view.placed.rank < $1.view.placed.rank }
    guard let first = ranked.first, let last = ranked.last else { return nil }
    switch function {
    case "weighted_average_fusion":
      let sum = found.reduce(0) { $0 + $1.weight }
      if sum == 0 { return found.reduce(0) { $0 + $1.value } / Double(found.count) }
      return found.reduce(0) { $0 + $1.weight * $1.value } / sum
    case "simple_average_fusion": return found.reduce(0) { $0 + $1.value } / Double(found.count)
    case "max_fusion": return found.map(\.value).max()
    case "min_fusion": return found.map(\.value).min()
    case "median_fusion":
      let sorted = found.map(\.value).sorted()
      let (low, high) = (sorted[(sorted.count - 1) / 2], sorted[sorted.count / 2])
      return low == high ? low : low / 2 + high / 2
    case "first_view_wins": return first.value
    case "last_view_wins": return last.value
    default: return found.dropFirst().reduce(found[0]) { $1.weight > $0.weight ? $1 : $0 }.value
    }
  }

  /// Whether two views are as good as equally close: then either may win.
  func isTie(_ views: [TwinView], _ index: Index3) -> Bool {
    let weights = samples(views, index).map(\.weight).sorted(by: >)
    return function == "closest_view_wins" && weights.count > 1 && weights[0] < 1 && weights[0] - weights[1] < 1e-5
  }
}

/// Content-based fusion from its definition: whole volume and a rim around it, direct sums over windows.
struct TwinContentFuser {
  let sigma1: Double
  let sigma2: Double
  let volume: Index3
  let twin: TwinFuser

  /// One a voxel of the volume; nil where no view has a value.
  func fuse(_ views: [TwinView]) -> [Double?] {
    let reach = Int(4 * sigma1 + 0.5) + Int(4 * sigma2 + 0.5)
    let rim = Index3(twin.blendsZ ? reach : 0, reach, reach)
    let shape = volume &+ 2 &* rim
    let count = shape[0] * shape[1] * shape[2]
    let indices = (0..<count).map {
      Index3($0 / (shape[1] * shape[2]), $0 / shape[2] % shape[1], $0 % shape[2]) &- rim
    }
    let samples = views.map { v in indices.map { twin.sample(v, $0) } }
    var blending = samples.map { $0.map { $0?.weight ?? 0 } }
    for i in 0..<count {
      let sum = blending.reduce(0) { $0 + $1[i] }
      for k in 0..<views.count where sum > 0 { blending[k][i] /= sum }
    }
    let weights = (0..<views.count).map { k -> [Double] in
      let signal = (0..<count).map { blending[k][$0] < 1e-7 ? Double.nan : samples[k][$0]?.value ?? .nan }
      let smooth = filter(signal, sigma1, shape)
      return filter((0..<count).map { (signal[$0] - smooth[$0]) * (signal[$0] - smooth[$0]) }, sigma2, shape)
    }
    return (0..<count).filter { Box3(shape: volume).contains(Box3(lower: indices[$0], upper: indices[$0] &+ 1)) }.map {
      i in
      let has = (0..<views.count).filter { samples[$0][i] != nil }
      if has.isEmpty { return nil }
      let sum = weights.reduce(0) { $0 + ($1[i].isNaN ? 0 : $1[i]) }
      func both(_ k: Int) -> Double { weights[k][i].isNaN || sum == 0 ? 0 : blending[k][i] * weights[k][i] / sum }
      func value(_ k: Int) -> Double { samples[k][i]?.value ?? 0 }
      let total = has.reduce(0) { $0 + both($1) }
      if total > 0 { return has.reduce(0) { $0 + both($1) * value($1) } / total }
      return has.reduce(0) { $0 + blending[$1][i] * value($1) }
    }
  }

  /// The Gaussian of the voxels that have a value, over their share of the window.
  private func filter(_ signal: [Double], _ sigma: Double, _ shape: Index3) -> [Double] {
    var sums = signal.map { $0.isNaN ? 0 : $0 }
    var shares = signal.map { $0.isNaN ? 0.0 : 1 }
    for axis in 0..<3 where axis > 0 || twin.blendsZ {
      (sums, shares) = (filterLine(sums, sigma, axis, shape), filterLine(shares, sigma, axis, shape))
    }
    return signal.indices.map { signal[$0].isNaN ? .nan : sums[$0] / shares[$0] }
  }

  private func filterLine(_ signal: [Double], _ sigma: Double, _ axis: Int, _ shape: Index3) -> [Double] {
    let radius = Int(4 * sigma + 0.5)
    let kernel = (-radius...radius).map { exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
    let sum = kernel.reduce(0, +)
    let n = shape[axis]
    let step = axis == 2 ? 1 : axis == 1 ? shape[2] : shape[1] * shape[2]
    return signal.indices.map { i in
      let at = i / step % n
      var result = 0.0
      for (j, w) in kernel.enumerated() {
        let k = at + j - radius
        if k >= 0 && k < n { result += w / sum * signal[i + (k - at) * step] }
      }
      return result
    }
  }
}
