import Geometry
import JSON
import Views
import Zarr

/// All options of a fusion, under the names of the reference's `fuse()`.
///
/// They come as one JSON object: the options file with the flags of the command line laid over it. `json` keeps that
/// object as it was understood, so that the job can be made again from its record.
public struct JobOptions: Sendable {
  public enum Planewise: String, CaseIterable, Sendable { case auto, `true`, `false` }
  public enum Rounding: String, CaseIterable, Sendable { case nearest, truncate }
  public enum MissingViews: String, CaseIterable, Sendable { case fail, skip }

  public var transformKey: String?
  public var fusionFunction = "weighted_average_fusion"
  public var fusionArguments: [String: JSONValue] = [:]
  public var weightsFunction: String?
  public var weightsArguments: [String: JSONValue] = [:]
  public var outputSpacing: [Axis: Double] = [:]
  public var outputStackMode = OutputStackMode.union
  public var outputOrigin: [Axis: Double] = [:]
  public var outputShape: [Axis: Int] = [:]
  /// Of the output's place, those that name z, which 2D images do not have.
  public var keysAlongZ: [String] = []
  /// Those that `output_stack_properties` puts out of force.
  public var ignoredKeys: [String] = []
  /// One of the dataset's, in place of the stack mode.
  public var boundingBox: String?
  /// In place of what the dataset says.
  public var worldUnit: WorldUnit?
  public var outputChunk: [Axis: Int]?
  public var overlap: [Axis: Int] = [:]
  public var interpolationOrder = 1
  public var planewise = Planewise.auto
  public var blendingWidths: [Axis: Double] = [:]
  public var rounding = Rounding.nearest
  public var isOMEZarr = true
  public var ngffVersion = OMEWriter.Version.v04
  public var overwrite = false
  public var compressor = Compressor.zstd(level: 3)
  public var shards: [Axis: Int]?
  /// Blocks a worker takes at a time; nil: chosen by the program.
  public var batchCount: Int?
  public var batchFunction: String?
  public var batchArguments: [String: JSONValue] = [:]
  public var viewNames: [String]?
  public var timePoints: [Int]?
  public var channels: [String]?
  public var missingViews = MissingViews.fail
  public var outputType: ElementType?
  public var intensityRange: ClosedRange<Double>?
  public var outputMask = false
  /// What was given, canonical.
  public let json: JSONValue

  public static let keys = [
    "transform_key", "fusion_func", "fusion_func_kwargs", "fusion_method_kwargs", "weights_func", "weights_func_kwargs",
    "output_spacing", "output_stack_mode", "output_origin", "output_shape", "output_stack_properties",
    "bounding_box", "output_chunksize", "overlap_in_pixels", "interpolation_order", "planewise", "blending_widths", "rounding",
    "zarr_options", "batch_options", "views", "timepoints", "channels", "missing_views", "output_dtype",
    "intensity_range", "output_mask", "world_unit",
  ]
  static let zarrKeys = ["ome_zarr", "ngff_version", "overwrite", "zarr_array_creation_kwargs"]
  static let arrayKeys = ["compressor", "shards"]
  static let batchKeys = ["n_batch", "batch_func", "batch_func_kwargs"]

  public init(_ json: JSONValue) throws(JobError) {
    self.json = json
    let map = try OptionMap(json, known: Self.keys)
    try readFusion(map)
    try readOutput(map)
    if let value = map.value("zarr_options") {
      try readZarr(OptionMap(value, path: "zarr_options", known: Self.zarrKeys))
    }
    if let value = map.value("batch_options") {
      let batch = try OptionMap(value, path: "batch_options", known: Self.batchKeys)
      batchCount = try batch.integer("n_batch", in: 1...1_000_000)
      batchFunction = try batch.string("batch_func")
      batchArguments = try Self.arguments(batch, "batch_func_kwargs")
    }
    if outputMask && outputType == nil { outputType = .uint8 }
    if shards != nil && ngffVersion == .v04 {
      throw .invalid(
        what: "shards need Zarr v3, and ngff_version is 0.4", hint: "add \"ngff_version\": \"0.5\" to zarr_options")
    }
  }

  private mutating func readFusion(_ map: OptionMap) throws(JobError) {
    transformKey = try map.string("transform_key")
    fusionFunction = try map.string("fusion_func") ?? fusionFunction
    if map.value("fusion_func_kwargs") != nil && map.value("fusion_method_kwargs") != nil {
      throw .invalid(what: "fusion_func_kwargs and fusion_method_kwargs are the same option; give one", hint: "")
    }
    fusionArguments = try Self.arguments(
      map, map.value("fusion_func_kwargs") != nil ? "fusion_func_kwargs" : "fusion_method_kwargs")
    weightsFunction = try map.string("weights_func")
    weightsArguments = try Self.arguments(map, "weights_func_kwargs")
    interpolationOrder = try map.integer("interpolation_order", in: 0...1) ?? 1
    blendingWidths =
      try map.axes("blending_widths", scalar: true, "a length, in world units; 0 for none") { $0 >= 0 } ?? [:]
    overlap = try map.counts("overlap_in_pixels", minimum: 0) ?? [:]
    rounding = try map.choice("rounding", Rounding.self) ?? .nearest
    if let value = map.value("planewise") {
      if let bool = value.bool {
        planewise = bool ? .true : .false
      } else {
        planewise = try map.choice("planewise", Planewise.self) ?? .auto
      }
    }
  }

