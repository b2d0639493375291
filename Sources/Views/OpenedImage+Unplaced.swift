import Geometry
import Zarr

/// Images that the dataset has to place.
extension OpenedImage {
  /// Levels from the finest to the coarsest. `spacing` and `origin` of the entry are those of the finest; a voxel of a
  /// coarser one is in the middle of those that it averages.
  ///
  /// - Parameters:
  ///   - kind: what an array of the format is called.
  ///   - hasUsualAxes: whether an array without named axes has y and x, or z, y and x.
  init(
    unplaced all: [UnplacedLevel], format: ImageFormat, kind: String = "array", hasUsualAxes: Bool = true, path: String,
    dataset: String? = nil, entry: DatasetEntry, fingerprint: Fingerprint
  ) throws(ViewsError) {
    let rank = all[0].array.shape.count
    guard let axes = entry.axes ?? (hasUsualAxes ? OpenedImage.usualAxes(rank) : nil) else {
      throw .viewInvalid(
        view: entry.name, field: "axes",
        reason: "\(path) is a plain \(kind) of \(rank) dimensions, for which the view must give "
          + "axes, spacing and origin")
    }
    guard axes.count == rank else {
      throw .viewInvalid(
        view: entry.name, field: "axes", reason: "there are \(axes.count), but the array has \(rank) dimensions")
    }
    try OpenedImage.checkKeys(entry, axes: axes, isComplete: true)
    levels = all.map { level in
      var stack = StackProperties(spacing: .one, origin: .zero, shape: Index3(repeating: 1))
      for (i, axis) in axes.enumerated() {
        guard let lane = axis.spaceLane else { continue }
        let spacing = entry.spacing?[axis] ?? 1
        stack.spacing[lane] = spacing * level.factor[lane]
        stack.origin[lane] = (entry.origin?[axis] ?? 0) + spacing * (level.factor[lane] - 1) / 2
        stack.shape[lane] = level.array.shape[i]
      }
      return ViewLevel(array: level.array, path: level.path, stack: stack, axes: axes, dataset: level.dataset)
    }
    (self.path, self.format, self.dataset, self.fingerprint) = (path, format, dataset, fingerprint)
    isPlacedByDataset = true
  }

  /// The axes of an array that cannot name them: space only.
  private static func usualAxes(_ rank: Int) -> [Axis]? {
    switch rank {
    case 2: [.y, .x]
    case 3: [.z, .y, .x]
    default: nil
    }
  }
}

extension Fingerprint {
  /// The fingerprint of such an image, with the files that it is made of.
  ///
  /// - Parameter areMetadata: see `init(fields:files:path:areMetadata:)`.
  init(unplaced levels: [UnplacedLevel], files: [String], path: String, areMetadata: Bool) {
    let finest = levels[0].array
    var fields = [
      "shape": finest.shape.map(String.init).joined(separator: " "), "type": finest.elementType.rawValue,
      "codec": finest.codecSummary,
    ]
    for (i, level) in levels.enumerated().dropFirst() {
      fields["level \(i)"] = "\(level.array.shape) \(level.array.codecSummary) at \(level.factor)"
    }
    self.init(fields: fields, files: files, path: path, areMetadata: areMetadata)
  }
}

extension ViewLevel {
  init(array: any ChunkedArray, path: String, stack: StackProperties, axes: [Axis], dataset: String? = nil) {
    let array = array.inParts
    self.init(
      arrayPath: path, stack: stack, shape: TCZYX(array.shape, axes: axes),
      chunk: TCZYX(array.chunkShape, axes: axes), elementType: array.elementType, codecSummary: array.codecSummary,
      axes: axes, dataset: dataset, storesChunks: array.storesChunks)
  }
}
