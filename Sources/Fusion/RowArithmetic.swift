import CKernels
import Geometry

/// A precision in which rows are computed: what the loops need of it beyond arithmetic.
protocol RowArithmetic: SplineArithmetic {
  /// The type of voxels that are such numbers themselves.
  static var elementType: ElementType { get }
  /// The number that a voxel is.
  static func of<T: Voxel>(_ voxel: T) -> Self
  /// Rounds, saturates and writes numbers as voxels.
  static func store(
    _ row: UnsafePointer<Self>, count: Int, to target: UnsafeMutableRawPointer, _ conversion: OutputConversion)
  /// Works out the indices into the patch, and the fractions, of linear samples from x on.
  static func locate(_ line: SampleLine, in patch: Box3, x: Int, ignoringZ: Bool, _ place: Taps<Self>)
  /// Takes linear samples of a plane whose voxels are all finite.
  static func gatherPlaneFinite(
    _ plane: UnsafePointer<Self>, rowStride: Int, _ taps: Taps<Self>, into target: UnsafeMutablePointer<Self>)
  /// Takes linear samples of a volume whose voxels are all finite. Soon numbers will be asked for that lie `ahead` of these.
  static func gatherVolumeFinite(
    _ volume: UnsafePointer<Self>, rowStride: Int, planeStride: Int, ahead: Int, _ taps: Taps<Self>,
    into target: UnsafeMutablePointer<Self>)

  // calls of functions that are not generic: each precision has its own
  static func fuse(
    _ function: any FusionFunction, _ views: TransformedViews<Self>, _ output: MutableVoxelArray<Self>) throws
  static func weigh(
    _ function: any WeightsFunction, _ views: TransformedViews<Self>, _ weights: [MutableVoxelArray<Float>]) throws
  static func combine(_ function: any BuiltinFusion, _ row: SampledRow<Self>)
  static func combine(_ function: any BuiltinFusion, _ row: ValueRow<Self>)
  static func combine(_ function: any ContentFusion, _ row: ContentRow<Self>)
}

extension Float: RowArithmetic {
  static var elementType: ElementType { .float32 }
  static func fuse(
    _ function: any FusionFunction, _ views: TransformedViews<Float>, _ output: MutableVoxelArray<Float>
  ) throws { try function.fuse(views, into: output) }
  static func weigh(
    _ function: any WeightsFunction, _ views: TransformedViews<Float>, _ weights: [MutableVoxelArray<Float>]
  ) throws { try function.weigh(views, into: weights) }
  static func combine(_ function: any BuiltinFusion, _ row: SampledRow<Float>) { function.combine(row) }
  static func combine(_ function: any BuiltinFusion, _ row: ValueRow<Float>) { function.combine(row) }
  static func combine(_ function: any ContentFusion, _ row: ContentRow<Float>) { function.combine(row) }

  @inline(__always) static func of<T: Voxel>(_ voxel: T) -> Float { voxel.single }

  static func store(
    _ row: UnsafePointer<Float>, count: Int, to target: UnsafeMutableRawPointer, _ conversion: OutputConversion
  ) {
    let lower = Float(conversion.type.smallestInteger)
    let upper = Float(conversion.type.largestInteger)
    let truncates = conversion.rounding == .truncate
    switch conversion.type {
    case .uint8 where !truncates: ck_store_u8(row, count, target.assumingMemoryBound(to: UInt8.self))
    case .uint16 where !truncates: ck_store_u16(row, count, target.assumingMemoryBound(to: UInt16.self))
    case .uint8: storeSmall(row, count, target.assumingMemoryBound(to: UInt8.self), lower, upper, truncates)
    case .int8: storeSmall(row, count, target.assumingMemoryBound(to: Int8.self), lower, upper, truncates)
    case .uint16: storeSmall(row, count, target.assumingMemoryBound(to: UInt16.self), lower, upper, truncates)
    case .int16: storeSmall(row, count, target.assumingMemoryBound(to: Int16.self), lower, upper, truncates)
    case .float16:
      let out = target.assumingMemoryBound(to: Half.self)
      for i in 0..<count { out[i] = Half(unsignedZero(row[i])) }
    case .float32:
      let out = target.assumingMemoryBound(to: Float.self)
      for i in 0..<count { out[i] = unsignedZero(row[i]) }
    case .uint32, .int32, .uint64, .int64, .float64:
      // such outputs are computed in double; kept complete for the sake of being right
      for i in 0..<count {
        var wide = Double(row[i])
        Double.store(&wide, count: 1, to: target + i * conversion.type.byteCount, conversion)
      }
    }
  }
}

