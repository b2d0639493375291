import Geometry

/// Reads one entry of `multiscales` into axes and levels.
///
/// Everything that could put a voxel in the wrong place is an error that says what and where: axes out of order, a
/// vector of the wrong length, a spacing that is not positive, transformations in an order or of a kind that OME-Zarr
/// does not have here.
struct OMEMultiscaleParser {
  /// The group, for messages.
  let path: String

  /// A scale and a translation: `p -> scale * p + translation`.
  private struct Placement {
    var scale: [Double]
    var translation: [Double]
    /// Whether the level's own transformations have a translation.
    var hasTranslation = false

    init(count: Int) {
      scale = [Double](repeating: 1, count: count)
      translation = [Double](repeating: 0, count: count)
    }

    /// Applies another one after this.
    mutating func then(_ next: Placement) {
      for i in scale.indices {
        scale[i] = next.scale[i] * scale[i]
        translation[i] = next.translation[i] + next.scale[i] * translation[i]
      }
    }
  }

  // MARK: 0.4 and 0.5

  func parseFlat(_ multiscale: JSONValue) throws(ZarrError) -> ([OMEAxis], [OMELevel]) {
    guard let list = multiscale["axes"]?.array else { throw invalid("\"axes\" is missing") }
    let axes = try parseAxes(list)
    var common = Placement(count: axes.count)
    if let transformations = given(multiscale, "coordinateTransformations") {
      common = try placement(transformations, axes: axes, where: "of the multiscale", scaleRequired: false)
    }
    let levels = try parseLevels(multiscale, axes: axes) { dataset, levelPath throws(ZarrError) in
      guard let transformations = given(dataset, "coordinateTransformations") else {
        throw invalid("level \"\(levelPath)\" has no \"coordinateTransformations\"")
      }
      var own = try placement(
        transformations, axes: axes, where: "of level \"\(levelPath)\"", scaleRequired: true)
      own.then(common)
      return own
    }
    return (axes, levels)
  }

  /// A list of one scale and then at most one translation.
  private func placement(
    _ json: JSONValue, axes: [OMEAxis], where place: String, scaleRequired: Bool
  ) throws(ZarrError) -> Placement {
    guard let list = json.array else { throw invalid("the \"coordinateTransformations\" \(place) are not a list") }
    var result = Placement(count: axes.count)
    var hasIdentity = false
    var hasScale = false
    var hasTranslation = false
    for step in list {
      switch step["type"]?.string {
      case "identity":
        hasIdentity = true
      case "scale":
        if hasTranslation { throw invalid("the scale \(place) comes after the translation") }
        if hasScale { throw invalid("there is more than one scale \(place)") }
        hasScale = true
        result.scale = try vector(step, "scale", count: axes.count, where: place)
      case "translation":
        if hasTranslation { throw invalid("there is more than one translation \(place)") }
        hasTranslation = true
        result.translation = try vector(step, "translation", count: axes.count, where: place)
      case let type:
        throw invalid("the transformation \(place) is of type \(quoted(type)); only scale and translation can be here")
      }
    }
    result.hasTranslation = hasTranslation
    if scaleRequired && !hasScale && !hasIdentity { throw invalid("there is no scale \(place)") }
    return result
  }

  // MARK: 0.6

  func parseCoordinateSystems(_ multiscale: JSONValue) throws(ZarrError) -> ([OMEAxis], [OMELevel]) {
    guard let systems = multiscale["coordinateSystems"]?.array, !systems.isEmpty else {
      throw invalid("\"coordinateSystems\" is missing or empty")
    }
    guard let datasets = multiscale["datasets"]?.array, let first = datasets.first else {
      throw invalid("\"datasets\" is missing or empty")
    }
    guard let intrinsic = first["coordinateTransformations"]?.array?.first?["output"]?["name"]?.string else {
      throw invalid("the transformation of the first level has no \"output\" with a \"name\"")
    }
    guard let system = systems.first(where: { $0["name"]?.string == intrinsic }) else {
      throw invalid("there is no coordinate system \"\(intrinsic)\", which the levels are placed in")
    }
    guard let list = system["axes"]?.array else { throw invalid("coordinate system \"\(intrinsic)\" has no \"axes\"") }
    let axes = try parseAxes(list)
    // transformations of the multiscale lead on to further systems; the levels' own system is where the image is
    let levels = try parseLevels(multiscale, axes: axes) { dataset, levelPath throws(ZarrError) in
      guard let transformations = dataset["coordinateTransformations"]?.array, transformations.count == 1 else {
        throw invalid("level \"\(levelPath)\" must have exactly one transformation")
      }
      let transformation = transformations[0]
      guard transformation["output"]?["name"]?.string == intrinsic else {
        throw invalid("level \"\(levelPath)\" is not placed in coordinate system \"\(intrinsic)\" like the first one")
      }
      if let input = given(transformation, "input"), input["path"]?.string != levelPath {
        throw invalid("the transformation of level \"\(levelPath)\" has another \"input\"")
      }
      let place = "of level \"\(levelPath)\""
      switch transformation["type"]?.string {
      case "sequence":
        guard let steps = given(transformation, "transformations") else {
          throw invalid("the sequence \(place) has no \"transformations\"")
        }
        return try placement(steps, axes: axes, where: place, scaleRequired: true)
      case "scale", "identity":
        return try placement(.array([transformation]), axes: axes, where: place, scaleRequired: true)
      case let type:
        throw invalid("the transformation \(place) is of type \(quoted(type)); it must be scale, identity or sequence")
      }
    }
    return (axes, levels)
  }

