import Geometry
import JSON
import Views
import Zarr

/// Values that one option or two have.
extension OptionMap {
  /// Where the voxels of the output are, whole.
  package struct Stack: Sendable {
    var spacing: [Axis: Double]
    var origin: [Axis: Double]
    var shape: [Axis: Int]
    /// Those of the keys whose maps name z.
    var keysAlongZ: [String]
  }

  func stack(_ key: String) throws(JobError) -> Stack? {
    guard let value = value(key) else { return nil }
    let source = try OptionMap(value, path: path + key, known: ["spacing", "origin", "shape"])
    for key in ["spacing", "origin", "shape"] where source.value(key) == nil { throw source.wrong(key, "a map") }
    return Stack(
      spacing: try source.axes("spacing", scalar: false, "a length above 0") { $0 > 0 } ?? [:],
      origin: try source.axes("origin", scalar: false, "a position") { _ in true } ?? [:],
      shape: try source.counts("shape", minimum: 1) ?? [:], keysAlongZ: source.namingZ(["origin", "shape"]))
  }

  func worldUnit(_ key: String) throws(JobError) -> WorldUnit? {
    guard let value = value(key) else { return nil }
    guard let unit = value.string.flatMap({ WorldUnit(length: $0) }) else {
      throw wrong(key, "a length above 0 with its unit, such as 0.25um")
    }
    return unit
  }

  func pyramid(_ key: String) throws(JobError) -> PyramidOption? {
    guard let value = value(key) else { return nil }
    guard let option = PyramidOption(value) else { throw wrong(key, PyramidOption.expected) }
    return option
  }

  func arguments(_ key: String) throws(JobError) -> [String: JSONValue]? {
    guard let value = value(key) else { return nil }
    guard let object = value.object else { throw wrong(key, "a map of arguments") }
    return object
  }

  /// A truth value, too: `true` is JSON before it is a name.
  func planewise(_ key: String) throws(JobError) -> JobOptions.Planewise? {
    if let bool = value(key)?.bool { return bool ? .true : .false }
    return try choice(key, JobOptions.Planewise.self)
  }

  /// Names, or indices as texts; one alone need be no list.
  func names(_ key: String) throws(JobError) -> [String]? {
    guard let value = value(key) else { return nil }
    let list = value.array ?? [value]
    var names: [String] = []
    for entry in list {
      if let name = entry.string {
        names.append(name)
      } else if let index = entry.wholeNumber {
        names.append(String(index))
      } else {
        throw wrong(key, "a list of names or indices")
      }
    }
    guard !names.isEmpty else { throw wrong(key, "at least one") }
    return names
  }

  func indices(_ key: String) throws(JobError) -> [Int]? {
    guard let names = try names(key) else { return nil }
    var indices: [Int] = []
    for name in names {
      guard let index = Int(name), index >= 0 else { throw wrong(key, "indices from 0") }
      indices.append(index)
    }
    return indices
  }

  func range(_ key: String) throws(JobError) -> ClosedRange<Double>? {
    guard let value = value(key) else { return nil }
    guard let pair = value.array, pair.count == 2, let low = pair[0].double, let high = pair[1].double, low < high,
      low.isFinite, high.isFinite
    else { throw wrong(key, "[MIN, MAX] with MIN below MAX") }
    return low...high
  }

  func storedNumber(_ key: String) throws(JobError) -> StoredNumber? {
    guard let value = value(key) else { return nil }
    guard let stored = StoredNumber(value) else { throw wrong(key, "a number") }
    return stored
  }

  /// A path, or a map with a path, a group and a dataset.
  func coefficients(_ key: String) throws(JobError) -> IntensityChoice.Coefficients? {
    guard let value = value(key) else { return nil }
    if let path = value.string, !path.isEmpty { return IntensityChoice.Coefficients(path: path) }
    guard value.object != nil else { throw wrong(key, "a path, or {\"path\": …, \"group\": …, \"dataset\": …}") }
    let map = try OptionMap(value, path: path + key, known: ["path", "group", "dataset"])
    guard let path = try map.string("path"), !path.isEmpty else { throw map.wrong("path", "the path of a container") }
    var coefficients = IntensityChoice.Coefficients(path: path)
    if let group = try map.string("group") { coefficients.group = group }
    if let dataset = try map.string("dataset") { coefficients.dataset = dataset }
    return coefficients
  }

  /// Here null is a value: no compression.
  func compressor(_ key: String) throws(JobError) -> Compressor? {
    guard let value = values[key] else { return nil }
    do {
      return try Compressor.parse(value)
    } catch {
      throw .invalid(what: "option \"zarr_array_creation_kwargs.\(key)\": \(error)", hint: error.hint)
    }
  }

  /// Voxels along each axis of space, or, as zarr-python takes it, one length for each axis of the array, t and c included.
  func shards(_ key: String) throws(JobError) -> [Axis: Int]? {
    guard let list = value(key)?.array else { return try counts(key, minimum: 1) }
    let lengths = list.compactMap(\.wholeNumber)
    guard lengths.count == list.count, (2...5).contains(list.count), lengths.allSatisfy({ $0 >= 1 }) else {
      throw wrong(key, "a whole number for each axis")
    }
    guard lengths.dropLast(min(3, lengths.count)).allSatisfy({ $0 == 1 }) else {
      throw wrong(key, "1 along t and c: a shard is one block, of one t and one c")
    }
    return Dictionary(uniqueKeysWithValues: zip(Axis.space.reversed(), lengths.reversed()))
  }
}
