import Files
import Foundation
import Geometry
import Threads
import Zarr

/// The views of one fusion, opened and matched: same axes of space, same channels, same time points.
public struct Dataset: Sendable {
  /// Absolute: the dataset file.
  public let path: String
  /// Of the file's bytes.
  public let digest: String
  /// In the file's order; never empty.
  public let views: [View]
  public let is3D: Bool
  /// Of the first view, and so of the output.
  public let elementType: ElementType
  /// What the views make up together; 1 where they have no such axis.
  public let timeCount: Int
  public let channelCount: Int
  /// The values of the time points, where the first view's metadata have them, in `timeUnit`.
  public let timePoints: [Double]?
  /// Voxel `t` is at `timeOrigin + t * timeScale`; 1 and 0 where not known.
  public let timeScale: Double
  public let timeOrigin: Double
  public let timeUnit: String?
  public let channelNames: [String]?
  /// `rrggbb`, nil for a channel without one.
  public let channelColors: [String?]?
  /// The coordinate systems that any view has a transform to, in alphabetical order.
  public let transformKeys: [String]
  /// Regions of the world that the dataset gives names to.
  public let boundingBoxes: [String: BoundingBox]
  /// The unit of the transforms, and of all lengths beside the images' own.
  public let worldUnit: WorldUnit
  /// What is worth a word about the unit, as long as no other is given.
  public let worldUnitNote: String?
  /// What the reader of the dataset has to say: what was left out, and what its units are.
  public let notes: [String]
  /// The folder whose content the views are, where they are that.
  public let listedFolder: String?
  /// Views that are chosen and left out, since their images are missing or cannot be opened.
  public let missingViews: [MissingView]
  /// Whether the first of the chosen views is one of them.
  public let isFirstMissing: Bool
  /// From which side a view was taken, by its name; see `DatasetFile.sides`.
  public let sides: [String: String]

  public struct LoadOptions: Sendable {
    /// Nil: some more than there are processors.
    public var threads: Int?
    public var choice: ViewChoice

    public init(threads: Int? = nil, choice: ViewChoice = ViewChoice()) {
      (self.threads, self.choice) = (threads, choice)
    }
  }

  /// Loads a dataset file: opens the metadata of all its images in parallel and matches the views.
  ///
  /// Of several things that are wrong the one in the first view concerned is reported.
  public static func load(_ path: String, options: LoadOptions = LoadOptions()) throws(ViewsError) -> Dataset {
    try Dataset(DatasetFile.read(path, choice: options.choice), options: options)
  }

  /// The coordinate system to use: the one asked for, else the only one; nil where the views have none at all.
  /// Every view must have it.
  public func transformKey(_ requested: String?) throws(ViewsError) -> String? {
    guard let key = requested ?? transformKeys.first else { return nil }
    if requested == nil && transformKeys.count > 1 { throw .transformAmbiguous(available: transformKeys) }
    for view in views where view.transforms[key] == nil {
      throw .transformMissing(view: view.name, key: key, available: transformKeys)
    }
    return key
  }
}

extension Dataset {
  /// Opens and matches the entries of a file.
  public init(_ whole: DatasetFile, options: LoadOptions = LoadOptions()) throws(ViewsError) {
    guard !whole.entries.isEmpty else { throw .noViews(path: whole.path) }
    let chosen = try whole.choosing(options.choice)
    let opened = chosen.open(threads: options.threads)
    var images: [PlacedImage] = []
    images.reserveCapacity(opened.count)
    var (present, missing) = ([Int](), [MissingView]())
    for (i, result) in opened.enumerated() {
      switch result {
      case .success(let image):
        images.append(image)
        present.append(i)
      case .failure(let error):
        guard options.choice.skipsMissing, chosen.isMissing(i, error) else { throw error }
        missing.append(MissingView(name: chosen.entries[i].name, reason: error.description))
      }
    }
    guard !images.isEmpty else {
      throw .allViewsMissing(path: whole.path, count: missing.count, first: missing.first?.reason ?? "")
    }
    (missingViews, isFirstMissing) = (missing, present.first != 0)
    let file = chosen.keeping(present)
    let planeNotes = SinglePlane.settle(&images, entries: file.entries)
    let first = images[0].image
    let series = try OutputSeries(file, images: images)
    let matcher = ViewMatcher(first: first, series: series)

    var views: [View] = []
    views.reserveCapacity(images.count)
    var keys = Set<String>()
    for (entry, placed) in zip(file.entries, images) {
      let view = try matcher.match(placed, entry: entry)
      keys.formUnion(view.transforms.keys)
      views.append(view)
    }
    try Dataset.checkPlaces(views, of: file)
    (path, digest, boundingBoxes, listedFolder) = (file.path, file.digest, file.boundingBoxes, file.listedFolder)
    (worldUnit, worldUnitNote) = (file.worldUnit, file.worldUnitNote)
    notes = file.notes + planeNotes + Dataset.sizeNotes(images, of: file) + Dataset.remarks(on: images, of: file)
    sides = file.sides.isEmpty
      ? [:] : Dictionary(uniqueKeysWithValues: file.sides.map { (file.entries[$0.key].name, $0.value) })
    self.views = views
    (is3D, elementType) = (first.is3D, first.levels[0].elementType)
    (timeCount, channelCount) = (series.timeCount, series.channelCount)
    timePoints = series.time?.values(count: series.timeCount)
    (timeScale, timeOrigin) = (series.time?.scale ?? 1, series.time?.origin ?? 0)
    timeUnit = series.time?.unit
    (channelNames, channelColors) = (series.channelNames, series.channelColors)
    transformKeys = keys.sorted()
  }

