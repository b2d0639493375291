import Foundation
import JSON
import Zarr

/// A folder of its own for one test, gone with it.
final class OMETestFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/ome-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a group's metadata, v2 or v3, into the folder `name`.
  func group(_ name: String, format: Int, attributes: String) throws {
    let folder = name.isEmpty ? path : path + "/" + name
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let files =
      format == 2
      ? [".zgroup": #"{"zarr_format": 2}"#, ".zattrs": attributes]
      : ["zarr.json": #"{"zarr_format": 3, "node_type": "group", "attributes": \#(attributes)}"#]
    for (file, text) in files { try text.write(toFile: folder + "/" + file, atomically: true, encoding: .utf8) }
  }
}

/// Attributes of images as JSON text, changed here and there by tests.
enum OMESample {
  static let axes3D = """
    [{"name": "t", "type": "time", "unit": "millisecond"}, {"name": "c", "type": "channel"},
     {"name": "z", "type": "space", "unit": "micrometer"}, {"name": "y", "type": "space", "unit": "micrometer"},
     {"name": "x", "type": "space", "unit": "micrometer"}]
    """
  static let axes2D = """
    [{"name": "y", "type": "space", "unit": "micrometer"}, {"name": "x", "type": "space", "unit": "micrometer"}]
    """

  static func dataset(_ path: String, _ transformations: String) -> String {
    #"{"path": "\#(path)", "coordinateTransformations": [\#(transformations)]}"#
  }

  static func scale(_ numbers: [Double]) -> String { #"{"type": "scale", "scale": \#(numbers)}"# }
  static func translation(_ numbers: [Double]) -> String { #"{"type": "translation", "translation": \#(numbers)}"# }

  /// A multiscale without version, for 0.4 and 0.5.
  static func flat(axes: String, datasets: [String], extra: String = "") -> String {
    #"{"name": "sample", "axes": \#(axes), "datasets": [\#(datasets.joined(separator: ", "))]\#(extra)}"#
  }

  static func v04(_ multiscale: String, extra: String = "") -> String {
    #"{"multiscales": [\#(multiscale)]\#(extra)}"#
  }

  static func v05(_ multiscale: String, version: String = "0.5", extra: String = "") -> String {
    #"{"ome": {"version": "\#(version)", "multiscales": [\#(multiscale)]\#(extra)}}"#
  }

  /// A 2D image of version 0.6 with two levels, `systems` beside the intrinsic one.
  static let v06 = """
    {"ome": {"version": "0.6", "multiscales": [{"name": "sample",
      "coordinateSystems": [
        {"name": "physical", "axes": [{"name": "y", "type": "space", "unit": "nanometer"},
                                      {"name": "x", "type": "space", "unit": "nanometer"}]},
        {"name": "stage", "axes": [{"name": "y", "type": "space", "unit": "micrometer"},
                                   {"name": "x", "type": "space", "unit": "micrometer"}]}],
      "datasets": [
        {"path": "s0", "coordinateTransformations": [
          {"type": "scale", "scale": [500, 250], "input": {"path": "s0"}, "output": {"name": "physical"}}]},
        {"path": "s1", "coordinateTransformations": [
          {"type": "sequence", "input": {"path": "s1"}, "output": {"name": "physical"}, "transformations": [
            {"type": "scale", "scale": [1000, 500]}, {"type": "translation", "translation": [250, 125]}]}]}],
      "coordinateTransformations": [
        {"type": "affine", "affine": [[0.001, 0, 7], [0, 0.001, 9]],
         "input": {"name": "physical"}, "output": {"name": "stage"}}]
    }]}}
    """

  static func image(_ attributes: String, format: Int) throws -> OMEImage {
    try OMEImage(path: "/image", group: GroupAttributes(zarrFormat: format, attributes: JSONValue.parse(attributes)))
  }
}
