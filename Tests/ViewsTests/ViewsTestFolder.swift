import Files
import Foundation
import Views

/// A folder of its own for one test with tiny images in it, gone with the test.
final class ViewsTestFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/views-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ text: String) throws {
    try write(name, Data(text.utf8))
  }

  func write(_ name: String, _ bytes: Data) throws {
    let file = path + "/" + name
    try FileManager.default.createDirectory(atPath: FilePath.folder(of: file), withIntermediateDirectories: true)
    try bytes.write(to: URL(fileURLWithPath: file))
  }

  /// A v2 array without chunks.
  func array(_ name: String, shape: [Int], chunks: [Int]? = nil, type: String = "<u2", fill: String = "0") throws {
    try write(
      name + "/.zarray",
      """
      {"zarr_format": 2, "shape": \(shape), "chunks": \(chunks ?? shape.map { min($0, 8) }), "dtype": "\(type)",
       "fill_value": \(fill), "order": "C", "filters": null, "dimension_separator": "/", "compressor": null}
      """)
  }

  /// An OME-Zarr 0.4 image without chunks.
  ///
  /// - Parameters:
  ///   - axes: one letter each.
  ///   - levels: shape, scale and translation of each.
  func image(
    _ name: String, axes: String = "zyx",
    levels: [(shape: [Int], scale: [Double], translation: [Double])] = [([4, 8, 8], [2, 0.5, 0.5], [0, 0, 0])],
    channels: [String]? = nil, timeUnit: String? = nil, type: String = "<u2"
  ) throws {
    let axisTexts = axes.map { axis in
      switch axis {
      case "t": #"{"name": "t", "type": "time"\#(timeUnit.map { #", "unit": "\#($0)""# } ?? "")}"#
      case "c": #"{"name": "c", "type": "channel"}"#
      default: #"{"name": "\#(axis)", "type": "space", "unit": "micrometer"}"#
      }
    }
    let datasets = levels.enumerated().map { i, level in
      """
      {"path": "\(i)", "coordinateTransformations": [{"type": "scale", "scale": \(level.scale)},
       {"type": "translation", "translation": \(level.translation)}]}
      """
    }
    let labels = channels?.map { #"{"label": "\#($0)"}"# }.joined(separator: ", ")
    let omero = labels.map { #", "omero": {"channels": [\#($0)]}"# }
    try write(name + "/.zgroup", #"{"zarr_format": 2}"#)
    try write(
      name + "/.zattrs",
      """
      {"multiscales": [{"version": "0.4", "axes": [\(axisTexts.joined(separator: ", "))],
       "datasets": [\(datasets.joined(separator: ", "))]}]\(omero ?? "")}
      """)
    for (i, level) in levels.enumerated() { try array("\(name)/\(i)", shape: level.shape, type: type) }
  }

  /// Writes `dataset.json` with these views as JSON text and gives its path.
  @discardableResult
  func dataset(_ views: String...) throws -> String {
    try write("dataset.json", #"{"views": [\#(views.joined(separator: ",\n"))]}"#)
    return path + "/dataset.json"
  }

  func load(_ views: String...) throws -> Dataset {
    try write("dataset.json", #"{"views": [\#(views.joined(separator: ",\n"))]}"#)
    return try Dataset.load(path + "/dataset.json")
  }
}
