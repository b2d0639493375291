import ArgumentParser
import Foundation
import Geometry
import Jobs
import JSON
import Zarr

/// The options of a fusion as flags: each key of options.json, with dashes. A flag wins over the file.
///
/// Maps are written `z=2,y=0.5,x=0.5`, or as JSON.
struct FusionFlags: ParsableArguments {
  @Option(help: ArgumentHelp("Options as JSON; a flag wins over the file.", valueName: "file"), completion: .file(extensions: ["json"]), transform: localPath)
  var options: String?

  @Option(help: "Which of the views' transforms places them. Default: the only one.")
  var transformKey: String?

  @Option(
    help:
      "weighted_average_fusion, simple_average_fusion, max_fusion, first_view_wins, last_view_wins, closest_view_wins.",
    completion: .fusionFunctions)
  var fusionFunc: String?

  @Option(help: ArgumentHelp("Arguments of the fusion function.", valueName: "map"))
  var fusionFuncKwargs: String?

  @Option(help: ArgumentHelp("The same, by its other name.", valueName: "map"))
  var fusionMethodKwargs: String?

  @Option(help: "null or content_based.", completion: .weightsFunctions)
  var weightsFunc: String?

  @Option(help: ArgumentHelp("Such as sigma_1=5,sigma_2=11.", valueName: "map"))
  var weightsFuncKwargs: String?

  @Option(help: ArgumentHelp("Length of one of the dataset's world units, such as 0.25um. Default: what a BigStitcher XML shows, else one micrometre.", valueName: "length"))
  var worldUnit: String?

  @Option(help: ArgumentHelp("Voxel size of level 0 in world units, such as z=2,y=0.5,x=0.5. Default: the first view's.", valueName: "map"))
  var outputSpacing: String?

  @Option(help: "union, intersection or sample.", completion: .names(OutputStackMode.self))
  var outputStackMode: String?

  @Option(help: ArgumentHelp("Fuse a region that the dataset has a name for (a BigStitcher bounding box is in the XML's world units), in place of the stack mode.", valueName: "name"))
  var boundingBox: String?

  @Option(help: ArgumentHelp("Position of voxel 0 in world units, such as z=0,y=10,x=-4.", valueName: "map"))
  var outputOrigin: String?

  @Option(help: ArgumentHelp("Voxels along each axis, such as z=100,y=2000,x=2000.", valueName: "map"))
  var outputShape: String?

  @Option(help: ArgumentHelp("spacing, origin (in world units) and shape at once, as JSON.", valueName: "json"))
  var outputStackProperties: String?

  @Option(help: ArgumentHelp("Chunk of the output: one number, or z=…,y=…,x=…. Default: the first view's, where its file has chunks, else 256, in 2D 2048.", valueName: "n or map"))
  var outputChunksize: String?

  @Option(help: ArgumentHelp("Voxels computed around each block.", valueName: "n or map"))
  var overlapInPixels: String?

  @Option(help: "0 nearest, 1 linear.", completion: .list(["0", "1"]))
  var interpolationOrder: String?

  @Option(help: "auto, true or false: blend each z plane for itself.", completion: .names(JobOptions.Planewise.self))
  var planewise: String?

  @Option(help: ArgumentHelp("Widths of the views' soft borders in world units; 0 for none. Default: z=3,y=10,x=10.", valueName: "map"))
  var blendingWidths: String?

  @Option(help: "nearest or truncate, for integer outputs.", completion: .names(JobOptions.Rounding.self))
  var rounding: String?

  @Option(help: ArgumentHelp("ome_zarr, ngff_version, overwrite, zarr_array_creation_kwargs.", valueName: "map"))
  var zarrOptions: String?

  @Option(help: "0.4 (Zarr v2) or 0.5 (Zarr v3).", completion: .list(["0.4", "0.5"]))
  var ngffVersion: String?

  @Option(help: "true, or false for a plain array without a pyramid.", completion: .list(["true", "false"]))
  var omeZarr: String?

