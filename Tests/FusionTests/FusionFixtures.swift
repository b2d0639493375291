import Fusion
import Geometry

/// Numbers that look random and are the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state = state &+ 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// A view with given stored voxels.
func twinView<T: BitwiseCopyable>(
  id: Int, _ stored: [T], shape: Index3, type: ElementType, map: PixelMap, spacing: Vector3 = Vector3(1, 1, 1),
  scale: Double = 1, offset: Double = 0, number: (T) -> Double
) -> TwinView {
  let placed = PlacedView(
    id: id, map: map, shape: shape, spacing: spacing, affine: .identity, elementType: type, intensityScale: scale,
    intensityOffset: offset)
  let bytes = stored.withUnsafeBytes { Array($0) }
  return TwinView(placed: placed, voxels: stored.map(number), bytes: bytes, given: map)
}

/// A view with random voxels of any type; floats may have NaN.
func randomView(
  id: Int, type: ElementType, shape: Index3, map: PixelMap, spacing: Vector3 = Vector3(1, 1, 1), nanShare: Double = 0,
  scale: Double = 1, offset: Double = 0, using g: inout SeededGenerator
) -> TwinView {
  let n = shape[0] * shape[1] * shape[2]
  func make<T: BitwiseCopyable>(_ voxels: [T], _ number: (T) -> Double) -> TwinView {
    twinView(
      id: id, voxels, shape: shape, type: type, map: map, spacing: spacing, scale: scale, offset: offset,
      number: number)
  }
  func float() -> Double {
    Double.random(in: 0..<1, using: &g) < nanShare ? .nan : Double.random(in: -100...1000, using: &g)
  }
  switch type {
  case .uint8: return make((0..<n).map { _ in UInt8.random(in: 0...255, using: &g) }) { Double($0) }
  case .int8: return make((0..<n).map { _ in Int8.random(in: -128...127, using: &g) }) { Double($0) }
  case .uint16: return make((0..<n).map { _ in UInt16.random(in: 0...65535, using: &g) }) { Double($0) }
  case .int16: return make((0..<n).map { _ in Int16.random(in: -32768...32767, using: &g) }) { Double($0) }
  case .uint32: return make((0..<n).map { _ in UInt32.random(in: 0...UInt32.max, using: &g) }) { Double($0) }
  case .int32: return make((0..<n).map { _ in Int32.random(in: Int32.min...Int32.max, using: &g) }) { Double($0) }
  case .uint64: return make((0..<n).map { _ in UInt64.random(in: 0...UInt64.max, using: &g) }) { Double($0) }
  case .int64: return make((0..<n).map { _ in Int64.random(in: Int64.min...Int64.max, using: &g) }) { Double($0) }
  case .float16: return make((0..<n).map { _ in Half(float()).bits }) { Double(Half(bits: $0).float) }
  case .float32: return make((0..<n).map { _ in Float(float()) }) { Double($0) }
  case .float64: return make((0..<n).map { _ in float() }) { $0 }
  }
}

/// How maps of random cases look.
enum MapKind: String, CaseIterable, Sendable {
  case wholeShift, shift, scale, mirror, rotationZ, shear, anisotropic, general
}

func randomMap(_ kind: MapKind, view: Index3, volume: Index3, using g: inout SeededGenerator) -> PixelMap {
  func r(_ a: Double, _ b: Double) -> Double { Double.random(in: a...b, using: &g) }
  var rows = AffineMap.identity.rows
  switch kind {
  case .wholeShift, .shift: break
  case .scale: for i in 0..<3 { rows[i][i] = r(0.5, 1.7) }
  case .mirror:
    for i in 0..<3 { rows[i][i] = Bool.random(using: &g) ? -1 : 1 }
    rows[Int.random(in: 0..<3, using: &g)] *= r(0.8, 1.2)
  case .rotationZ:
    let t = r(-0.6, 0.6)
    rows[1] = Vector3(0, 1 - t * t / 2, -t)
    rows[2] = Vector3(0, t, 1 - t * t / 2)
  case .shear: rows[Bool.random(using: &g) ? 0 : 1][2] = r(-0.5, 0.5)
  case .anisotropic:
    rows[0][0] = 0.1
    rows[0][2] = 0.03
    rows[1][0] = r(-1, 1)
  case .general: for i in 0..<3 { for j in 0..<3 { rows[i][j] += r(-0.3, 0.3) } }
  }
  // some output voxel near the middle falls somewhere into the view
  var at = Vector3.zero
  var to = Vector3.zero
  for i in 0..<3 {
    at[i] = r(0, Double(volume[i] - 1))
    to[i] = r(0, Double(view[i] - 1))
  }
  var offset = to - PixelMap(rows: rows, offset: .zero)(at)
  if kind == .wholeShift || kind == .mirror { offset = offset.rounded(.toNearestOrEven) }
  return PixelMap(rows: rows, offset: offset)
}

func context(_ volume: Index3, blendsZ: Bool = true) -> FusionContext {
  FusionContext(
    outputVolume: Box3(shape: volume), outputSpacing: Vector3(1, 1, 1), outputOrigin: .zero, blendsZ: blendsZ)
}

