import Geometry
import JSON

/// Reads one entry of `multiscales` into axes and levels.
///
/// Everything that could put a voxel in the wrong place is an error that says what and where: axes out of order, a
/// vector of the wrong length, a spacing that is not positive, transformations in an order or of a kind that OME-Zarr
/// does not have here.
///
/// What a dataset gives in place of the metadata (`OMEMending`) may be wrong in them. Numbers that are, along such an axis,
/// are NaN on the way; if they cannot relate the levels to each other, the finest level alone is left.
struct OMEMultiscaleParser {
  /// The path of the group, for messages.
  let path: String
  let mending: OMEMending

  init(path: String, mending: OMEMending = OMEMending()) {
    (self.path, self.mending) = (path, mending)
  }

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

    /// What metadata leave that say nothing that can be used.
    static func unknown(_ axes: [OMEAxis]) -> Placement {
      var placement = Placement(count: axes.count)
      placement.scale = axes.map { $0.axis.spaceLane != nil ? .nan : $0.axis == .t ? 0 : 1 }
      return placement
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
    guard let list = multiscale["axes"]?.array ?? mending.axes.map({ _ in [] }) else { throw invalid("\"axes\" is missing") }
    let axes = try parseAxes(list)
    var common = Placement(count: axes.count)
    if let transformations = given(multiscale, "coordinateTransformations") {
      common = try mended(axes) { () throws(ZarrError) in
        try placement(transformations, axes: axes, where: "of the multiscale", scaleRequired: false)
      }
    }
    let levels = try parseLevels(multiscale, axes: axes) { dataset, levelPath throws(ZarrError) in
      let transformations = given(dataset, "coordinateTransformations")
      if transformations?.array?.isEmpty ?? true, mending.isWhole(axes.map(\.axis), needsOrigin: false) { return .unknown(axes) }
      guard let transformations else { throw invalid("level \"\(levelPath)\" has no \"coordinateTransformations\"") }
      return try mended(axes) { () throws(ZarrError) in
        var own = try placement(
          transformations, axes: axes, where: "of level \"\(levelPath)\"", scaleRequired: true)
        own.then(common)
        return own
      }
    }
    return (axes, levels)
  }

