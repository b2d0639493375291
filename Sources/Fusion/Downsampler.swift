import Geometry

/// Makes a block of a pyramid level from the level below: each voxel is the mean of a window of 1 or 2 voxels an axis.
///
/// Integer sums are exact, and rounded once; floating-point sums are made in double. For one thread; its memory stays.
public final class Downsampler {
  public let type: ElementType
  public let rounding: RoundingMode
  private let sums = ScratchBuffer()

  public init(type: ElementType, rounding: RoundingMode = .nearest) {
    (self.type, self.rounding) = (type, rounding)
  }

  /// The memory held for blocks so wide, apart from the caller's buffers.
  public static func arenaByteCount(sourceWidth: Int) -> Int { sourceWidth * 16 }

  /// - Parameters:
  ///   - source: voxels of `shape`, in C order; every axis a multiple of its factor.
  ///   - target: `shape / factor` voxels.
  /// - Returns: `fill` where all voxels are 0; the target is written all the same.
  public func reduce(
    _ source: UnsafeRawBufferPointer, shape: Index3, factor: Index3, into target: UnsafeMutableRawBufferPointer
  ) throws(FusionError) -> BlockContent {
    for axis in 0..<3 {
      guard factor[axis] == 1 || factor[axis] == 2, shape[axis] > 0, shape[axis] % factor[axis] == 0 else {
        throw .invalidOption(
          name: "pyramid", why: "\(shape[axis]) voxels along \(Axis.space[axis]) cannot be averaged by \(factor[axis])")
      }
    }
    let size = shape / factor
    try check("the source", source.count, shape)
    try check("the target", target.count, size)
    guard let from = source.baseAddress, let to = target.baseAddress else { return .fill }
    withVoxelType(
      type, ReduceBody(source: from, target: to, shape: shape, factor: factor, rounding: rounding, sums: sums))
    return isZero(target) ? .fill : .voxels
  }

  private func check(_ what: String, _ actual: Int, _ shape: Index3) throws(FusionError) {
    guard let count = TCZYX(zyx: shape).checkedProduct, actual / type.byteCount == count,
      actual % type.byteCount == 0
    else {
      throw .wrongBufferSize(
        what: what, expected: (TCZYX(zyx: shape).checkedProduct ?? 0) &* type.byteCount, actual: actual)
    }
  }
}

private struct ReduceBody: VoxelBody {
  let source: UnsafeRawPointer
  let target: UnsafeMutableRawPointer
  let shape: Index3
  let factor: Index3
  let rounding: RoundingMode
  let sums: ScratchBuffer

  @inline(__always)
  func run<T: Voxel>(_ type: T.Type) {
    switch type {
    case is UInt8.Type: reduceSmall(UInt8.self)
    case is Int8.Type: reduceSmall(Int8.self)
    case is UInt16.Type: reduceSmall(UInt16.self)
    case is Int16.Type: reduceSmall(Int16.self)
    case is UInt32.Type: reduceInteger(UInt32.self, sum: Int64.self)
    case is Int32.Type: reduceInteger(Int32.self, sum: Int64.self)
    case is UInt64.Type: reduceInteger(UInt64.self, sum: Int128.self)
    case is Int64.Type: reduceInteger(Int64.self, sum: Int128.self)
    case is Half.Type: reduceNumbers(Half.self) { Half($0) }
    case is Float.Type: reduceNumbers(Float.self) { Float($0) }
    default: reduceNumbers(Double.self) { $0 }
    }
  }

  private func reduceSmall<T: FixedWidthInteger & Voxel>(_ type: T.Type) { reduceInteger(type, sum: Int32.self) }

  private var shift: Int { (factor[0] - 1) + (factor[1] - 1) + (factor[2] - 1) }

  /// Adds the rows of a window to one, then its neighbours, and divides by a shift.
  @inline(__always)
  private func reduceInteger<T: FixedWidthInteger, A: FixedWidthInteger & SignedInteger & BitwiseCopyable>(
    _ type: T.Type, sum: A.Type
  ) {
    let line = sums.reserve(A.self, count: shape[2])
    let shift = A(truncatingIfNeeded: shift)
    let nearly = (A(1) << shift) / 2 - (shift == 0 ? 0 : 1)
    let all = (A(1) << shift) - 1
    let truncates = rounding == .truncate
    forEachRow(type) { rows, out, width in
      for i in 0..<shape[2] { line[i] = A(truncatingIfNeeded: rows[0][i]) }
      for row in rows.dropFirst() {
        for i in 0..<shape[2] { line[i] &+= A(truncatingIfNeeded: row[i]) }
      }
      if factor[2] == 2 {
        for i in 0..<width { line[i] = line[2 * i] &+ line[2 * i + 1] }
      }
      if shift == 0 {
        for i in 0..<width { out[i] = T(truncatingIfNeeded: line[i]) }
      } else if truncates {
        for i in 0..<width {
          let s = line[i]
          out[i] = T(truncatingIfNeeded: (s &+ (s < 0 ? all : 0)) &>> shift)
        }
      } else {
        // half less one, and one more where the whole part is odd: a tie goes to the even side
        for i in 0..<width {
          let s = line[i]
          out[i] = T(truncatingIfNeeded: (s &+ nearly &+ ((s &>> shift) & 1)) &>> shift)
        }
      }
    }
  }

  @inline(__always)
  private func reduceNumbers<T: Voxel>(_ type: T.Type, _ make: (Double) -> T) {
    let line = sums.reserve(Double.self, count: shape[2])
    let scale = 1 / Double(1 << shift)
    forEachRow(type) { rows, out, width in
      for i in 0..<shape[2] { line[i] = rows[0][i].double }
      for row in rows.dropFirst() {
        for i in 0..<shape[2] { line[i] += row[i].double }
      }
      if factor[2] == 2 {
        for i in 0..<width { line[i] = line[2 * i] + line[2 * i + 1] }
      }
      for i in 0..<width { out[i] = make(line[i] * scale) }
    }
  }

  /// The source rows of each target row.
  @inline(__always)
  private func forEachRow<T>(
    _ type: T.Type, _ body: (_ rows: [UnsafePointer<T>], _ out: UnsafeMutablePointer<T>, _ width: Int) -> Void
  ) {
    let from = source.assumingMemoryBound(to: T.self)
    let to = target.assumingMemoryBound(to: T.self)
    let size = shape / factor
    var rows: [UnsafePointer<T>] = []
    for z in 0..<size[0] {
      for y in 0..<size[1] {
        rows.removeAll(keepingCapacity: true)
        for dz in 0..<factor[0] {
          for dy in 0..<factor[1] {
            rows.append(from + ((z * factor[0] + dz) * shape[1] + y * factor[1] + dy) * shape[2])
          }
        }
        body(rows, to + (z * size[1] + y) * size[2], size[2])
      }
    }
  }
}
