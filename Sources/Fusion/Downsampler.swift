import CKernels
import Geometry
import Memory

/// Makes a block of a pyramid level from the level below: each voxel is made of a window, mostly of 2 voxels an axis, and mostly
/// as their mean.
///
/// Integer sums are exact, and rounded once; floating-point sums are made in double, of shares, so that none is above the
/// largest number. Infinities of opposite signs have no mean: 0. For one thread; its memory stays.
public final class Downsampler {
  public let type: ElementType
  /// Of means.
  public let rounding: RoundingMode
  public let method: Downsampling
  private let sums = ScratchBuffer()

  public init(type: ElementType, rounding: RoundingMode = .nearest, method: Downsampling = .mean) {
    (self.type, self.rounding, self.method) = (type, rounding, method)
  }

  /// The memory held for blocks so wide, apart from the caller's buffers.
  public static func arenaByteCount(sourceWidth: Int) -> Int { sourceWidth * 16 + windowVoxelCount * 8 }
  /// Of the largest window.
  private static let windowVoxelCount = Pyramid.largestStep * Pyramid.largestStep * Pyramid.largestStep

  /// Voxels of a box as they lie in a larger one: those of its first corner, and the elements from a row or a plane to
  /// the next.
  public struct Rows<Base> {
    public var start: Base
    public var rowStride: Int
    public var planeStride: Int

    public init(_ start: Base, rowStride: Int, planeStride: Int) {
      (self.start, self.rowStride, self.planeStride) = (start, rowStride, planeStride)
    }
  }

  /// Averages a box that is whole in memory.
  ///
  /// - Parameters:
  ///   - source: voxels of `shape`, in C order; every axis a multiple of its factor.
  ///   - target: `shape / factor` voxels.
  /// - Returns: `fill` if all voxels are 0; the target is written all the same.
  public func reduce(
    _ source: UnsafeRawBufferPointer, shape: Index3, factor: Index3, into target: UnsafeMutableRawBufferPointer
  ) throws(FusionError) -> BlockContent {
    try check(shape, factor)
    let size = shape / factor
    try check("the source", source.count, shape)
    try check("the target", target.count, size)
    guard let from = source.baseAddress, let to = target.baseAddress else { return .fill }
    makeRows(
      Rows(from, rowStride: shape[2], planeStride: shape[1] * shape[2]), shape: shape, factor: factor,
      into: Rows(to, rowStride: size[2], planeStride: size[1] * size[2]))
    return isAllZero(UnsafeRawBufferPointer(target)) ? .fill : .voxels
  }

  /// Averages a box that lies in a larger one into a box of another. The caller knows that they lie inside: nothing is checked
  /// but the shape against the factor.
  public func reduce(
    _ source: Rows<UnsafeRawPointer>, shape: Index3, factor: Index3, into target: Rows<UnsafeMutableRawPointer>
  ) throws(FusionError) {
    try check(shape, factor)
    makeRows(source, shape: shape, factor: factor, into: target)
  }

  private func makeRows(
    _ source: Rows<UnsafeRawPointer>, shape: Index3, factor: Index3, into target: Rows<UnsafeMutableRawPointer>
  ) {
    withVoxelType(
      type, ReduceBody(source: source, target: target, shape: shape, factor: factor, rounding: rounding, method: method, sums: sums))
  }