  /// What the metadata say, unless that cannot be used and need not be.
  private func mended(
    _ axes: [OMEAxis], _ placing: () throws(ZarrError) -> Placement
  ) throws(ZarrError) -> Placement {
    do {
      return try placing()
    } catch {
      guard mending.isWhole(axes.map(\.axis), needsOrigin: true) else { throw error }
      return .unknown(axes)
    }
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
        result.scale = try vector(step, "scale", axes: axes, where: place, mended: mending.spacing)
      case "translation":
        if hasTranslation { throw invalid("there is more than one translation \(place)") }
        hasTranslation = true
        result.translation = try vector(step, "translation", axes: axes, where: place, mended: mending.origin)
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
    guard let list = system["axes"]?.array ?? mending.axes.map({ _ in [] }) else {
      throw invalid("coordinate system \"\(intrinsic)\" has no \"axes\"")
    }
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
      let steps = given(transformation, "transformations")
      if transformation["type"] == "sequence", steps?.array?.isEmpty ?? true, mending.isWhole(axes.map(\.axis), needsOrigin: false) {
        return .unknown(axes)
      }
      return try mended(axes) { () throws(ZarrError) in
        switch transformation["type"]?.string {
        case "sequence":
          guard let steps else { throw invalid("the sequence \(place) has no \"transformations\"") }
          return try placement(steps, axes: axes, where: place, scaleRequired: true)
        case "scale", "identity":
          return try placement(.array([transformation]), axes: axes, where: place, scaleRequired: true)
        case let type:
          throw invalid("the transformation \(place) is of type \(quoted(type)); it must be scale, identity or sequence")
        }
      }
    }
    return (axes, levels)
  }

  // MARK: axes and levels

  private func parseAxes(_ list: [JSONValue]) throws(ZarrError) -> [OMEAxis] {
    if let axes = mending.axes {
      let isSame = list.count == axes.count
      return axes.enumerated().map { i, axis in
        let name = isSame ? list[i]["name"]?.string : nil
        let unit = isSame ? list[i]["unit"]?.string : nil
        let isKept = isSame && kind(list[i]) == axis && (axis.spaceLane == nil || OMEUnits.micrometres(in: unit) != nil)
        return OMEAxis(
          axis: axis, name: name ?? axis.rawValue, type: isSame ? list[i]["type"]?.string : nil, unit: unit, isMeasured: isKept)
      }
    }
    var axes: [OMEAxis] = []
    for json in list {
      guard let name = json["name"]?.string else { throw invalid("an axis has no name") }
      let type = json["type"]?.string
      let unit = json["unit"]?.string
      guard let axis = kind(json) else {
        throw invalid(
          "axis \"\(name)\" of type \(quoted(type)) is not one of time, channel, and the space axes z, y, x")
      }
      let isLength = axis.spaceLane == nil || OMEUnits.micrometres(in: unit) != nil
      guard isLength || mending.spacing.contains(axis) else {
        throw invalid("axis \"\(name)\" has the unit \(quoted(unit)), which is no length")
      }
      axes.append(OMEAxis(axis: axis, name: name, type: type, unit: unit, isMeasured: isLength))
    }
    let kinds = axes.map(\.axis)
    guard kinds == Axis.allCases.filter(kinds.contains) else {
      let names = axes.map(\.name).joined(separator: " ")
      throw invalid("the axes are \(names); they must be some of t c z y x, each once, in that order")
    }
    guard kinds.contains(.y), kinds.contains(.x) else { throw invalid("the image has no y and x axes") }
    return axes
  }

  /// The axis that an entry of `axes` is; nil for one that images do not have.
  private func kind(_ json: JSONValue) -> Axis? {
    let named = json["name"]?.string.flatMap { Axis(rawValue: $0.lowercased()) }
    switch (json["type"]?.string, named) {
    case ("time", _), (nil, .t): return .t
    case ("channel", _), (nil, .c): return .c
    case ("space", let named?) where named.spaceLane != nil: return named
    case (nil, let named?): return named
    default: return nil
    }
  }

  private func parseLevels(
    _ multiscale: JSONValue, axes: [OMEAxis],
    placing: (_ dataset: JSONValue, _ levelPath: String) throws(ZarrError) -> Placement
  ) throws(ZarrError) -> [OMELevel] {
    guard let datasets = multiscale["datasets"]?.array, !datasets.isEmpty else {
      throw invalid("\"datasets\" is missing or empty")
    }
    var levels: [OMELevel] = []
    for dataset in datasets {
      guard let written = dataset["path"]?.string else { throw invalid("a level has no \"path\"") }
      var placed = try placing(dataset, written)
      for (i, axis) in axes.enumerated() {
        if axis.isMeasured {
          let factor = axis.axis.spaceLane == nil ? 1 : OMEUnits.micrometres(in: axis.unit) ?? 1
          placed.scale[i] *= factor
          placed.translation[i] *= factor
        } else if axis.axis.spaceLane == nil {
          // what is no time by the metadata has no interval either
          (placed.scale[i], placed.translation[i]) = (axis.axis == .t ? 0 : 1, 0)
        }
      }
      let level = OMELevel(
        path: try omeRelativePath(written, in: path), scale: placed.scale, translation: placed.translation,
        hasTranslation: placed.hasTranslation)
      if let finer = levels.last, !isRelated(level, to: finer, axes: axes) { break }
      try check(level, axes: axes, after: levels.last)
      levels.append(level)
    }
    levels[0] = whole(levels[0], axes: axes)
    return levels
  }

  private func check(_ level: OMELevel, axes: [OMEAxis], after finer: OMELevel?) throws(ZarrError) {
    for (i, axis) in axes.enumerated() {
      try checkUnit(axis, translation: level.translation[i])
      guard level.scale[i].isFinite || isGiven(axis, mending.spacing), level.translation[i].isFinite || isGiven(axis, mending.origin)
      else {
        throw invalid("level \"\(level.path)\" has a scale or translation along \(axis.name) that is no finite number")
      }
      switch axis.axis {
      case .c: break
      case .t:
        // writers that do not know the interval put 0
        guard level.scale[i] >= 0 else { throw invalid("the time step of level \"\(level.path)\" is negative") }
      case .z, .y, .x:
        if isGiven(axis, mending.spacing) { break }
        guard level.scale[i] > 0 else {
          throw invalid("the scale of level \"\(level.path)\" along \(axis.name) is \(level.scale[i]), not positive")
        }
        if let finer, level.scale[i] < finer.scale[i] * (1 - 1e-6) {
          throw invalid("level \"\(level.path)\" is finer along \(axis.name) than the level before it")
        }
      }
    }
  }

  // MARK: mending

  private func isGiven(_ axis: OMEAxis, _ axes: [Axis]) -> Bool { axis.axis.spaceLane != nil && axes.contains(axis.axis) }

  /// What is no length along an axis of space must be given.
  private func checkUnit(_ axis: OMEAxis, translation: Double) throws(ZarrError) {
    if axis.isMeasured || axis.axis.spaceLane == nil { return }
    guard mending.spacing.contains(axis.axis) else {
      throw invalid("they do not measure axis \(axis.axis), so that the view's \"spacing\" along it is needed, too")
    }
    guard mending.origin.contains(axis.axis) || translation == 0 else {
      throw invalid(
        "axis \"\(axis.name)\" has the unit \(quoted(axis.unit)), so that its translation \(translation) is no length; the view's "
          + "\"origin\" along it is needed, too")
    }
  }

  /// Whether mended axes of a level tell where it is beside a finer one.
  private func isRelated(_ level: OMELevel, to finer: OMELevel, axes: [OMEAxis]) -> Bool {
    axes.indices.allSatisfy { i in
      let (scale, before) = (level.scale[i], finer.scale[i])
      let isScaled = scale.isFinite && before > 0 && before.isFinite && scale >= before * (1 - 1e-6)
      let isShifted = level.translation[i].isFinite && finer.translation[i].isFinite
      return (isScaled || !isGiven(axes[i], mending.spacing)) && (isShifted || !isGiven(axes[i], mending.origin))
    }
  }

  /// The finest level with numbers in the place of those that will be replaced.
  private func whole(_ level: OMELevel, axes: [OMEAxis]) -> OMELevel {
    OMELevel(
      path: level.path, scale: zip(level.scale, axes).map { $0 > 0 && $0.isFinite || !isGiven($1, mending.spacing) ? $0 : 1 },
      translation: zip(level.translation, axes).map { $0.isFinite || !isGiven($1, mending.origin) ? $0 : 0 },
      hasTranslation: level.hasTranslation)
  }

  private func vector(
    _ json: JSONValue, _ key: String, axes: [OMEAxis], where place: String, mended: [Axis]
  ) throws(ZarrError) -> [Double] {
    if given(json, "path") != nil { throw invalid("the \(key) \(place) is kept in an array, which is not supported") }
    guard let list = json[key]?.array, list.count == axes.count else {
      let given = mending.axes.map { " of the view: \($0.map(\.rawValue).joined(separator: " "))" } ?? ""
      throw invalid("the \(key) \(place) is not a list of \(axes.count) numbers, one for each axis\(given)")
    }
    var numbers: [Double] = []
    for (entry, axis) in zip(list, axes) {
      guard let number = entry.double ?? (isGiven(axis, mended) ? .nan : nil) else {
        throw invalid("the \(key) \(place) has an entry that is no number")
      }
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
