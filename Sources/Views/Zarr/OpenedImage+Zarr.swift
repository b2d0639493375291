import Geometry
import Zarr

/// OME-Zarr images, and plain Zarr arrays that the dataset places.
extension OpenedImage {
  init(zarr path: String, entry: DatasetEntry) throws(ViewsError) {
    try OpenedImage.refuseDataset(entry, path: path)
    let file = try ZarrImageFile(path, for: entry)
    if let image = file.image {
      try self.init(file, image: image, entry: entry)
    } else {
      try self.init(plain: file, entry: entry)
    }
  }

  private init(_ file: ZarrImageFile, image: OMEImage, entry: DatasetEntry) throws(ViewsError) {
    let axes = image.axes.map(\.axis)
    try OpenedImage.checkKeys(entry, axes: axes, isComplete: false)
    var own: [StackProperties] = []
    for (level, array) in zip(image.levels, file.arrays) {
      var stack = StackProperties(spacing: .one, origin: .zero, shape: Index3(repeating: 1))
      for (i, axis) in axes.enumerated() {
        guard let lane = axis.spaceLane else { continue }
        (stack.spacing[lane], stack.origin[lane]) = (level.scale[i], level.translation[i])
        stack.shape[lane] = array.shape[i]
      }
      if entry.averagesLevels, !level.hasTranslation, let finest = own.first {
        stack.origin = finest.origin + (stack.spacing - finest.spacing) / 2
      }
      own.append(stack)
    }
    path = file.path
    format = .zarr
    levels = zip(file.arrays, OpenedImage.overridden(own, entry: entry)).map { array, stack in
      ViewLevel(array: array, path: array.path, stack: stack, axes: axes)
    }
    if let t = axes.firstIndex(of: .t), image.levels[0].scale[t] > 0 {
      time = TimeAxis(
        scale: image.levels[0].scale[t], origin: image.levels[0].translation[t], unit: image.timeUnit)
    }
    // names for another number of channels name nothing
    if let channels = image.channels, channels.count == levels[0].shape.c {
      let labels = channels.compactMap(\.label).filter { !$0.isEmpty }
      channelNames = labels.count == channels.count ? labels : nil
      channelColors = channels.map(\.color)
    }
    isPlacedByDataset = entry.spacing != nil || entry.origin != nil
    (fingerprint, mending) = (file.fingerprint, file.mending)
    if image.leavesOutLevels {
      remark = "only its finest level is used, since its metadata do not say where the coarser ones are"
    } else if mending?.axes != nil {
      let written = image.axes.map(\.name).joined(separator: " ")
      let axes = axes.map(\.rawValue).joined(separator: " ")
      if written != axes { remark = "its axes are \(axes), as its \"axes\" say, and not \(written), as its metadata do" }
    }
    // a scene follows them
    if !image.furtherSystems.isEmpty && entry.transforms.isEmpty {
      let systems = image.furtherSystems.map { "\"\($0)\"" }.joined(separator: ", ")
      remark = "its own transformation to \(systems) is not used, only those of its levels; a scene could use it"
    }
  }

  private init(plain file: ZarrImageFile, entry: DatasetEntry) throws(ViewsError) {
    let array = file.arrays[0]
    try self.init(
      unplaced: [UnplacedLevel(array: array, path: array.path)], format: .zarr, kind: "Zarr array", hasUsualAxes: false,
      path: file.path, entry: entry, fingerprint: file.fingerprint)
  }
}

extension ZarrImageFile {
  /// The file of an entry, whose axes, spacing and origin count more than the metadata: those may be wrong in them.
  fileprivate init(_ path: String, for entry: DatasetEntry) throws(ViewsError) {
    let mending = OMEMending(
      axes: entry.axes, spacing: Axis.space.filter { entry.spacing?[$0] != nil }, origin: Axis.space.filter { entry.origin?[$0] != nil })
    do {
      let file = try ZarrImageFile.open(path, view: entry.name, mending: nil)
      let isNamedOtherwise = file.image.map { image in entry.axes.map { $0 != image.axes.map(\.axis) } ?? false } ?? false
      self = isNamedOtherwise ? try ZarrImageFile.open(path, view: entry.name, mending: mending) : file
    } catch {
      guard case .unreadable(_, .metadataInvalid) = error, mending != OMEMending() else { throw error }
      self = try ZarrImageFile.open(path, view: entry.name, mending: mending)
    }
  }
}
