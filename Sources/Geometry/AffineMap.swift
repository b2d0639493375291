/// An affine map of physical or pixel coordinates in the order z, y, x: `p -> linear * p + translation`.
public struct AffineMap: Hashable, Sendable, Codable {
  /// The rows of the 3 x 3 matrix; lanes of a row are the columns z, y, x.
  public var rows: [Vector3]
  public var translation: Vector3

  public static let identity = AffineMap(
    rows: [Vector3(1, 0, 0), Vector3(0, 1, 0), Vector3(0, 0, 1)], translation: .zero)

  public init(rows: [Vector3], translation: Vector3) {
    precondition(rows.count == 3)
    (self.rows, self.translation) = (rows, translation)
  }

  /// The map of a homogeneous matrix, 4 x 4 in 3D or 3 x 3 in 2D (y, x), rows and columns in `z y x` order.
  /// Throws if the shape, the last row, or a number is not that of an affine map.
  public init(homogeneous matrix: [[Double]]) throws(GeometryError) {
    let n = matrix.count - 1
    guard n == 2 || n == 3, matrix.allSatisfy({ $0.count == n + 1 }) else {
      let shape = "\(matrix.count) x \(matrix.first?.count ?? 0)"
      throw .notAffine("the matrix is \(shape); it must be 4 x 4 for 3D images or 3 x 3 for 2D images")
    }
    guard matrix.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
      throw .notAffine("the matrix has an entry that is not a finite number")
    }
    let last = matrix[n]
    guard last[0..<n].allSatisfy({ $0 == 0 }), last[n] == 1 else {
      throw .notAffine("the last row of the matrix must be 0 … 0 1")
    }
    var map = AffineMap.identity
    let first = 3 - n
    for i in 0..<n {
      for j in 0..<n { map.rows[first + i][first + j] = matrix[i][j] }
      map.translation[first + i] = matrix[i][n]
    }
    if n == 2 { map.rows[0] = Vector3(1, 0, 0) }
    self = map
  }

  public func callAsFunction(_ p: Vector3) -> Vector3 {
    linear(p) + translation
  }

  /// The map without its translation.
  public func linear(_ p: Vector3) -> Vector3 {
    Vector3((rows[0] * p).sum(), (rows[1] * p).sum(), (rows[2] * p).sum())
  }

  /// How far along each axis of the world steps of up to these lengths lead, whichever way they go.
  public func reach(of steps: Vector3) -> Vector3 {
    AffineMap(rows: rows.map(absolute), translation: .zero).linear(absolute(steps))
  }

  /// The lengths to which steps of length 1 along z, y and x are mapped.
  public var axisScales: Vector3 {
    let squares = rows[0] * rows[0] + rows[1] * rows[1] + rows[2] * rows[2]
    return squares.squareRoot()
  }

  public var determinant: Double {
    let (a, b, c) = (rows[0], rows[1], rows[2])
    return a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
      + a[2] * (b[0] * c[1] - b[1] * c[0])
  }

  /// The inverse, by cofactors; throws for a matrix that is singular to working precision.
  public func inverse() throws(GeometryError) -> AffineMap {
    let (a, b, c) = (rows[0], rows[1], rows[2])
    let det = determinant
    let size = rows.reduce(1.0) { $0 * max($1.x.magnitude, $1.y.magnitude, $1.z.magnitude) }
    guard det.isFinite, det.magnitude > 1e-14 * size, size > 0 else {
      throw .singular(determinant: det)
    }
    let inv = [
      Vector3(b[1] * c[2] - b[2] * c[1], a[2] * c[1] - a[1] * c[2], a[1] * b[2] - a[2] * b[1]) / det,
      Vector3(b[2] * c[0] - b[0] * c[2], a[0] * c[2] - a[2] * c[0], a[2] * b[0] - a[0] * b[2]) / det,
      Vector3(b[0] * c[1] - b[1] * c[0], a[1] * c[0] - a[0] * c[1], a[0] * b[1] - a[1] * b[0]) / det,
    ]
    let map = AffineMap(rows: inv, translation: .zero)
    return AffineMap(rows: inv, translation: -map.linear(translation))
  }

  /// `self` after `first`: `p -> self(first(p))`.
  public func after(_ first: AffineMap) -> AffineMap {
    var product = [Vector3](repeating: .zero, count: 3)
    for i in 0..<3 {
      product[i] = rows[i][0] * first.rows[0] + rows[i][1] * first.rows[1] + rows[i][2] * first.rows[2]
    }
    return AffineMap(rows: product, translation: self(first.translation))
  }

  /// The map as a homogeneous 4 x 4 matrix, rows and columns in `z y x` order.
  public var homogeneous: [[Double]] {
    (0..<3).map { [rows[$0][0], rows[$0][1], rows[$0][2], translation[$0]] } + [[0, 0, 0, 1]]
  }
}

public enum GeometryError: Error, Equatable, CustomStringConvertible {
  case notAffine(String)
  case singular(determinant: Double)
  case emptyOutput(String)
  case unsupported(String)

  public var description: String {
    switch self {
    case .notAffine(let why): why
    case .singular(let determinant): "the matrix is singular (determinant \(determinant))"
    case .emptyOutput(let why): why
    case .unsupported(let why): why
    }
  }
}
