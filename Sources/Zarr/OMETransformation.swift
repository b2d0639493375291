import JSON

/// A transformation of OME-Zarr 0.6 as its metadata write it, to be read as an affine map of points of `inputCount`
/// coordinates. Its `input` and `output` are not looked at.
struct OMETransformation {
  /// Why a transformation is not read.
  struct Problem: Error {
    var reason: String
  }

  private let json: JSONValue
  private let type: String
  private let inputCount: Int
  /// How many transformations this one is in.
  private let depth: Int

  private static let maximumDepth = 16

  init(_ json: JSONValue, inputCount: Int) { self.init(json, inputCount: inputCount, depth: 0) }

  private init(_ json: JSONValue, inputCount: Int, depth: Int) {
    (self.json, self.inputCount, self.depth) = (json, inputCount, depth)
    type = json["type"]?.string ?? ""
  }

  func map() throws(Problem) -> OMEAffine {
    guard depth < Self.maximumDepth else {
      throw Problem(reason: "transformations in transformations, more than \(Self.maximumDepth) deep")
    }
    switch type {
    case "identity": return .identity(inputCount)
    case "scale": return try scale()
    case "translation": return try translation()
    case "affine": return OMEAffine(rows: try matrix("affine", columns: inputCount + 1), inputCount: inputCount)
    case "rotation": return try rotation()
    case "mapAxis": return try mapAxis()
    case "projectAxis": return try projectAxis()
    case "sequence": return try sequence()
    case "byDimension": return try byDimension()
    case "bijection": return try inner(json["forward"], inputCount)
    case "displacements", "coordinates":
      throw Problem(reason: "it is a field (\"\(type)\"), and only affine ones are read")
    default: throw Problem(reason: "it is of type \"\(type)\", which is not known")
    }
  }

  // MARK: - Types

  private func scale() throws(Problem) -> OMEAffine {
    let scale = try vector("scale")
    var map = OMEAffine(inputCount: inputCount, outputCount: inputCount)
    for (i, factor) in scale.enumerated() { map[i, i] = factor }
    return map
  }

  private func translation() throws(Problem) -> OMEAffine {
    let shift = try vector("translation")
    var map = OMEAffine.identity(inputCount)
    for (i, length) in shift.enumerated() { map[i, inputCount] = length }
    return map
  }

  private func rotation() throws(Problem) -> OMEAffine {
    let rows = try matrix("rotation", columns: inputCount)
    guard rows.count == inputCount else { throw bad("is no matrix of \(inputCount) x \(inputCount)") }
    return OMEAffine(rows: rows.map { $0 + [0] }, inputCount: inputCount)
  }

  private func mapAxis() throws(Problem) -> OMEAffine {
    let order = try indices(json["mapAxis"], below: inputCount)
    guard !order.isEmpty else { throw bad("names no axes") }
    var map = OMEAffine(inputCount: inputCount, outputCount: order.count)
    for (row, column) in order.enumerated() { map[row, column] = 1 }
    return map
  }

  private func projectAxis() throws(Problem) -> OMEAffine {
    let dropped = Set(try indices(json["droppedInputs"], below: inputCount))
    let kept = (0..<inputCount).filter { !dropped.contains($0) }
    let created = Set(try indices(json["createdOutputs"], below: OMECoordinateSystem.maximumAxisCount))
    let count = kept.count + created.count
    guard count > 0, created.allSatisfy({ $0 < count }) else { throw bad("makes axes beyond the last one") }
    var map = OMEAffine(inputCount: inputCount, outputCount: count)
    for (row, column) in zip((0..<count).filter { !created.contains($0) }, kept) { map[row, column] = 1 }
    return map
  }

  private func sequence() throws(Problem) -> OMEAffine {
    guard let steps = json["transformations"]?.array else { throw bad("has no \"transformations\"") }
    var map = OMEAffine.identity(inputCount)
    for step in steps { map = try inner(step, map.outputCount).after(map) }
    return map
  }

  private func byDimension() throws(Problem) -> OMEAffine {
    var rows: [Int: [Double]] = [:]
    for item in json["transformations"]?.array ?? [] {
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
    return OMEAffine(rows: (0..<rows.count).map { rows[$0] ?? [] }, inputCount: inputCount)
  }

  // MARK: - Members

  private func bad(_ reason: String) -> Problem { Problem(reason: "its \(type) \(reason)") }

  private func inner(_ json: JSONValue?, _ count: Int) throws(Problem) -> OMEAffine {
    guard let json, json.object != nil else { throw bad("has no transformation in it") }
    return try OMETransformation(json, inputCount: count, depth: depth + 1).map()
  }

  private func vector(_ key: String) throws(Problem) -> [Double] {
    if json[key] == nil, json["path"] != nil { throw bad("is kept in an array, which is not read") }
    let numbers = json[key]?.array?.compactMap(\.double).filter(\.isFinite) ?? []
    guard numbers.count == inputCount, json[key]?.array?.count == inputCount else {
      throw bad("is not a list of \(inputCount) numbers, one for each axis of its input")
    }
    return numbers
  }

  private func matrix(_ key: String, columns: Int) throws(Problem) -> [[Double]] {
    if json[key] == nil, json["path"] != nil { throw bad("is kept in an array, which is not read") }
    let rows = json[key]?.array?.map { $0.array?.compactMap(\.double).filter(\.isFinite) ?? [] } ?? []
    guard !rows.isEmpty, rows.count <= OMECoordinateSystem.maximumAxisCount, rows.allSatisfy({ $0.count == columns }) else {
      throw bad("is not a matrix with \(columns) numbers in each row")
    }
    return rows
  }

  private func indices(_ json: JSONValue?, below limit: Int) throws(Problem) -> [Int] {
    let list = json?.array?.compactMap(\.double).compactMap { Int(exactly: $0) }.filter { (0..<limit).contains($0) } ?? []
    guard list.count == json?.array?.count ?? 0, Set(list).count == list.count else {
      throw bad("has indices of axes that are not there, or there twice")
    }
    return list
  }
}
