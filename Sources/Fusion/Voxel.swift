import Geometry

/// A stored voxel, and the number that it is in either precision.
protocol Voxel: BitwiseCopyable, Comparable, Hashable, Sendable {
  static var isInteger: Bool { get }
  var single: Float { get }
  var double: Double { get }
}

extension Voxel where Self: FixedWidthInteger {
  static var isInteger: Bool { true }
}

extension UInt8: Voxel {
  @inline(__always) var single: Float { Float(self) }
  @inline(__always) var double: Double { Double(self) }
}
extension Int8: Voxel {
  @inline(__always) var single: Float { Float(self) }
  @inline(__always) var double: Double { Double(self) }
}
extension UInt16: Voxel {
  @inline(__always) var single: Float { Float(Int32(self)) }
  @inline(__always) var double: Double { Double(Int32(self)) }
}
extension Int16: Voxel {
  @inline(__always) var single: Float { Float(self) }
  @inline(__always) var double: Double { Double(self) }
}
extension UInt32: Voxel {
  @inline(__always) var single: Float { Float(self) }
  @inline(__always) var double: Double { Double(self) }
}
extension Int32: Voxel {
  @inline(__always) var single: Float { Float(self) }
  @inline(__always) var double: Double { Double(self) }
}
extension UInt64: Voxel {
  @inline(__always) var single: Float { Float(self) }
  @inline(__always) var double: Double { Double(self) }
}
extension Int64: Voxel {
  @inline(__always) var single: Float { Float(self) }
  @inline(__always) var double: Double { Double(self) }
}
extension Half: Voxel {
  static var isInteger: Bool { false }
  @inline(__always) var single: Float { float }
  @inline(__always) var double: Double { Double(float) }
}
extension Float: Voxel {
  static var isInteger: Bool { false }
  @inline(__always) var single: Float { self }
  @inline(__always) var double: Double { Double(self) }
}
extension Double: Voxel {
  static var isInteger: Bool { false }
  @inline(__always) var single: Float { Float(self) }
  @inline(__always) var double: Double { self }
}

/// A generic function of a voxel type, as `withVoxelType` calls it.
protocol VoxelBody {
  associatedtype Result
  func run<T: Voxel>(_ type: T.Type) -> Result
}

/// Calls a generic function with the voxel type of an element type. Loops over voxels are all called this way; sums of
/// integers (`Downsampler`), stored results (`RowArithmetic`) and single integers (`OutputConversion`) need the types themselves.
@inline(__always)
func withVoxelType<Body: VoxelBody>(_ type: ElementType, _ body: Body) -> Body.Result {
  switch type {
  case .uint8: body.run(UInt8.self)
  case .uint16: body.run(UInt16.self)
  case .uint32: body.run(UInt32.self)
  case .uint64: body.run(UInt64.self)
  case .int8: body.run(Int8.self)
  case .int16: body.run(Int16.self)
  case .int32: body.run(Int32.self)
  case .int64: body.run(Int64.self)
  case .float16: body.run(Half.self)
  case .float32: body.run(Float.self)
  case .float64: body.run(Double.self)
  }
}
