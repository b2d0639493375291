import Geometry
import Zarr

/// An image as a dataset places it, not yet matched with the others: what each format's reader makes of an entry.
struct OpenedImage: Sendable {
  /// The time axis, where the metadata say when its points are.
  struct TimeAxis: Sendable, Hashable {
    var scale: Double
    var origin: Double
    var unit: String?

    func value(_ t: Int) -> Double { origin + Double(t) * scale }
    func values(count: Int) -> [Double] { (0..<count).map(value) }
  }

  /// Absolute.
  var path: String
  var format: ImageFormat
  var levels: [ViewLevel]
  var time: TimeAxis?
  /// One for each channel, all different from "".
  var channelNames: [String]?
  var channelColors: [String?]?
  var isPlacedByDataset: Bool
  var fingerprint: Fingerprint

  var axes: [Axis] { levels[0].axes }
  var is3D: Bool { axes.contains(.z) }
}

extension OpenedImage {
  /// Opens the image of an entry; relative paths start from `folder`.
  static func open(_ entry: DatasetEntry, in folder: String) throws(ViewsError) -> OpenedImage {
    let path = FilePath.absolute(entry.path, in: folder)
    let file = try ZarrImageFile.open(path, view: entry.name)
    let opened =
      if let image = file.image {
        try OpenedImage(file, image: image, entry: entry)
      } else {
        try OpenedImage(plain: file, entry: entry)
      }
    try opened.checkSize(view: entry.name)
    return opened
  }

  /// Lists are made of time points and channels, and voxels are counted: absurd lengths end here.
  private func checkSize(view: String) throws(ViewsError) {
    for level in levels {
      let lengths = "\(level.shape.array) along t c z y x (\(level.arrayPath))"
      if level.shape.array.contains(where: { $0 < 1 }) {
        throw .viewInvalid(view: view, field: "shape", reason: "the array has no voxels: \(lengths)")
      }
      if level.shape.checkedProduct == nil || max(level.shape.t, level.shape.c) > OpenedImage.maximumSeriesLength {
        throw .viewInvalid(view: view, field: "shape", reason: "the array is absurdly large: \(lengths)")
      }
    }
  }

  /// Time points, or channels.
  private static let maximumSeriesLength = 1_000_000

  private init(_ file: ZarrImageFile, image: OMEImage, entry: DatasetEntry) throws(ViewsError) {
    let axes = image.axes.map(\.axis)
    if let given = entry.axes, given != axes {
      throw .viewInvalid(
        view: entry.name, field: "axes",
        reason: "\(given.map(\.rawValue)), but the image has \(axes.map(\.rawValue))")
    }
    try OpenedImage.checkKeys(entry, axes: axes, isComplete: false)
    var own: [StackProperties] = []
    for (level, array) in zip(image.levels, file.arrays) {
      var stack = StackProperties(spacing: .one, origin: .zero, shape: Index3(repeating: 1))
      for (i, axis) in axes.enumerated() {
        guard let lane = axis.spaceLane else { continue }
        (stack.spacing[lane], stack.origin[lane]) = (level.scale[i], level.translation[i])
        stack.shape[lane] = array.shape[i]
      }
      own.append(stack)
    }
    path = file.path
    format = .zarr
    levels = zip(file.arrays, OpenedImage.overridden(own, entry: entry)).map { array, stack in
      ViewLevel(array: array, stack: stack, axes: axes)
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
    fingerprint = file.fingerprint
  }

  private init(plain file: ZarrImageFile, entry: DatasetEntry) throws(ViewsError) {
    let array = file.arrays[0]
    guard let axes = entry.axes else {
      throw .viewInvalid(
        view: entry.name, field: "axes",
        reason: "\(file.path) is a plain Zarr array, for which the view must give axes, spacing and origin")
    }
    guard axes.count == array.shape.count else {
      throw .viewInvalid(
        view: entry.name, field: "axes",
        reason: "there are \(axes.count), but the array has \(array.shape.count) dimensions")
    }
    try OpenedImage.checkKeys(entry, axes: axes, isComplete: true)
    var stack = StackProperties(spacing: .one, origin: .zero, shape: Index3(repeating: 1))
    for (i, axis) in axes.enumerated() {
      guard let lane = axis.spaceLane else { continue }
      stack.spacing[lane] = entry.spacing?[axis] ?? 1
      stack.origin[lane] = entry.origin?[axis] ?? 0
      stack.shape[lane] = array.shape[i]
    }
    path = file.path
    format = .zarr
    levels = [ViewLevel(array: array, stack: stack, axes: axes)]
    isPlacedByDataset = true
    fingerprint = file.fingerprint
  }

  /// `spacing` and `origin` name axes that the image has; all of them where it has no own.
  private static func checkKeys(_ entry: DatasetEntry, axes: [Axis], isComplete: Bool) throws(ViewsError) {
    for (field, map) in [("spacing", entry.spacing), ("origin", entry.origin)] {
      if let extra = map?.keys.first(where: { !axes.contains($0) }) {
        throw .viewInvalid(view: entry.name, field: field, reason: "the image has no axis \(extra)")
      }
      if isComplete, let missing = axes.first(where: { $0.spaceLane != nil && map?[$0] == nil }) {
        throw .viewInvalid(
          view: entry.name, field: field,
          reason: "a plain Zarr array needs one along \(missing): {\"\(missing)\": …}")
      }
    }
  }

  /// What the dataset says of the finest level, carried over to the others.
  private static func overridden(_ own: [StackProperties], entry: DatasetEntry) -> [StackProperties] {
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

extension ViewLevel {
  fileprivate init(array: ZarrArray, stack: StackProperties, axes: [Axis]) {
    self.init(
      arrayPath: array.path, stack: stack, shape: TCZYX(array.shape, axes: axes),
      chunk: TCZYX(array.chunkShape, axes: axes), elementType: array.elementType, codecSummary: array.codecSummary,
      axes: axes)
  }
}
