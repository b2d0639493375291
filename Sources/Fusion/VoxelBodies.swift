// The loops over stored voxels, one for each element type.

struct ConvertBody<S: RowArithmetic>: VoxelBody {
  let source: UnsafeRawPointer
  let count: Int
  let target: UnsafeMutablePointer<S>

  @inline(__always)
  func run<T: Voxel>(_ type: T.Type) {
    convertRow(source.assumingMemoryBound(to: type), count: count, into: target)
  }
}

struct BlendBody<S: RowArithmetic>: VoxelBody {
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
      for i in 0..<count { target[i] = lerpCarefully(S.of(a[i]), S.of(b[i]), fraction) }
    } else {
      blendRows(a, b, fraction: fraction, count: count, into: target)
    }
  }
}

struct GatherBody<S: RowArithmetic>: VoxelBody {
  let source: UnsafeRawPointer
  let index: UnsafeMutablePointer<Int32>
  let count: Int
  let target: UnsafeMutablePointer<S>

  @inline(__always)
  func run<T: Voxel>(_ type: T.Type) {
    let voxels = source.assumingMemoryBound(to: type)
    for i in 0..<count { target[i] = S.of(voxels[Int(index[i])]) }
  }
}
