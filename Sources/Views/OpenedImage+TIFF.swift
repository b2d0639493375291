import Geometry
import Zarr

/// TIFF files: spacing and origin are those that the file gives, as far as the dataset gives none; else 1 and 0.
extension OpenedImage {
  init(tiff path: String, entry: DatasetEntry) throws(ViewsError) {
    if let dataset = entry.dataset {
      throw .viewInvalid(
        view: entry.name, field: "dataset", reason: "\(path) is a TIFF file; there is no image \"\(dataset)\" to choose in it")
    }
    let file: TIFFImageFile
    do {
      file = try TIFFImageFile.open(path, axes: entry.axes)
    } catch {
      throw ViewsError(error, view: entry.name)
    }
    let (own, shape, metadata) = (file.axes, file.shape, file.metadata)
    // one slice may be called a stack of one, and so on; nothing that the file has may go
    let axes = entry.axes ?? own
    if let missing = own.first(where: { !axes.contains($0) }) {
      throw .viewInvalid(
        view: entry.name, field: "axes",
        reason: "\(axes.map(\.rawValue)), but the file has \(shape[missing]) along \(missing) (\(path))")
    }
    try OpenedImage.checkKeys(entry, axes: axes, isComplete: false)
    if let problem = metadata.placementProblem, axes.contains(where: { $0.spaceLane != nil && entry.spacing?[$0] == nil }) {
      throw ViewsError(problem, view: entry.name)
    }
    if let problem = metadata.originProblem, axes.contains(where: { $0.spaceLane != nil && entry.origin?[$0] == nil }) {
      throw ViewsError(problem, view: entry.name)
    }
    var stack = StackProperties(spacing: .one, origin: .zero, shape: shape.zyx)
    for (lane, axis) in Axis.space.enumerated() where axes.contains(axis) {
      stack.spacing[lane] = metadata.spacing[axis] ?? 1
      stack.origin[lane] = metadata.origin[axis] ?? 0
    }
    self.path = path
    format = .tiff
    levels = OpenedImage.overridden([stack], entry: entry).map { stack in
      ViewLevel(
        arrayPath: path, stack: stack, shape: shape, chunk: file.chunk, elementType: file.layout.elementType,
        codecSummary: file.summary, axes: axes, storesChunks: false)
    }
    time = metadata.time
    if metadata.channelNames?.count == shape.c { channelNames = metadata.channelNames }
    if metadata.channelColors?.count == shape.c { channelColors = metadata.channelColors }
    isPlacedByDataset = entry.spacing != nil || entry.origin != nil
    fingerprint = file.fingerprint
    remark = metadata.writtenAxis.map { written in
      "its planes are along \(axes.first { $0 != .y && $0 != .x } ?? .z), as its \"axes\" say, and not along \(written), as its file does"
    }
  }
}
