import Diagnostics
import Geometry
import JSON
import Zarr

/// A transform as a dataset file writes it: homogeneous matrices, rows and columns in `z y x` or `y x` order.
public enum TransformMatrices: Sendable, Hashable {
  case constant([[Double]])
  /// One for each time point of the view, in the view's order.
  case perTime([[[Double]]])
}

extension TransformMatrices {
  init(_ json: JSONValue, _ invalid: (String) -> ViewsError) throws(ViewsError) {
    switch json {
    case .array:
      self = .constant(try TransformMatrices.matrix(json, invalid))
    case .object(let object):
      guard object.count == 1, let list = object["t"]?.array else {
        throw invalid("an object must be {\"t\": [matrix, …]}")
      }
      var matrices: [[[Double]]] = []
      for entry in list { matrices.append(try TransformMatrices.matrix(entry, invalid)) }
      self = .perTime(matrices)
    default:
      throw invalid("it is neither a matrix nor {\"t\": [matrix, …]}")
    }
  }

  private static func matrix(_ json: JSONValue, _ invalid: (String) -> ViewsError) throws(ViewsError) -> [[Double]] {
    guard let rows = json.array else { throw invalid("a matrix is a list of rows") }
    var matrix: [[Double]] = []
    matrix.reserveCapacity(rows.count)
    for row in rows {
      guard let entries = row.array else { throw invalid("a row of a matrix is a list of numbers") }
      var numbers: [Double] = []
      numbers.reserveCapacity(entries.count)
      for entry in entries {
        guard let number = entry.double else { throw invalid("a matrix has an entry that is no number") }
        numbers.append(number)
      }
      matrix.append(numbers)
    }
    return matrix
  }

  var json: JSONValue {
    func json(_ matrix: [[Double]]) -> JSONValue { .array(matrix.map { .array($0.map { .double($0) }) }) }
    switch self {
    case .constant(let matrix): return json(matrix)
    case .perTime(let matrices): return .object(["t": .array(matrices.map(json))])
    }
  }

  /// The number of rows of a matrix; nil if there is none.
  var rowCount: Int? {
    switch self {
    case .constant(let matrix): matrix.count
    case .perTime(let matrices): matrices.first?.count
    }
  }

  /// The maps of a view with so many axes of space and time points, in the view's own time order.
  func maps(is3D: Bool, timeCount: Int, _ invalid: (String) -> ViewsError) throws(ViewsError) -> ViewTransform {
    func map(_ matrix: [[Double]], _ place: String) throws(ViewsError) -> AffineMap {
      do {
        guard matrix.count == (is3D ? 4 : 3) else {
          throw GeometryError.notAffine(
            "the matrix is \(matrix.count) x \(matrix.first?.count ?? 0)"
              + (is3D
                ? "\(matrix.count == 3 ? ", for images of y and x" : ""); the image has z too and takes 4 x 4"
                : "\(matrix.count == 4 ? ", for images with z" : ""); the image has y and x only and takes 3 x 3"))
        }
        let map = try AffineMap(homogeneous: matrix)
        _ = try map.inverse()
        return map
      } catch {
        throw invalid("\(error)\(place)")
      }
    }
    switch self {
    case .constant(let matrix):
      return .constant(try map(matrix, ""))
    case .perTime(let matrices):
      guard matrices.count == timeCount else {
        throw invalid("it has \(counted(matrices.count, "matrix", "matrices")) for \(counted(timeCount, "time point"))")
      }
      var maps: [AffineMap] = []
      for (t, matrix) in matrices.enumerated() { maps.append(try map(matrix, " at time point \(t)")) }
      return .perTime(maps)
    }
  }
}