/// 8- and 16-bit integers: adding 1.5 * 2^23 leaves the value, rounded to even, in the low bits.
@inline(__always)
private func storeSmall<T: FixedWidthInteger>(
  _ row: UnsafePointer<Float>, _ count: Int, _ target: UnsafeMutablePointer<T>, _ lower: Float, _ upper: Float,
  _ truncates: Bool
) {
  let magic: Float = 12_582_912
  if truncates {
    for i in 0..<count {
      let v = clampedNumber(row[i], lower, upper)
      let whole = (v + magic) - magic
      let inward: Float = v >= 0 ? (whole > v ? 1 : 0) : (whole < v ? -1 : 0)
      target[i] = T(truncatingIfNeeded: (whole - inward + magic).bitPattern)
    }
  } else {
    for i in 0..<count {
      let v = clampedNumber(row[i], lower, upper)
      target[i] = T(truncatingIfNeeded: (v + magic).bitPattern)
    }
  }
}

/// 0 for NaN, and for -0, whose sign would depend on the way that a row was made.
@inline(__always)
private func unsignedZero<S: BinaryFloatingPoint>(_ value: S) -> S { (value == value ? value : 0) + 0 }

@inline(__always)
private func clampedNumber<S: BinaryFloatingPoint>(_ value: S, _ lower: S, _ upper: S) -> S {
  let number = value == value ? value : 0
  let low = number > lower ? number : lower
  return low < upper ? low : upper
}

extension Double: RowArithmetic {
  static var elementType: ElementType { .float64 }
  static func fuse(
    _ function: any FusionFunction, _ views: TransformedViews<Double>, _ output: MutableVoxelArray<Double>
  ) throws { try function.fuse(views, into: output) }
  static func weigh(
    _ function: any WeightsFunction, _ views: TransformedViews<Double>, _ weights: [MutableVoxelArray<Float>]
  ) throws { try function.weigh(views, into: weights) }
  static func combine(_ function: any BuiltinFusion, _ row: SampledRow<Double>) { function.combine(row) }
  static func combine(_ function: any BuiltinFusion, _ row: ValueRow<Double>) { function.combine(row) }
  static func combine(_ function: any ContentFusion, _ row: ContentRow<Double>) { function.combine(row) }

  @inline(__always) static func of<T: Voxel>(_ voxel: T) -> Double { voxel.double }

  static func store(
    _ row: UnsafePointer<Double>, count: Int, to target: UnsafeMutableRawPointer, _ conversion: OutputConversion
  ) {
    switch conversion.type {
    case .uint8: storeBits(row, count, target.assumingMemoryBound(to: UInt8.self), conversion)
    case .int8: storeBits(row, count, target.assumingMemoryBound(to: Int8.self), conversion)
    case .uint16: storeBits(row, count, target.assumingMemoryBound(to: UInt16.self), conversion)
    case .int16: storeBits(row, count, target.assumingMemoryBound(to: Int16.self), conversion)
    case .uint32: storeBits(row, count, target.assumingMemoryBound(to: UInt32.self), conversion)
    case .int32: storeBits(row, count, target.assumingMemoryBound(to: Int32.self), conversion)
    case .uint64: storeWide(row, count, target.assumingMemoryBound(to: UInt64.self), conversion)
    case .int64: storeWide(row, count, target.assumingMemoryBound(to: Int64.self), conversion)
    case .float16:
      let out = target.assumingMemoryBound(to: Half.self)
      for i in 0..<count { out[i] = Half(unsignedZero(row[i])) }
    case .float32:
      let out = target.assumingMemoryBound(to: Float.self)
      for i in 0..<count { out[i] = Float(unsignedZero(row[i])) }
    case .float64:
      let out = target.assumingMemoryBound(to: Double.self)
      for i in 0..<count { out[i] = unsignedZero(row[i]) }
    }
  }
}

/// Up to 32 bits: adding 1.5 * 2^52 leaves the value, rounded to even, in the low bits.
@inline(__always)
private func storeBits<T: FixedWidthInteger>(
  _ row: UnsafePointer<Double>, _ count: Int, _ target: UnsafeMutablePointer<T>, _ conversion: OutputConversion
) {
  let magic: Double = 6_755_399_441_055_744
  let (lower, upper) = (conversion.type.smallestInteger, conversion.type.largestInteger)
  if conversion.rounding == .truncate {
    for i in 0..<count {
      let v = clampedNumber(row[i], lower, upper)
      let whole = (v + magic) - magic
      let inward: Double = v >= 0 ? (whole > v ? 1 : 0) : (whole < v ? -1 : 0)
      target[i] = T(truncatingIfNeeded: (whole - inward + magic).bitPattern)
    }
  } else {
    for i in 0..<count {
      let v = clampedNumber(row[i], lower, upper)
      target[i] = T(truncatingIfNeeded: (v + magic).bitPattern)
    }
  }
}

/// 64 bits, one by one.
private func storeWide<T: FixedWidthInteger>(
  _ row: UnsafePointer<Double>, _ count: Int, _ target: UnsafeMutablePointer<T>, _ conversion: OutputConversion
) {
  for i in 0..<count {
    let v = row[i] == row[i] ? row[i] : 0
    let whole = v.rounded(conversion.rounding == .nearest ? .toNearestOrEven : .towardZero)
    if whole >= conversion.type.largestInteger {
      target[i] = T.max
    } else if whole <= conversion.type.smallestInteger {
      target[i] = T.min
    } else {
      target[i] = T(whole)
    }
  }
}