  private mutating func readOutput(_ map: OptionMap) throws(JobError) {
    var source = map
    if let value = map.value("output_stack_properties") {
      // the other output_* are then ignored, as in the reference
      source = try OptionMap(value, path: "output_stack_properties", known: ["spacing", "origin", "shape"])
      for key in ["spacing", "origin", "shape"] where source.value(key) == nil { throw source.wrong(key, "a map") }
      outputSpacing = try source.axes("spacing", scalar: false, "a length above 0") { $0 > 0 } ?? [:]
      outputOrigin = try source.axes("origin", scalar: false, "a position") { _ in true } ?? [:]
      outputShape = try source.counts("shape", minimum: 1) ?? [:]
      keysAlongZ = source.namingZ(["origin", "shape"])
      ignoredKeys = ["output_spacing", "output_stack_mode", "bounding_box", "output_origin", "output_shape"]
        .filter { map.value($0) != nil }
    } else {
      outputSpacing = try map.axes("output_spacing", scalar: true, "a length above 0") { $0 > 0 } ?? [:]
      outputStackMode = try map.choice("output_stack_mode", OutputStackMode.self) ?? .union
      boundingBox = try map.string("bounding_box")
      outputOrigin = try map.axes("output_origin", scalar: false, "a position") { _ in true } ?? [:]
      outputShape = try map.counts("output_shape", minimum: 1) ?? [:]
      keysAlongZ = map.namingZ(["output_origin", "output_shape"])
    }
    if let value = map.value("world_unit") {
      guard let unit = value.string.flatMap({ WorldUnit(length: $0) }) else {
        throw map.wrong("world_unit", "a length above 0 with its unit, such as 0.25um")
      }
      worldUnit = unit
    }
    outputChunk = try map.counts("output_chunksize", minimum: 1)
    outputType = try map.choice("output_dtype", ElementType.self)
    outputMask = try map.bool("output_mask") ?? false
    if let value = map.value("intensity_range") {
      guard let pair = value.array, pair.count == 2, let low = pair[0].double, let high = pair[1].double, low < high,
        low.isFinite, high.isFinite
      else { throw map.wrong("intensity_range", "[MIN, MAX] with MIN below MAX") }
      intensityRange = low...high
    }
    viewNames = try Self.names(map, "views")
    channels = try Self.names(map, "channels")
    missingViews = try map.choice("missing_views", MissingViews.self) ?? .fail
    timePoints = try Self.names(map, "timepoints")?.map { (name) throws(JobError) in
      guard let index = Int(name), index >= 0 else { throw map.wrong("timepoints", "indices from 0") }
      return index
    }
  }

  /// What of a dataset is to be opened.
  public var viewChoice: ViewChoice {
    ViewChoice(names: viewNames, timePoints: timePoints, channels: channels, skipsMissing: missingViews == .skip)
  }

  /// Whether a part of the world was asked for, which may leave views out on purpose.
  var asksForRegion: Bool { boundingBox != nil || !outputOrigin.isEmpty || !outputShape.isEmpty }

  private mutating func readZarr(_ map: OptionMap) throws(JobError) {
    isOMEZarr = try map.bool("ome_zarr") ?? true
    ngffVersion = try map.choice("ngff_version", OMEWriter.Version.self) ?? .v04
    overwrite = try map.bool("overwrite") ?? false
    guard let value = map.value("zarr_array_creation_kwargs") else { return }
    let array = try OptionMap(value, path: "zarr_options.zarr_array_creation_kwargs", known: Self.arrayKeys)
    if let value = array.values["compressor"] {
      do {
        compressor = try Compressor.parse(value)
      } catch {
        throw .invalid(what: "option \"zarr_array_creation_kwargs.compressor\": \(error)", hint: error.hint)
      }
    }
    if let list = array.value("shards")?.array {
      // as zarr-python takes it: one length for each axis of the array, t and c included
      let lengths = list.compactMap(\.wholeNumber)
      guard lengths.count == list.count, (2...5).contains(list.count), lengths.allSatisfy({ $0 >= 1 }) else {
        throw array.wrong("shards", "a whole number for each axis")
      }
      guard lengths.dropLast(min(3, lengths.count)).allSatisfy({ $0 == 1 }) else {
        throw array.wrong("shards", "1 along t and c: a shard is one block, of one t and one c")
      }
      shards = Dictionary(uniqueKeysWithValues: zip(Axis.space.reversed(), lengths.reversed()))
    } else {
      shards = try array.counts("shards", minimum: 1)
    }
  }

  private static func arguments(_ map: OptionMap, _ key: String) throws(JobError) -> [String: JSONValue] {
    guard let value = map.value(key) else { return [:] }
    guard let object = value.object else { throw map.wrong(key, "a map of arguments") }
    return object
  }

  private static func names(_ map: OptionMap, _ key: String) throws(JobError) -> [String]? {
    guard let value = map.value(key) else { return nil }
    let list = value.array ?? [value]
    var names: [String] = []
    for entry in list {
      if let name = entry.string {
        names.append(name)
      } else if let index = entry.wholeNumber {
        names.append(String(index))
      } else {
        throw map.wrong(key, "a list of names or indices")
      }
    }
    guard !names.isEmpty else { throw map.wrong(key, "at least one") }
    return names
  }
}
