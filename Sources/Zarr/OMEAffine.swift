import JSON

/// An affine map between points of any number of coordinates: a row for each of the output, with a number for each of the
/// input and the shift last. What the transformations of OME-Zarr 0.6 come to, as far as they are affine.
public struct OMEAffine: Sendable, Hashable {
  public let inputCount: Int
  public let outputCount: Int
  /// Row by row.
  private var numbers: [Double]

  public init(inputCount: Int, outputCount: Int) {
    (self.inputCount, self.outputCount) = (inputCount, outputCount)
    numbers = [Double](repeating: 0, count: outputCount * (inputCount + 1))
  }

  static func identity(_ count: Int) -> OMEAffine {
    var map = OMEAffine(inputCount: count, outputCount: count)
    for i in 0..<count { map[i, i] = 1 }
    return map
  }

  /// A shift is at column `inputCount`.
  public subscript(row: Int, column: Int) -> Double {
    get { numbers[row * (inputCount + 1) + column] }
    set { numbers[row * (inputCount + 1) + column] = newValue }
  }

  /// `self` after `first`.
  func after(_ first: OMEAffine) -> OMEAffine {
    var product = OMEAffine(inputCount: first.inputCount, outputCount: outputCount)
    for row in 0..<outputCount {
      for column in 0...first.inputCount {
        var sum = column == first.inputCount ? self[row, inputCount] : 0
        for i in 0..<inputCount { sum += self[row, i] * first[i, column] }
        product[row, column] = sum
      }
    }
    return product
  }

  /// Nil where there is none: the map is singular, or changes the number of coordinates.
  func inverse() -> OMEAffine? {
    guard inputCount == outputCount else { return nil }
    let n = inputCount
    var (left, right) = (self, OMEAffine.identity(n))
    for i in 0..<n { left[i, n] = 0 }
    let largest = numbers.map(\.magnitude).max() ?? 0
    for column in 0..<n {
      guard let pivot = (column..<n).max(by: { left[$0, column].magnitude < left[$1, column].magnitude }),
        left[pivot, column].magnitude > 1e-14 * largest
      else { return nil }
      for k in 0..<n {
        (left[column, k], left[pivot, k]) = (left[pivot, k], left[column, k])
        (right[column, k], right[pivot, k]) = (right[pivot, k], right[column, k])
      }
      let scale = left[column, column]
      for k in 0..<n {
        left[column, k] /= scale
        right[column, k] /= scale
      }
      for row in 0..<n where row != column && left[row, column] != 0 {
        let factor = left[row, column]
        for k in 0..<n {
          left[row, k] -= factor * left[column, k]
          right[row, k] -= factor * right[column, k]
        }
      }
    }
    for row in 0..<n {
      var shift = 0.0
      for k in 0..<n { shift -= right[row, k] * self[k, n] }
      right[row, n] = shift
    }
    return right
  }
}

extension OMEAffine {
  /// Why a transformation is not read.
  struct Problem: Error {
    var reason: String
  }