  private func check(_ shape: Index3, _ factor: Index3) throws(FusionError) {
    for axis in 0..<3 {
      guard (1...Pyramid.largestStep).contains(factor[axis]), shape[axis] > 0, shape[axis] % factor[axis] == 0 else {
        throw .invalidOption(
          name: "pyramid", why: "\(shape[axis]) voxels along \(Axis.space[axis]) cannot be averaged by \(factor[axis])")
      }
    }
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
  let source: Downsampler.Rows<UnsafeRawPointer>
  let target: Downsampler.Rows<UnsafeMutableRawPointer>
  let shape: Index3
  let factor: Index3
  let rounding: RoundingMode
  let method: Downsampling
  let sums: ScratchBuffer

  @inline(__always)
  func run<T: Voxel>(_ type: T.Type) {
    switch method {
    case .mean: average(type)
    case .nearest: choose(type) { $0[0] }
    case .mode: choose(type) { mostFrequent($0) }
    case .max: choose(type) { window in window.dropFirst().reduce(window[0]) { $1 > $0 ? $1 : $0 } }
    }
  }

  @inline(__always)
  private func average<T: Voxel>(_ type: T.Type) {
    switch type {
    case is UInt8.Type where halves: halve(UInt8.self, ck_halve_u8)
    case is UInt16.Type where halves: halve(UInt16.self, ck_halve_u16)
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

  /// What nearly all pyramids are made by has a kernel of its own.
  private var halves: Bool { rounding == .truncate && factor[2] == 2 && factor[0] <= 2 && factor[1] <= 2 }

  private func halve<T: Voxel>(
    _ type: T.Type, _ kernel: (UnsafePointer<T>, ck_strides, UnsafeMutablePointer<T>, ck_strides, ck_windows) -> Void
  ) {
    let size = shape / factor
    kernel(
      source.start.assumingMemoryBound(to: T.self), ck_strides(row: source.rowStride, plane: source.planeStride),
      target.start.assumingMemoryBound(to: T.self), ck_strides(row: target.rowStride, plane: target.planeStride),
      ck_windows(z: factor[0], y: factor[1], depth: size[0], height: size[1], width: size[2]))
  }

  private var windowCount: Int { factor[0] * factor[1] * factor[2] }

  /// Adds the rows of a window to one, then its neighbours, and divides; by a shift where that is the same.
  @inline(__always)
  private func reduceInteger<T: FixedWidthInteger, A: FixedWidthInteger & SignedInteger & BitwiseCopyable>(
    _ type: T.Type, sum: A.Type
  ) {
    let line = sums.reserve(A.self, count: shape[2])
    let count = A(truncatingIfNeeded: windowCount)
    let shift = A(truncatingIfNeeded: windowCount.trailingZeroBitCount)
    let isShift = windowCount.nonzeroBitCount == 1
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
      } else if factor[2] > 2 {
        for i in 0..<width {
          line[i] = (1..<factor[2]).reduce(line[factor[2] * i]) { $0 &+ line[factor[2] * i + $1] }
        }
      }
      if !isShift {
        for i in 0..<width { out[i] = T(truncatingIfNeeded: quotient(line[i], count, truncates: truncates)) }
      } else if shift == 0 {
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

  /// A tie goes to the even side.
  @inline(__always)
  private func quotient<A: FixedWidthInteger & SignedInteger>(_ sum: A, _ count: A, truncates: Bool) -> A {
    let (whole, rest) = sum.quotientAndRemainder(dividingBy: count)
    if truncates { return whole }
    let twice = 2 * (rest < 0 ? 0 - rest : rest)
    let isFarther = twice > count || (twice == count && whole & 1 != 0)
    return isFarther ? whole + (sum < 0 ? -1 : 1) : whole
  }

  @inline(__always)
  private func reduceNumbers<T: Voxel>(_ type: T.Type, _ make: (Double) -> T) {
    let line = sums.reserve(Double.self, count: shape[2])
    let scale = 1 / Double(windowCount)
    forEachRow(type) { rows, out, width in
      for i in 0..<shape[2] { line[i] = rows[0][i].double * scale }
      for row in rows.dropFirst() {
        for i in 0..<shape[2] { line[i] += row[i].double * scale }
      }
      if factor[2] == 2 {
        for i in 0..<width { line[i] = line[2 * i] + line[2 * i + 1] }
      } else if factor[2] > 2 {
        for i in 0..<width { line[i] = (1..<factor[2]).reduce(line[factor[2] * i]) { $0 + line[factor[2] * i + $1] } }
      }
      for i in 0..<width { out[i] = make(line[i] == line[i] ? line[i] : 0) }
    }
  }

  /// Makes each voxel one of those of its window, which come in the order z, y, x.
  @inline(__always)
  private func choose<T: Voxel>(_ type: T.Type, _ one: (UnsafeBufferPointer<T>) -> T) {
    let window = UnsafeMutableBufferPointer(start: sums.reserve(T.self, count: windowCount), count: windowCount)
    forEachRow(type) { rows, out, width in
      for i in 0..<width {
        var k = 0
        for row in rows {
          for dx in 0..<factor[2] {
            window[k] = row[i * factor[2] + dx]
            k += 1
          }
        }
        out[i] = one(UnsafeBufferPointer(window))
      }
    }
  }

  @inline(__always)
  private func mostFrequent<T: Voxel>(_ window: UnsafeBufferPointer<T>) -> T {
    if window.count > 8 { return mostFrequentOfMany(window) }
    var (best, most) = (window[0], 0)
    for value in window {
      let count = window.reduce(0) { $1 == value ? $0 + 1 : $0 }
      if count > most { (best, most) = (value, count) }
    }
    return best
  }

  /// The same value, by counting each value once.
  private func mostFrequentOfMany<T: Voxel>(_ window: UnsafeBufferPointer<T>) -> T {
    var counts: [T: (count: Int, first: Int)] = [:]
    // what is no number equals nothing
    for (i, value) in window.enumerated() where value == value { counts[value, default: (0, i)].count += 1 }
    var best = (value: window[0], count: 0, first: 0)
    for (value, known) in counts where known.count > best.count || (known.count == best.count && known.first < best.first) {
      best = (value, known.count, known.first)
    }
    return best.value
  }

  /// The source rows of each target row.
  @inline(__always)
  private func forEachRow<T>(
    _ type: T.Type, _ body: (_ rows: [UnsafePointer<T>], _ out: UnsafeMutablePointer<T>, _ width: Int) -> Void
  ) {
    let from = source.start.assumingMemoryBound(to: T.self)
    let to = target.start.assumingMemoryBound(to: T.self)
    let size = shape / factor
    var rows: [UnsafePointer<T>] = []
    for z in 0..<size[0] {
      for y in 0..<size[1] {
        rows.removeAll(keepingCapacity: true)
        for dz in 0..<factor[0] {
          for dy in 0..<factor[1] {
            rows.append(from + ((z * factor[0] + dz) * source.planeStride + (y * factor[1] + dy) * source.rowStride))
          }
        }
        body(rows, to + (z * target.planeStride + y * target.rowStride), size[2])
      }
    }
  }
}
