import Diagnostics
import Files
import Foundation
import Geometry
import Store
import Threads
import Zarr

/// The views of one fusion, opened and matched: same axes of space, same channels, same time points.
public struct Dataset: Sendable {
  /// The absolute path of the dataset file.
  public let path: String
  /// The digest of the file's bytes.
  public let digest: String
  /// The views in the file's order; never empty.
  public let views: [View]
  public let is3D: Bool
  /// The type of the first view, and so of the output.
  public let elementType: ElementType
  /// The time points and channels that the views make up together; 1 if they have no such axis.
  public let timeCount: Int
  public let channelCount: Int
  /// The values of the time points in `timeUnit`, if the first view's metadata have them.
  public let timePoints: [Double]?
  /// Voxel `t` is at `timeOrigin + t * timeScale`; 1 and 0 if not known.
  public let timeScale: Double
  public let timeOrigin: Double
  public let timeUnit: String?
  public let channelNames: [String]?
  /// A colour `rrggbb` for each channel, nil for one without.
  public let channelColors: [String?]?
  /// The coordinate systems that any view has a transform to, in alphabetical order.
  public let transformKeys: [String]
  /// Regions of the world that the dataset gives names to.
  public let boundingBoxes: [String: BoundingBox]
  /// The unit of the transforms, and of all lengths beside the images' own.
  public let worldUnit: WorldUnit
  /// A note on the unit, as long as no other is given.
  public let worldUnitNote: String?
  /// Notes of the reader of the dataset on what was left out, and on units.
  public let notes: [String]
  /// The folder whose content the views are, if they are that.
  public let listedFolder: String?
  /// Views that are chosen and left out, since their images are missing or cannot be opened.
  public let missingViews: [MissingView]
  /// Whether the first of the chosen views is one of them.
  public let isFirstMissing: Bool
  /// The side from which a view was taken, by its name; see `DatasetFile.sides`.
  public let sides: [String: String]

  public struct LoadOptions: Sendable {
    /// The number of threads; nil for some more than there are processors.
    public var threads: Int?
    public var choice: ViewChoice
    public var intensities: IntensityChoice

    public init(threads: Int? = nil, choice: ViewChoice = ViewChoice(), intensities: IntensityChoice = IntensityChoice()) {
      (self.threads, self.choice, self.intensities) = (threads, choice, intensities)
    }
  }

  /// Loads a dataset file: opens the metadata of all its images in parallel and matches the views.
  ///
  /// If several things are wrong, the one in the first view concerned is reported.
  public static func load(_ path: String, options: LoadOptions = LoadOptions()) throws(ViewsError) -> Dataset {
    try Dataset(DatasetFile.read(path, choice: options.choice), options: options)
  }
}

extension Dataset {
  /// Opens and matches the entries of a file.
  public init(_ whole: DatasetFile, options: LoadOptions = LoadOptions()) throws(ViewsError) {
    guard !whole.entries.isEmpty else { throw .noViews(path: whole.path) }
    let chosen = try whole.corrected(by: options.intensities).choosing(options.choice)
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
    sides =
      file.sides.isEmpty
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

  /// A note on images whose sizes are not those in the file: sizes place nothing, but the file may belong to other images.
  private static func sizeNotes(_ images: [PlacedImage], of file: DatasetFile) -> [String] {
    let wrong = file.expectedShapes.keys.sorted().filter { images[$0].image.levels[0].stack.shape != file.expectedShapes[$0] }
    guard let first = wrong.first, let expected = file.expectedShapes[first] else { return [] }
    func text(_ shape: Index3) -> String { "\(shape[2]) x \(shape[1]) x \(shape[0])" }
    return [
      "\(counted(wrong.count, "image has", "images have")) another size than the dataset says, such as view \"\(file.entries[first].name)\": "
        + "\(text(images[first].image.levels[0].stack.shape)) instead of \(text(expected)) (x y z); the images count, if "
        + "they are the right ones"
    ]
  }
}

extension Dataset {
  /// The remarks on images, each once, however many images it is on.
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
    let (folder, images) = (folder, CorrectionImages())
    return parallelMap(count: entries.count, threads: threads) { i in
      if let failure = failures[i] { return .failure(failure) }
      return Result { () throws(ViewsError) -> PlacedImage in try PlacedImage(entries[i], in: folder, images: images) }
    }
  }

  /// Whether an entry could not be opened because of its image, and not because of what the dataset says of it.
  fileprivate func isMissing(_ place: Int, _ error: ViewsError) -> Bool {
    let entry = entries[place]
    // what is not there has no format that could be told
    if Place(KnownStores.absolute(entry.path, in: folder)).isMissing { return true }
    guard error.isOfImage else { return false }
    // an image that can be opened without what the dataset says in place of its metadata is not at fault
    var bare = DatasetEntry(name: entry.name, path: entry.path)
    bare.dataset = entry.dataset
    return (try? OpenedImage.open(bare, in: folder)) == nil
  }

  /// The names of those views that can be opened now.
  public func openable(_ names: Set<String>) -> [String] {
    let asked = keeping(entries.indices.filter { names.contains(entries[$0].name) })
    return zip(asked.entries, asked.open(threads: nil)).compactMap { entry, result in
      if case .success = result { entry.name } else { nil }
    }
  }
}