  /// A transformation of points of `inputCount` coordinates; its `input` and `output` are not looked at.
  init(transformation json: JSONValue, inputCount: Int, depth: Int = 0) throws(Problem) {
    guard depth < 16 else { throw Problem(reason: "transformations in transformations, more than 16 deep") }
    let type = json["type"]?.string ?? ""
    func bad(_ reason: String) -> Problem { Problem(reason: "its \(type) \(reason)") }
    func inner(_ json: JSONValue?, _ count: Int) throws(Problem) -> OMEAffine {
      guard let json, json.object != nil else { throw bad("has no transformation in it") }
      return try OMEAffine(transformation: json, inputCount: count, depth: depth + 1)
    }
    func vector(_ key: String) throws(Problem) -> [Double] {
      if json[key] == nil, json["path"] != nil { throw bad("is kept in an array, which is not read") }
      let numbers = json[key]?.array?.compactMap(\.double).filter(\.isFinite) ?? []
      guard numbers.count == inputCount, json[key]?.array?.count == inputCount else {
        throw bad("is not a list of \(inputCount) numbers, one for each axis of its input")
      }
      return numbers
    }
    func matrix(_ key: String, columns: Int) throws(Problem) -> [[Double]] {
      if json[key] == nil, json["path"] != nil { throw bad("is kept in an array, which is not read") }
      let rows = json[key]?.array?.map { $0.array?.compactMap(\.double).filter(\.isFinite) ?? [] } ?? []
      guard !rows.isEmpty, rows.count <= OMECoordinateSystem.maximumAxisCount, rows.allSatisfy({ $0.count == columns }) else {
        throw bad("is not a matrix with \(columns) numbers in each row")
      }
      return rows
    }
    func indices(_ json: JSONValue?, below limit: Int) throws(Problem) -> [Int] {
      let list = json?.array?.compactMap(\.double).compactMap { Int(exactly: $0) }.filter { (0..<limit).contains($0) } ?? []
      guard list.count == json?.array?.count ?? 0, Set(list).count == list.count else {
        throw bad("has indices of axes that are not there, or there twice")
      }
      return list
    }
    switch type {
    case "identity": self = .identity(inputCount)
    case "scale":
      let scale = try vector("scale")
      self = OMEAffine(inputCount: inputCount, outputCount: inputCount)
      for (i, factor) in scale.enumerated() { self[i, i] = factor }
    case "translation":
      let shift = try vector("translation")
      self = .identity(inputCount)
      for (i, length) in shift.enumerated() { self[i, inputCount] = length }
    case "affine":
      let rows = try matrix("affine", columns: inputCount + 1)
      self = OMEAffine(inputCount: inputCount, outputCount: rows.count)
      numbers = rows.flatMap { $0 }
    case "rotation":
      let rows = try matrix("rotation", columns: inputCount)
      guard rows.count == inputCount else { throw bad("is no matrix of \(inputCount) x \(inputCount)") }
      self = OMEAffine(inputCount: inputCount, outputCount: inputCount)
      numbers = rows.flatMap { $0 + [0] }
    case "mapAxis":
      let order = try indices(json["mapAxis"], below: inputCount)
      guard !order.isEmpty else { throw bad("names no axes") }
      self = OMEAffine(inputCount: inputCount, outputCount: order.count)
      for (row, column) in order.enumerated() { self[row, column] = 1 }
    case "projectAxis":
      let dropped = Set(try indices(json["droppedInputs"], below: inputCount))
      let kept = (0..<inputCount).filter { !dropped.contains($0) }
      let created = Set(try indices(json["createdOutputs"], below: OMECoordinateSystem.maximumAxisCount))
      let count = kept.count + created.count
      guard count > 0, created.allSatisfy({ $0 < count }) else { throw bad("makes axes beyond the last one") }
      self = OMEAffine(inputCount: inputCount, outputCount: count)
      for (row, column) in zip((0..<count).filter { !created.contains($0) }, kept) { self[row, column] = 1 }
    case "sequence":
      var map = OMEAffine.identity(inputCount)
      guard let steps = json["transformations"]?.array else { throw bad("has no \"transformations\"") }
      for step in steps { map = try inner(step, map.outputCount).after(map) }
      self = map
    case "byDimension":
      let items = json["transformations"]?.array ?? []
      var rows: [Int: [Double]] = [:]
      for item in items {
        let columns = try indices(item["inputAxes"], below: inputCount)
        let part = try inner(item["transformation"], columns.count)
        let outputs = try indices(item["outputAxes"], below: OMECoordinateSystem.maximumAxisCount)
        guard outputs.count == part.outputCount else { throw bad("has \(outputs.count) output axes for \(part.outputCount)") }
        for (i, output) in outputs.enumerated() {
          var row = [Double](repeating: 0, count: inputCount + 1)
          for (k, column) in columns.enumerated() { row[column] = part[i, k] }
          row[inputCount] = part[i, columns.count]
          guard rows.updateValue(row, forKey: output) == nil else { throw bad("makes axis \(output) twice") }
        }
      }
      guard !rows.isEmpty, rows.keys.allSatisfy({ $0 < rows.count }) else { throw bad("does not make all axes of its output") }
      self = OMEAffine(inputCount: inputCount, outputCount: rows.count)
      numbers = (0..<rows.count).flatMap { rows[$0] ?? [] }
    case "bijection": self = try inner(json["forward"], inputCount)
    case "displacements", "coordinates": throw Problem(reason: "it is a field (\"\(type)\"), and only affine ones are read")
    default: throw Problem(reason: "it is of type \"\(type)\", which is not known")
    }
  }
}
