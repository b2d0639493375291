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
    let (shape, metadata) = (file.shape, file.metadata)
    let axes = try OpenedImage.axes(of: file, entry: entry)
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
    if shape.z == 1 {
      plane = SinglePlane(
        isOpen: entry.hasZ == nil, isSaid: metadata.saysZ, spacing: entry.spacing?[.z] ?? metadata.spacing[.z],
        origin: entry.origin?[.z] ?? metadata.origin[.z])
    }
    levels = OpenedImage.overridden([stack], entry: entry).map { stack in
      ViewLevel(
        arrayPath: path, stack: stack, shape: shape, chunk: file.chunk, elementType: file.layout.elementType,
        codecSummary: file.summary, axes: axes, storesChunks: false)
    }
    time = metadata.time
    if metadata.channelNames?.count == shape.c { channelNames = metadata.channelNames }
    if metadata.channelColors?.count == shape.c { channelColors = metadata.channelColors }
    if file.layout.isRGB {
      let layout = file.layout
      if channelNames == nil, shape.c == layout.sampleCount { (channelNames, areNamesImplied) = (layout.sampleNames, true) }
      channelColors = channelColors ?? (0..<metadata.planes.c).flatMap { _ in layout.sampleColors }
    }
    isPlacedByDataset = entry.spacing != nil || entry.origin != nil
    fingerprint = file.fingerprint
    remark = metadata.writtenAxis.map { written in
      "its planes are along \(axes.first { $0 != .y && $0 != .x } ?? .z), as its \"axes\" say, and not along \(written), as its file does"
    }
  }

  /// The axes by the dataset, else by the file: one slice may be called a stack of one, and so on, but nothing that the file
  /// has may go.
  private static func axes(of file: TIFFImageFile, entry: DatasetEntry) throws(ViewsError) -> [Axis] {
    let (own, shape, path) = (file.axes, file.shape, file.path)
    let axes = entry.axes ?? own
    if let missing = own.first(where: { !axes.contains($0) }) {
      throw .viewInvalid(
        view: entry.name, field: "axes",
        reason: "\(axes.map(\.rawValue)), but the file has \(shape[missing]) along \(missing) (\(path))")
    }
    guard entry.hasZ == true, !axes.contains(.z) else { return axes }
    try refuseFrames(shape, axes: own, path: path, view: entry.name)
    return Axis.allCases.filter { $0 == .z || own.contains($0) }
  }

  /// Throws if a place along z is given for planes that the file calls time points: stacks are often labelled so, and are no
  /// series.
  private static func refuseFrames(_ shape: TCZYX, axes: [Axis], path: String, view: String) throws(ViewsError) {
    guard shape.t > 1 else { return }
    func list(_ replaced: (Axis) -> [Axis]) -> String {
      let named = axes.flatMap(replaced)
      return "[" + Axis.allCases.filter(named.contains).map { "\"\($0.rawValue)\"" }.joined(separator: ", ") + "]"
    }
    throw .viewInvalid(
      view: view, field: "axes",
      reason: "the file's \(shape.t) planes are along t (\(path)), while the dataset gives places along z; give the view \"axes\": "
        + "\(list { $0 == .t ? [.z] : [$0] }) in a dataset.json if they are slices, \(list { $0 == .y ? [.z, .y] : [$0] }) if they "
        + "are time points; or correct slices and frames in ImageJ (Image > Properties) and save it again")
  }
}