  @Flag(help: "Replace an output that exists.")
  var overwrite = false

  @Option(help: ArgumentHelp("Such as zstd, null, or {\"id\": \"zstd\", \"level\": 3}.", valueName: "json"), completion: .list(["zstd", "blosc", "gzip", "null"]))
  var compressor: String?

  @Option(help: ArgumentHelp("Voxels of a file, along each axis, as multiples of the chunk (0.5 only).", valueName: "n or map"))
  var shards: String?

  @Option(help: ArgumentHelp("n_batch, batch_func, batch_func_kwargs.", valueName: "map"))
  var batchOptions: String?

  @Option(help: ArgumentHelp("Fuse only these views (names, with commas).", valueName: "names"))
  var views: String?

  @Option(help: ArgumentHelp("Fuse only these time points (from 0, with commas).", valueName: "indices"))
  var timepoints: String?

  @Option(help: ArgumentHelp("Fuse only these channels (names or indices, with commas).", valueName: "names"))
  var channels: String?

  @Option(help: "fail, or skip: go on without images that are not there or cannot be opened.", completion: .names(JobOptions.MissingViews.self))
  var missingViews: String?

  @Option(help: ArgumentHelp("Element type of the output. Default: the first view's.", valueName: "type"), completion: .names(ElementType.self))
  var outputDtype: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Rescale MIN,MAX to the whole range of an integer output.", valueName: "min,max"))
  var intensityRange: String?

  @Flag(help: "Write how many views have a value, instead of voxels.")
  var outputMask = false

  /// The file with the flags laid over it.
  func resolve() throws -> (options: JobOptions, file: (path: String, content: JSONValue)?) {
    var merged: [String: JSONValue] = [:]
    var file: (path: String, content: JSONValue)?
    if let path = options {
      let content = try readOptions(path)
      guard let object = content.object else {
        throw JobError.invalid(what: "\(path) is not a map of options", hint: "")
      }
      merged = object
      file = (path, content)
    }
    for (key, text) in texts {
      if let text { merged[key] = Self.words.contains(key) && text != "null" ? .string(text) : try flagValue(text, key: key) }
    }
    for (key, text) in lists {
      if let text { merged[key] = .array(text.split(separator: ",").map { .string($0.trimmingCharacters(in: .whitespaces)) }) }
    }
    if let intensityRange {
      merged["intensity_range"] = .array(try intensityRange.split(separator: ",").map { try flagValue(String($0), key: "intensity_range") })
    }
    if outputMask { merged["output_mask"] = .bool(true) }
    try layZarrFlags(over: &merged)
    // two names of one option: the flag wins whichever the file used
    if fusionMethodKwargs != nil && fusionFuncKwargs == nil { merged["fusion_func_kwargs"] = nil }
    if fusionFuncKwargs != nil && fusionMethodKwargs == nil { merged["fusion_method_kwargs"] = nil }
    return (try JobOptions(.object(merged)), file)
  }

  private var texts: [(String, String?)] {
    [
      ("transform_key", transformKey), ("fusion_func", fusionFunc), ("fusion_func_kwargs", fusionFuncKwargs),
      ("fusion_method_kwargs", fusionMethodKwargs), ("weights_func", weightsFunc),
      ("weights_func_kwargs", weightsFuncKwargs), ("output_spacing", outputSpacing),
      ("output_stack_mode", outputStackMode), ("output_origin", outputOrigin), ("output_shape", outputShape),
      ("output_stack_properties", outputStackProperties), ("bounding_box", boundingBox), ("world_unit", worldUnit),
      ("output_chunksize", outputChunksize),
      ("overlap_in_pixels", overlapInPixels), ("interpolation_order", interpolationOrder), ("planewise", planewise),
      ("blending_widths", blendingWidths), ("rounding", rounding), ("output_dtype", outputDtype),
      ("missing_views", missingViews), ("batch_options", batchOptions),
    ]
  }