  /// What the file says of sizes does not place anything, but tells that it may belong to other images.
  private static func sizeNotes(_ images: [PlacedImage], of file: DatasetFile) -> [String] {
    let wrong = file.expectedShapes.keys.sorted().filter { images[$0].image.levels[0].stack.shape != file.expectedShapes[$0] }
    guard let first = wrong.first, let expected = file.expectedShapes[first] else { return [] }
    func text(_ shape: Index3) -> String { "\(shape[2]) x \(shape[1]) x \(shape[0])" }
    return [
      "\(wrong.count) images have another size than the dataset says, such as view \"\(file.entries[first].name)\": "
        + "\(text(images[first].image.levels[0].stack.shape)) instead of \(text(expected)) (x y z); the images count, if "
        + "they are the right ones"
    ]
  }
}

extension Dataset {
  /// Once each, however many images they are on.
  private static func remarks(on images: [PlacedImage], of file: DatasetFile) -> [String] {
    var found: [String: (first: Int, count: Int)] = [:]
    for (i, placed) in images.enumerated() {
      if let remark = placed.image.remark { found[remark, default: (i, 0)].count += 1 }
    }
    return found.sorted { ($0.value.first, $0.key) < ($1.value.first, $1.key) }.map { remark, views in
      let others = views.count > 1 ? " and \(views.count - 1) more" : ""
      return "view \"\(file.entries[views.first].name)\"\(others): \(remark)"
    }
  }
}

extension DatasetFile {
  fileprivate func open(threads: Int?) -> [Result<PlacedImage, ViewsError>] {
    let folder = folder
    return parallelMap(count: entries.count, threads: threads) { i in
      if let failure = failures[i] { return .failure(failure) }
      return Result { () throws(ViewsError) -> PlacedImage in try PlacedImage(entries[i], in: folder) }
    }
  }

  /// Whether it is the image that an entry could not be opened for, and not what the dataset says of it.
  fileprivate func isMissing(_ place: Int, _ error: ViewsError) -> Bool {
    let entry = entries[place]
    // what is not there has no format that could be told
    if access(FilePath.absolute(entry.path, in: folder), F_OK) != 0 && [ENOENT, ENOTDIR].contains(errno) { return true }
    guard error.isOfImage else { return false }
    // an image that can be opened without what the dataset says in place of its metadata is not at fault
    var bare = DatasetEntry(name: entry.name, path: entry.path)
    bare.dataset = entry.dataset
    return (try? OpenedImage.open(bare, in: folder)) == nil
  }

  /// Which of some views, by name, can be opened now.
  public func openable(_ names: Set<String>) -> [String] {
    let asked = keeping(entries.indices.filter { names.contains(entries[$0].name) })
    return zip(asked.entries, asked.open(threads: nil)).compactMap { entry, result in
      if case .success = result { entry.name } else { nil }
    }
  }
}

/// The image of an entry with its transforms, before it is matched with the others.
struct PlacedImage: Sendable {
  var image: OpenedImage
  /// Which of the image's own are taken: one, or all.
  let times: Range<Int>
  let channels: Range<Int>
  /// In the view's own time order.
  let transforms: [String: ViewTransform]

  init(_ entry: DatasetEntry, in folder: String) throws(ViewsError) {
    let image = try OpenedImage.open(entry, in: folder)
    let shape = image.levels[0].shape
    func taken(_ axis: Axis) throws(ViewsError) -> Range<Int> {
      guard let index = entry.select[axis] else { return 0..<shape[axis] }
      guard index < shape[axis] else {
        throw .viewInvalid(
          view: entry.name, field: "select", reason: "there is no \(axis) \(index), the image has \(shape[axis])")
      }
      return index..<index + 1
    }
    (times, channels) = (try taken(.t), try taken(.c))
    var transforms: [String: ViewTransform] = [:]
    for (key, matrices) in entry.transforms {
      transforms[key] = try matrices.maps(is3D: image.is3D, timeCount: times.count) { reason in
        .viewInvalid(view: entry.name, field: "transform \"\(key)\"", reason: reason)
      }
    }
    (self.image, self.transforms) = (image, transforms)
  }
}
