import Geometry
import Zarr

/// One resolution of an image whose file does not say where its voxels are: a plain Zarr, N5 or HDF5 array.
struct UnplacedLevel {
  let array: any ChunkedArray
  /// Absolute: the array, or the file that holds it.
  let path: String
  /// Where in the file it is.
  var dataset: String?
  /// Voxels of the finest level along z, y, x that one voxel of this averages.
  var factor = Vector3(repeating: 1)
}

/// Images that the dataset has to place.
extension OpenedImage {
  /// Levels from the finest to the coarsest. `spacing` and `origin` of the entry are those of the finest; a voxel of a
  /// coarser one is in the middle of those that it averages.
  init(
    unplaced all: [UnplacedLevel], format: ImageFormat, path: String, dataset: String? = nil, entry: DatasetEntry,
    fingerprint: Fingerprint
  ) throws(ViewsError) {
    let rank = all[0].array.shape.count
    guard let axes = entry.axes ?? (format == .zarr ? nil : OpenedImage.usualAxes(rank)) else {
      throw .viewInvalid(
        view: entry.name, field: "axes",
        reason: "\(path) is a plain \(format == .zarr ? "Zarr " : "")array of \(rank) dimensions, for which the view must give "
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

  /// Those of an array that has no other way to say: space only.
  private static func usualAxes(_ rank: Int) -> [Axis]? {
    switch rank {
    case 2: [.y, .x]
    case 3: [.z, .y, .x]
    default: nil
    }
  }
}

extension ViewLevel {
  init(array: any ChunkedArray, path: String, stack: StackProperties, axes: [Axis], dataset: String? = nil) {
    self.init(
      arrayPath: path, stack: stack, shape: TCZYX(array.shape, axes: axes),
      chunk: TCZYX(array.chunkShape, axes: axes), elementType: array.elementType, codecSummary: array.codecSummary,
      axes: axes, dataset: dataset, storesChunks: array.storesChunks)
  }
}
