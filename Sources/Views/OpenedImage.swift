import Files
import Geometry
import Store
import Zarr

/// An image as a dataset places it, not yet matched with the others: made of an entry by the reader of its format.
struct OpenedImage: Sendable {
  /// The time axis of metadata that say when its points are.
  struct TimeAxis: Sendable, Hashable {
    var scale: Double
    var origin: Double
    var unit: String?

    func value(_ t: Int) -> Double { origin + Double(t) * scale }
    func values(count: Int) -> [Double] { (0..<count).map(value) }
  }

  /// An absolute path.
  var path: String
  var format: ImageFormat
  var levels: [ViewLevel]
  var time: TimeAxis?
  /// A name for each channel, all different from "".
  var channelNames: [String]?
  /// Whether the names come from what kind of image it is, and so match no other view's.
  var areNamesImplied = false
  var channelColors: [String?]?
  var isPlacedByDataset: Bool
  var fingerprint: Fingerprint

  /// The image of a file that holds several.
  var dataset: String?
  /// The place of its one plane along z; nil for images of several, and if the image's own axes leave nothing open.
  var plane: SinglePlane?
  /// Parts of the metadata that the entry gives, since they could not be used by themselves.
  var mending: OMEMending?
  /// A note on what is not understood as its file says it.
  var remark: String?

  var axes: [Axis] { levels[0].axes }
  var is3D: Bool { axes.contains(.z) }
}

extension OpenedImage {
  /// Lists are made of time points and channels, and voxels are counted: absurd lengths end here.
  func checkSize(view: String) throws(ViewsError) {
    for level in levels {
      let lengths = "\(level.shape.array) along t c z y x (\(level.arrayPath))"
      if level.shape.array.contains(where: { $0 < 1 }) {
        throw .imageInvalid(view: view, field: "shape", reason: "the array has no voxels: \(lengths)")
      }
      if level.shape.checkedProduct == nil || max(level.shape.t, level.shape.c) > OpenedImage.maximumSeriesLength {
        throw .imageInvalid(view: view, field: "shape", reason: "the array is absurdly large: \(lengths)")
      }
    }
  }

  /// Refuses the name of an image in a file, for images that are found by their path alone.
  static func refuseDataset(_ entry: DatasetEntry, path: String) throws(ViewsError) {
    guard let dataset = entry.dataset else { return }
    guard Place(path).isFolder else {
      throw .formatUnknown(
        view: entry.name, path: path,
        reason: "it is to have the image \"\(dataset)\", but does not begin as an HDF5 file does: it is damaged, or another file")
    }
    throw .viewInvalid(
      view: entry.name, field: "dataset",
      reason: "\(path) is a folder and no HDF5 file; give the path of the image itself instead of \"\(dataset)\"")
  }

  /// The largest number of time points, or of channels.
  static let maximumSeriesLength = 1_000_000

  /// `spacing` and `origin` name axes that the image has; all of them if it has no own.
  static func checkKeys(_ entry: DatasetEntry, axes: [Axis], isComplete: Bool) throws(ViewsError) {
    for (field, map) in [("spacing", entry.spacing), ("origin", entry.origin)] {
      if let extra = map?.keys.first(where: { !axes.contains($0) }) {
        throw .viewInvalid(view: entry.name, field: field, reason: "the image has no axis \(extra)")
      }
      if isComplete, let missing = axes.first(where: { $0.spaceLane != nil && map?[$0] == nil }) {
        throw .viewInvalid(
          view: entry.name, field: field,
          reason: "a plain array needs one along \(missing): {\"\(missing)\": …}")
      }
    }
  }

  /// The levels with the spacing and origin that the dataset gives the finest one, carried over to the others.
  static func overridden(_ own: [StackProperties], entry: DatasetEntry) -> [StackProperties] {
    if entry.spacing == nil && entry.origin == nil { return own }
    let finest = own[0]
    return own.map { level in
      var level = level
      for (lane, axis) in Axis.space.enumerated() {
        let spacing = entry.spacing?[axis] ?? finest.spacing[lane]
        let origin = entry.origin?[axis] ?? finest.origin[lane]
        let ratio = spacing / finest.spacing[lane]
        level.origin[lane] = origin + (level.origin[lane] - finest.origin[lane]) * ratio
        level.spacing[lane] = level.spacing[lane] == finest.spacing[lane] ? spacing : level.spacing[lane] * ratio
      }
      return level
    }
  }
}
