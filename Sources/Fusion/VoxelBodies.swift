// The loops over stored voxels, one for each element type.

struct ConvertBody<S: RowArithmetic>: VoxelBody {
  let source: UnsafeMutableRawPointer
  let count: Int
  let target: UnsafeMutablePointer<S>

  @inline(__always)
  func run<T: Voxel>(_ type: T.Type) {
    convertRow(UnsafePointer(source.assumingMemoryBound(to: type)), count: count, into: target)
  }
}

struct BlendBody<S: RowArithmetic>: VoxelBody {
  let a: UnsafeMutableRawPointer
  let b: UnsafeMutableRawPointer
  let fraction: S
  let count: Int
  let target: UnsafeMutablePointer<S>

  @inline(__always)
  func run<T: Voxel>(_ type: T.Type) {
    blendRows(
      UnsafePointer(a.assumingMemoryBound(to: type)), UnsafePointer(b.assumingMemoryBound(to: type)),
      fraction: fraction, count: count, into: target)
  }
}

struct GatherBody<S: RowArithmetic>: VoxelBody {
  let source: UnsafeMutableRawPointer
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
  let source: UnsafeMutableRawPointer
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
