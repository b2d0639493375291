/// Five integers along the axes `t c z y x`: the shape of an array, of a chunk or of a grid, or a position in one.
///
/// Every array of blockfuse is five-dimensional inside; axes that a file lacks have length 1.
public struct TCZYX: Hashable, Sendable, Codable {
  public var t: Int
  public var c: Int
  public var z: Int
  public var y: Int
  public var x: Int

  public init(t: Int = 1, c: Int = 1, z: Int, y: Int, x: Int) {
    (self.t, self.c, self.z, self.y, self.x) = (t, c, z, y, x)
  }

  public init(t: Int = 1, c: Int = 1, zyx: Index3) {
    self.init(t: t, c: c, z: zyx[0], y: zyx[1], x: zyx[2])
  }

  public static let zero = TCZYX(t: 0, c: 0, z: 0, y: 0, x: 0)
  public static let one = TCZYX(z: 1, y: 1, x: 1)

  public var zyx: Index3 {
    get { Index3(z, y, x) }
    set { (z, y, x) = (newValue[0], newValue[1], newValue[2]) }
  }

  public subscript(axis: Axis) -> Int {
    get {
      switch axis {
      case .t: t
      case .c: c
      case .z: z
      case .y: y
      case .x: x
      }
    }
    set {
      switch axis {
      case .t: t = newValue
      case .c: c = newValue
      case .z: z = newValue
      case .y: y = newValue
      case .x: x = newValue
      }
    }
  }

  /// `[t, c, z, y, x]`.
  public var array: [Int] { [t, c, z, y, x] }
  /// The numbers along the axes that an array has: without z in 2D.
  public func values(is3D: Bool) -> [Int] { is3D ? array : [t, c, y, x] }
  /// The numbers along the axes of space that an array has: without z in 2D.
  public func spaceValues(is3D: Bool) -> [Int] { is3D ? [z, y, x] : [y, x] }

  /// The product of the five, or nil when it does not fit an `Int`.
  public var checkedProduct: Int? {
    var product = 1
    for n in [t, c, z, y, x] {
      let (value, overflow) = product.multipliedReportingOverflow(by: n)
      if overflow { return nil }
      product = value
    }
    return product
  }

  /// The product of the five; the caller knows that it fits.
  public var product: Int { t * c * z * y * x }
}

/// The axes in the only order in which they ever stand.
public enum Axis: String, CaseIterable, Sendable, Codable {
  case t, c, z, y, x

  public static let space: [Axis] = [.z, .y, .x]

  /// The axes of an array: without z in 2D.
  public static func all(is3D: Bool) -> [Axis] { [.t, .c] + space(is3D: is3D) }
  /// The axes of space: without z in 2D.
  public static func space(is3D: Bool) -> [Axis] { is3D ? [.z, .y, .x] : [.y, .x] }

  /// 0, 1, 2 for z, y, x: the lane in `Vector3` and `Index3`; nil for t and c.
  public var spaceLane: Int? { Axis.space.firstIndex(of: self) }
}

/// Three numbers in the order z, y, x. 2D data has z lanes of length 1, origin 0 and spacing 1.
public typealias Vector3 = SIMD3<Double>
/// Three integers in the order z, y, x.
public typealias Index3 = SIMD3<Int>
