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
  let target: UnsafeMutablePointer<S>

  @inline(__always)
  func run<T: Voxel>(_ type: T.Type) {
    blendRows(
      a.assumingMemoryBound(to: type), b.assumingMemoryBound(to: type), fraction: fraction, count: count, into: target)
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

struct NonFiniteBody: VoxelBody {
  let source: UnsafeRawPointer
  let count: Int

  @inline(__always)
  func run<T: Voxel>(_ type: T.Type) -> Bool {
    let voxels = source.assumingMemoryBound(to: type)
    // the difference is 0 unless it is NaN; counted, so that the loop vectorises
    var marks: UInt32 = 0
    for i in 0..<count {
      let v = voxels[i].double
      marks |= v - v == 0 ? 0 : 1
    }
    return marks != 0
  }
}