  // MARK: axes and levels

  private func parseAxes(_ list: [JSONValue]) throws(ZarrError) -> [OMEAxis] {
    var axes: [OMEAxis] = []
    for json in list {
      guard let name = json["name"]?.string else { throw invalid("an axis has no name") }
      let type = json["type"]?.string
      let unit = json["unit"]?.string
      let named = Axis(rawValue: name.lowercased())
      let axis: Axis
      switch (type, named) {
      case ("time", _), (nil, .t): axis = .t
      case ("channel", _), (nil, .c): axis = .c
      case ("space", let named?) where named.spaceLane != nil, (nil, let named?): axis = named
      default:
        throw invalid(
          "axis \"\(name)\" of type \(quoted(type)) is not one of time, channel, and the space axes z, y, x")
      }
      if axis.spaceLane != nil && OMEUnits.micrometres(in: unit) == nil {
        throw invalid("axis \"\(name)\" has the unit \(quoted(unit)), which is no length")
      }
      axes.append(OMEAxis(axis: axis, name: name, type: type, unit: unit))
    }
    let kinds = axes.map(\.axis)
    guard kinds == Axis.allCases.filter(kinds.contains) else {
      let names = axes.map(\.name).joined(separator: " ")
      throw invalid("the axes are \(names); they must be some of t c z y x, each once, in that order")
    }
    guard kinds.contains(.y), kinds.contains(.x) else { throw invalid("the image has no y and x axes") }
    return axes
  }

  private func parseLevels(
    _ multiscale: JSONValue, axes: [OMEAxis],
    placing: (_ dataset: JSONValue, _ levelPath: String) throws(ZarrError) -> Placement
  ) throws(ZarrError) -> [OMELevel] {
    guard let datasets = multiscale["datasets"]?.array, !datasets.isEmpty else {
      throw invalid("\"datasets\" is missing or empty")
    }
    let factors = axes.map { $0.axis.spaceLane == nil ? 1 : OMEUnits.micrometres(in: $0.unit) ?? 1 }
    var levels: [OMELevel] = []
    for dataset in datasets {
      guard let written = dataset["path"]?.string else { throw invalid("a level has no \"path\"") }
      let placed = try placing(dataset, written)
      let level = OMELevel(
        path: try omeRelativePath(written, in: path), scale: zip(placed.scale, factors).map { $0 * $1 },
        translation: zip(placed.translation, factors).map { $0 * $1 }, hasTranslation: placed.hasTranslation)
      try check(level, axes: axes, after: levels.last)
      levels.append(level)
    }
    return levels
  }

  private func check(_ level: OMELevel, axes: [OMEAxis], after finer: OMELevel?) throws(ZarrError) {
    for (i, axis) in axes.enumerated() {
      guard level.scale[i].isFinite, level.translation[i].isFinite else {
        throw invalid("level \"\(level.path)\" has a scale or translation along \(axis.name) that is no finite number")
      }
      switch axis.axis {
      case .c: break
      case .t:
        // writers that do not know the interval put 0
        guard level.scale[i] >= 0 else { throw invalid("the time step of level \"\(level.path)\" is negative") }
      case .z, .y, .x:
        guard level.scale[i] > 0 else {
          throw invalid("the scale of level \"\(level.path)\" along \(axis.name) is \(level.scale[i]), not positive")
        }
        if let finer, level.scale[i] < finer.scale[i] * (1 - 1e-6) {
          throw invalid("level \"\(level.path)\" is finer along \(axis.name) than the level before it")
        }
      }
    }
  }

  private func vector(
    _ json: JSONValue, _ key: String, count: Int, where place: String
  ) throws(ZarrError) -> [Double] {
    if given(json, "path") != nil { throw invalid("the \(key) \(place) is kept in an array, which is not supported") }
    guard let list = json[key]?.array, list.count == count else {
      throw invalid("the \(key) \(place) is not a list of \(count) numbers, one for each axis")
    }
    var numbers: [Double] = []
    for entry in list {
      guard let number = entry.double else { throw invalid("the \(key) \(place) has an entry that is no number") }
      numbers.append(number)
    }
    return numbers
  }

  /// A member that is there: writers that dump a model write null for what is not.
  private func given(_ json: JSONValue, _ key: String) -> JSONValue? {
    json[key].flatMap { $0.isNull ? nil : $0 }
  }

  private func invalid(_ why: String) -> ZarrError { .invalidOME(path, why) }

  private func quoted(_ text: String?) -> String { text.map { "\"\($0)\"" } ?? "none" }
}