  /// Options that are names, whatever they look like.
  private static let words: Set = [
    "transform_key", "fusion_func", "weights_func", "output_stack_mode", "bounding_box", "rounding", "world_unit",
    "output_dtype", "missing_views",
  ]

  private var lists: [(String, String?)] { [("views", views), ("timepoints", timepoints), ("channels", channels)] }

  private func layZarrFlags(over merged: inout [String: JSONValue]) throws {
    var zarr = try map(merged["zarr_options"], "zarr_options")
    let before = zarr
    if let zarrOptions {
      guard let given = try flagValue(zarrOptions, key: "zarr_options").object else {
        throw JobError.invalid(what: "--zarr-options must be a map", hint: "such as ngff_version=0.5,overwrite=true")
      }
      // a map within a map as well: what the flag does not name stays
      zarr.merge(given) { old, new in
        guard let old = old.object, let new = new.object else { return new }
        return .object(old.merging(new) { $1 })
      }
    }
    // 0.4 and 0.5 are names, not numbers
    if let version = zarr["ngff_version"]?.double { zarr["ngff_version"] = .string("\(version)") }
    if let ngffVersion { zarr["ngff_version"] = .string(ngffVersion) }
    if let omeZarr { zarr["ome_zarr"] = try flagValue(omeZarr, key: "ome_zarr") }
    if overwrite { zarr["overwrite"] = .bool(true) }
    var array = try map(zarr["zarr_array_creation_kwargs"], "zarr_options.zarr_array_creation_kwargs")
    if let compressor {
      let value = try flagValue(compressor, key: "compressor")
      array["compressor"] = value.string.map { .object(["id": .string($0)]) } ?? value
    }
    if let shards { array["shards"] = try flagValue(shards, key: "shards") }
    if !array.isEmpty { zarr["zarr_array_creation_kwargs"] = .object(array) }
    if zarr != before || merged["zarr_options"] != nil { merged["zarr_options"] = .object(zarr) }
  }
}

/// The map that an option is, empty where it is not given.
private func map(_ value: JSONValue?, _ name: String) throws -> [String: JSONValue] {
  guard let value, value != .null else { return [:] }
  guard let map = value.object else {
    throw JobError.invalid(what: "option \"\(name)\" must be a map, not \(value.text)", hint: "")
  }
  return map
}

private func readOptions(_ path: String) throws -> JSONValue {
  guard let data = FileManager.default.contents(atPath: path) else {
    throw JobError.invalid(what: "cannot read the options file \(path)", hint: "check the path")
  }
  do {
    return try JSONValue.parse(data)
  } catch {
    throw JobError.invalid(what: "\(path): \(error)", hint: "the options file must be JSON")
  }
}

/// A flag's text as JSON: a JSON document, a map `z=2,y=0.5`, or a plain word or number.
func flagValue(_ text: String, key: String) throws -> JSONValue {
  let trimmed = text.trimmingCharacters(in: .whitespaces)
  if trimmed.hasPrefix("{") || trimmed.hasPrefix("[") {
    do {
      return try JSONValue.parse(Data(trimmed.utf8))
    } catch {
      throw JobError.invalid(what: "option \"\(key)\": \(error)", hint: "check the quotes and brackets")
    }
  }
  guard trimmed.contains("=") else { return scalar(trimmed) }
  var map: [String: JSONValue] = [:]
  for pair in trimmed.split(separator: ",") {
    let parts = pair.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
    guard parts.count == 2, !parts[0].isEmpty else {
      throw JobError.invalid(what: "option \"\(key)\": \"\(pair)\" is not NAME=VALUE", hint: "write maps as z=2,y=0.5,x=0.5")
    }
    guard map.updateValue(scalar(parts[1]), forKey: parts[0]) == nil else {
      throw JobError.invalid(what: "option \"\(key)\" names \(parts[0]) twice", hint: "")
    }
  }
  return .object(map)
}

private func scalar(_ text: String) -> JSONValue {
  // numbers, true, false and null are JSON; whatever is not is a word
  if let value = try? JSONValue.parse(Data(text.utf8)) { return value }
  return .string(text)
}
