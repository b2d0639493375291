import Geometry
import JSON
import Views
import Zarr

/// The options of a fusion: each is a property, by its name in `OptionTable`.
///
/// They come as one JSON object: the options file with the flags of the command line laid over it. `json` keeps that
/// object as it was understood, so that the job can be made again from its record.
@dynamicMemberLookup
package struct JobOptions: Sendable {
  package enum Planewise: String, CaseIterable, Sendable { case auto, `true`, `false` }
  package enum Rounding: String, CaseIterable, Sendable { case nearest, truncate }
  package enum MissingViews: String, CaseIterable, Sendable { case fail, skip }
  package enum Blending: String, CaseIterable, Sendable { case reference, product }
  package enum Like: String, CaseIterable, Sendable { case bigstitcher }

  /// What was given, canonical.
  package let json: JSONValue
  /// Options that are given and that another one puts out of force.
  package private(set) var ignoredKeys: [String] = []
  /// Options of the output's place that name z, which 2D images do not have.
  package private(set) var keysAlongZ: [String] = []
  /// The values of the options that are given, by their keys.
  private var given: [String: any Sendable] = [:]

  package init(_ json: JSONValue) throws(JobError) {
    self.json = json
    try read(json, in: "")
    let rows = OptionTable.rows
    if let stack = self.outputStackProperties {
      (given[rows.outputSpacing.key], given[rows.outputOrigin.key]) = (stack.spacing, stack.origin)
      given[rows.outputShape.key] = stack.shape
      keysAlongZ = stack.keysAlongZ
    }
    if self.outputMask && self.outputType == nil { given[rows.outputType.key] = ElementType.uint8 }
    if self.shards != nil && self.ngffVersion == .v04 {
      throw .invalid(
        what: "shards need Zarr v3, and ngff_version is 0.4", hint: "add \"ngff_version\": \"0.5\" to zarr_options")
    }
  }

  package subscript<Value>(dynamicMember option: KeyPath<OptionTable, OptionRow<Value>>) -> Value {
    let row = OptionTable.rows[keyPath: option]
    guard let value = given[row.key] else { return row.defaultValue }
    return value as? Value ?? row.defaultValue
  }

  /// Reads the options within a map, and those within its maps.
  private mutating func read(_ value: JSONValue, in parent: String) throws(JobError) {
    let rows = OptionTable.options(in: parent)
    let map = try OptionMap(value, path: parent, known: rows.map(\.name))
    for row in rows {
      guard let value = map.values[row.name] else { continue }
      if let other = row.otherNameOf, map.value(row.name) != nil, map.value(other) != nil {
        throw .invalid(what: "\(other) and \(row.name) are the same option; give one", hint: "")
      }
      if let other = row.replacedBy, map.value(other) != nil {
        if !value.isNull { ignoredKeys.append(row.key) }
      } else if row is OptionMapRow {
        if !value.isNull { try read(value, in: row.key) }
      } else if let value = try row.value(in: map) {
        given[row.otherNameOf ?? row.key] = value
      }
    }
    if parent.isEmpty { keysAlongZ = map.namingZ([OptionTable.rows.outputOrigin.key, OptionTable.rows.outputShape.key]) }
  }

  /// What was given, as far as it makes a difference to a job, whatever was in the place of its output: without what is null or
  /// the default, and with one form of each number. For people: what is planned of options says whether they mean the same.
  package var meaning: JSONValue { Self.meaning(json.withPlainNumbers, in: "") }

  private static func meaning(_ json: JSONValue, in parent: String) -> JSONValue {
    guard var map = json.object else { return json }
    for row in OptionTable.options(in: parent) {
      guard let value = map[row.name] else { continue }
      let inner = row is OptionMapRow ? meaning(value, in: row.key) : value
      let isDefault = (inner.string ?? inner.text) == row.defaultText || inner.object?.isEmpty == true
      map[row.name] = inner.isNull || isDefault || row.key == OptionTable.rows.overwrite.key ? nil : inner
    }
    return .object(map)
  }

  /// The same with another chunk of the output.
  package func choosing(chunk: [Axis: Int]) throws(JobError) -> JobOptions {
    guard var map = json.object else { return self }
    map[OptionTable.rows.outputChunk.key] = .object(Dictionary(uniqueKeysWithValues: chunk.map { ($0.rawValue, JSONValue($1)) }))
    return try JobOptions(.object(map))
  }

  /// What of a dataset is to be opened, and what its voxels count as.
  package var loading: Dataset.LoadOptions {
    Dataset.LoadOptions(
      choice: ViewChoice(
        names: self.viewNames, timePoints: self.timePoints, channels: self.channels, skipsMissing: self.missingViews == .skip),
      intensities: IntensityChoice(
        nodata: self.nodata, appliesAdjustments: self.intensityAdjustments, coefficients: self.intensityCoefficients))
  }

  /// What was given for some axes, and the reference's for the others.
  package var blendingWidths: [Axis: Double] { self.givenBlendingWidths.merging(OptionTable.widths) { given, _ in given } }

  /// Whether a part of the world was asked for, which may leave views out on purpose.
  var asksForRegion: Bool {
    self.boundingBox != nil || !self.outputOrigin.isEmpty || !self.outputShape.isEmpty
  }
}