/// The bytes of a volume fused in blocks of a size.
func fuseInBlocks(
  _ fuser: BlockFuser, _ views: [TwinView], block: Index3, findsConstants: Bool = false, lends: Bool = false
) throws -> [UInt8] {
  let volume = fuser.recipe.context.outputVolume
  let size = fuser.recipe.outputType.byteCount
  let shape = volume.shape
  var result = [UInt8](repeating: 0, count: volume.count * size)
  let reader = TwinReader(views: views, findsConstants: findsConstants, lends: lends)
  let grid = BlockGrid(shape: TCZYX(zyx: shape), block: TCZYX(zyx: block))
  for i in 0..<grid.total {
    let local = grid.box(of: grid.position(at: i))
    let out = UnsafeMutableRawBufferPointer.allocate(byteCount: local.count * size, alignment: 8)
    defer { out.deallocate() }
    for b in 0..<out.count { out[b] = 0xCD }
    let content = try fuser.fuse(
      local.shifted(by: volume.lower), views: views.map(\.placed), viewCount: views.count, reader: reader, into: out)
    if case .fill = content { continue }
    var at = 0
    for z in local.lower[0]..<local.upper[0] {
      for y in local.lower[1]..<local.upper[1] {
        let start = ((z * shape[1] + y) * shape[2] + local.lower[2]) * size
        let count = local.shape[2] * size
        for b in 0..<count { result[start + b] = out[at + b] }
        at += count
      }
    }
  }
  return result
}

/// Stored voxels as numbers.
func numbers(_ bytes: [UInt8], _ type: ElementType) -> [Double] {
  func read<T: BitwiseCopyable>(_: T.Type, _ number: (T) -> Double) -> [Double] {
    bytes.withUnsafeBytes { raw in
      (0..<(bytes.count / MemoryLayout<T>.size)).map {
        number(raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self))
      }
    }
  }
  switch type {
  case .uint8: return read(UInt8.self) { Double($0) }
  case .int8: return read(Int8.self) { Double($0) }
  case .uint16: return read(UInt16.self) { Double($0) }
  case .int16: return read(Int16.self) { Double($0) }
  case .uint32: return read(UInt32.self) { Double($0) }
  case .int32: return read(Int32.self) { Double($0) }
  case .uint64: return read(UInt64.self) { Double($0) }
  case .int64: return read(Int64.self) { Double($0) }
  case .float16: return read(UInt16.self) { Double(Half(bits: $0).float) }
  case .float32: return read(Float.self) { Double($0) }
  case .float64: return read(Double.self) { $0 }
  }
}

/// How far a stored voxel of a type may be from the exact number, for numbers of a size.
func tolerance(_ type: ElementType, size: Double) -> Double {
  switch type {
  case .uint8, .int8, .uint16, .int16: 0.5 + 2e-6 * size
  case .uint32, .int32, .uint64, .int64: 0.5 + 2e-6 * size
  case .float16: 1.5e-3 * size
  case .float32, .float64: 3e-6 * size
  }
}

/// A number, cut to the range of an integer type: splines go beyond their voxels.
func saturated(_ number: Double, _ type: ElementType) -> Double {
  func cut<T: FixedWidthInteger>(_: T.Type) -> Double { min(max(number, Double(T.min)), Double(T.max)) }
  switch type {
  case .uint8: return cut(UInt8.self)
  case .int8: return cut(Int8.self)
  case .uint16: return cut(UInt16.self)
  case .int16: return cut(Int16.self)
  case .uint32: return cut(UInt32.self)
  case .int32: return cut(Int32.self)
  case .uint64: return cut(UInt64.self)
  case .int64: return cut(Int64.self)
  case .float16, .float32, .float64: return number
  }
}

/// Where a fused volume is not what the twin says; empty where it is.
func departures(
  _ bytes: [UInt8], _ type: ElementType, _ views: [TwinView], _ twin: TwinFuser, volume: Index3, size: Double
) -> [String] {
  let fused = numbers(bytes, type)
  var wrong: [String] = []
  for i in 0..<fused.count {
    let index = Index3(i / (volume[1] * volume[2]), i / volume[2] % volume[1], i % volume[2])
    if twin.isTie(views, index) { continue }
    let expected = saturated(twin.fuse(views, index) ?? 0, type)
    if !((fused[i] - expected).magnitude <= tolerance(type, size: size)) {
      wrong.append("\(index): \(fused[i]), not \(expected)")
    }
  }
  return wrong
}

/// The built-in fusion functions.
let allFunctions = FusionRegistry.builtin.fusionNamesAsRegistered

/// Random views of a kind over a volume; singleton axes and views of one voxel are among them.
func randomViews(
  _ kind: MapKind, in volume: Index3, type: ElementType, count: Int, nanShare: Double = 0, using g: inout SeededGenerator
) -> [TwinView] {
  (0..<count).map { id in
    let shape = Index3(
      [1, 3, 5].randomElement(using: &g) ?? 1, [1, 4, 8].randomElement(using: &g) ?? 1,
      [1, 6, 14].randomElement(using: &g) ?? 1)
    return randomView(
      id: id, type: type, shape: shape, map: randomMap(kind, view: shape, volume: volume, using: &g),
      spacing: Vector3(2, 1, 0.5), nanShare: nanShare, using: &g)
  }
}

/// How large the numbers of random views of a type are.
func numberSize(_ type: ElementType) -> Double {
  switch type {
  case .uint8, .int8: 256
  case .uint16, .int16: 65536
  case .uint32, .int32: 0x1p32
  case .uint64, .int64: 0x1p64
  case .float16, .float32, .float64: 1000
  }
}
