import Geometry

/// The voxels of one view that a region of the output needs: a box in C order, in the element type of the view, read into
/// memory or lent where it lies.
struct ViewPatch {
  let elementType: ElementType
  /// The voxels of the view that are here.
  let box: Box3
  /// Elements from a row, and from a plane, to the next.
  let rowStride: Int
  let planeStride: Int
  /// Whether all voxels have the value of the first; the others are then not there.
  let isConstant: Bool
  /// Whether there are NaN, infinities or numbers so large that the usual arithmetic may be wrong about them.
  let hasExtremes: Bool
  /// The first voxel.
  let start: UnsafeRawPointer
  private let elementByteCount: Int

  /// - Parameters:
  ///   - type: that of the view, or of numbers that were made of its voxels.
  ///   - voxels: where the box lies; the caller keeps the memory as long as it asks for rows.
  init(_ type: ElementType, box: Box3, voxels: LentVoxels, content: PatchContent) {
    (elementType, elementByteCount, self.box) = (type, type.byteCount, box)
    (start, rowStride, planeStride) = (voxels.start, voxels.rowStride, voxels.planeStride)
    isConstant = content == .constant
    // voxels of types that have such numbers are not lent, so they lie without gaps
    hasExtremes =
      !type.isInteger
      && withVoxelType(type, ExtremesBody(source: start, count: isConstant ? 1 : box.count))
  }

  /// The bytes of a box of a view; refuses what could not be indexed by 32 bits.
  static func byteCount(_ box: Box3, of view: PlacedView) throws(FusionError) -> Int {
    let (shape, elementByteCount) = (box.shape, view.elementType.byteCount)
    let (plane, overflow1) = shape[1].multipliedReportingOverflow(by: shape[2])
    let (count, overflow2) = plane.multipliedReportingOverflow(by: shape[0] + 1)
    let what = "the voxels of view \(view.id) for one block"
    if overflow1 || overflow2 { throw .tooLarge(what: what, byteCount: nil) }
    if count >= Int(Int32.max) - plane { throw .tooLarge(what: what, byteCount: count &* elementByteCount) }
    return box.count * elementByteCount
  }

  // MARK: voxels

  /// The address of a voxel of the view, by its indices in the view.
  func voxel(z: Int, y: Int, x: Int) -> UnsafeRawPointer {
    let at = (z - box.lower[0]) * planeStride + (y - box.lower[1]) * rowStride + x - box.lower[2]
    return start + at * elementByteCount
  }

  /// The address of the first voxel of a row of the patch.
  func row(z: Int, y: Int) -> UnsafeRawPointer { voxel(z: z, y: y, x: box.lower[2]) }

  /// Bytes from a plane to the next.
  var planeByteCount: Int { planeStride * elementByteCount }

  /// Calls with the pieces of a plane of the patch that lie without gaps: the address of each, how many voxels it has, and
  /// the place of its first in a plane without any gap.
  func forEachRun(z: Int, _ body: (_ from: UnsafeRawPointer, _ count: Int, _ at: Int) -> Void) {
    let (height, width) = (box.shape[1], box.shape[2])
    let first = row(z: z, y: box.lower[1])
    if rowStride == width { return body(first, height * width, 0) }
    for y in 0..<height { body(first + y * rowStride * elementByteCount, width, y * width) }
  }

  /// The number that the first voxel is.
  func first<S: RowArithmetic>() -> S {
    var number: S = 0
    convert(start, count: 1, into: &number)
    return number
  }

  /// Converts voxels that lie one after the other to numbers.
  func convert<S: RowArithmetic>(_ from: UnsafeRawPointer, count: Int, into target: UnsafeMutablePointer<S>) {
    withVoxelType(elementType, ConvertBody(source: from, count: count, target: target))
  }

  /// Converts and blends voxels that lie one after the other: `a + fraction * (b - a)`.
  func blend<S: RowArithmetic>(
    _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, fraction: S, count: Int, into target: UnsafeMutablePointer<S>
  ) {
    withVoxelType(
      elementType,
      BlendBody(a: a, b: b, fraction: fraction, count: count, isCareful: hasExtremes, target: target))
  }

  /// The bytes of a voxel of the view.
  func bytes(at voxel: Index3) -> [UInt8] {
    let source = isConstant ? start : self.voxel(z: voxel[0], y: voxel[1], x: voxel[2])
    return Array(UnsafeRawBufferPointer(start: source, count: elementByteCount))
  }

  /// The 64-bit integer that is stored at a voxel of the view; nil for other types.
  func integer(at voxel: Index3) -> Int128? {
    let source = isConstant ? start : self.voxel(z: voxel[0], y: voxel[1], x: voxel[2])
    switch elementType {
    case .uint64: return Int128(source.load(as: UInt64.self))
    case .int64: return Int128(source.load(as: Int64.self))
    default: return nil
    }
  }
}

/// The loop that converts voxels, one for each element type.
private struct ConvertBody<S: RowArithmetic>: VoxelBody {
  let source: UnsafeRawPointer
  let count: Int
  let target: UnsafeMutablePointer<S>

  @inline(__always)
  func run<T: Voxel>(_ type: T.Type) {
    convertRow(source.assumingMemoryBound(to: type), count: count, into: target)
  }
}

/// The loop that converts and blends two rows of voxels, one for each element type.
private struct BlendBody<S: RowArithmetic>: VoxelBody {
  let a: UnsafeRawPointer
  let b: UnsafeRawPointer
  let fraction: S
  let count: Int
  let isCareful: Bool
  let target: UnsafeMutablePointer<S>

  @inline(__always)
  func run<T: Voxel>(_ type: T.Type) {
    let (a, b) = (a.assumingMemoryBound(to: type), b.assumingMemoryBound(to: type))
    if isCareful {
      for i in 0..<count { target[i] = ExtremeNumbers.interpolate(S.of(a[i]), S.of(b[i]), fraction) }
    } else {
      blendRows(a, b, fraction: fraction, count: count, into: target)
    }
  }
}
