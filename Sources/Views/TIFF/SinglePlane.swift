import Diagnostics
import Foundation
import Geometry

/// The place along z of an image with one plane, and whether z is one of its axes at all.
///
/// Files of one plane leave that open more often than not: OME-XML counts the slices of every image. So it is decided for
/// all views of a dataset together. z is an axis if the dataset says so, or if another view is a stack; else, unless
/// a view of the dataset has y and x only, if the files say so or if planes of one time point and channel are at
/// several z. Planes of different ones may well be: a microscope focuses again, and each colour where it is sharp.
struct SinglePlane: Sendable, Hashable {
  /// Whether neither the dataset nor the file's voxels decide if z is an axis.
  var isOpen: Bool
  /// Whether the file says that it is one.
  var isSaid: Bool
  /// The physical spacing and origin along z, as far as the dataset or the file gives them.
  var spacing: Double?
  var origin: Double?

  /// Planes nearer to each other along z are at the same place: a nanometre, or what is left of one far from the origin.
  private static func tolerance(at z: Double) -> Double { max(1e-3, z.magnitude * 1e-9) }
}

extension SinglePlane {
  /// Gives the views of one plane the axis z, or not, and with the axis a spacing. Returns what is worth a note.
  ///
  /// - Parameter entries: one for each image.
  static func settle(_ images: inout [PlacedImage], entries: [DatasetEntry]) -> [String] {
    let planes = images.indices.filter { images[$0].image.plane != nil }
    guard !planes.isEmpty else { return [] }
    let places = distinct(planes.map { images[$0].planePlace })
    func isOpen(_ image: OpenedImage) -> Bool { image.plane?.isOpen == true }
    let isAnyOpen = images.contains { isOpen($0.image) }
    let isAnyStacked = images.contains { $0.image.is3D }
    let isAnyFlat = images.contains { !$0.image.is3D && !isOpen($0.image) }
    let isSaid = images.contains { isOpen($0.image) && $0.image.plane?.isSaid == true }
    let isAnyApart = places.count > 1 && areApart(planes, images, entries)
    guard isAnyStacked || !isAnyFlat && (isSaid || isAnyApart) else {
      guard places.count > 1 else { return [] }
      let reason = isAnyApart ? "since the dataset places them along y and x only" : "each time point and channel at one of its own"
      return ["\(described(planes.count, places)), and are fused as one plane, \(reason)"]
    }
    let known = images.lazy.compactMap(\.image.zSpacing).first
    let (between, isEven) = distance(places) ?? (1, false)
    let spacing = known ?? between
    for i in planes where isOpen(images[i].image) || images[i].image.is3D { images[i].image.stand(spacing: spacing) }
    guard places.count > 1, isAnyOpen || known == nil else { return [] }
    let source = known != nil ? "as the images say" : isEven ? "the distance between them" : "the smallest distance between them"
    let advice = isAnyOpen ? ". To fuse them as one plane, give the views \"axes\": [\"y\", \"x\"] in a dataset.json" : ""
    return [
      "\(described(planes.count, places)): they are slices of a volume with a z spacing of \(text(spacing)), \(source)\(advice)"
    ]
  }

  /// Whether planes of one time point and channel are at several z.
  private static func areApart(_ planes: [Int], _ images: [PlacedImage], _ entries: [DatasetEntry]) -> Bool {
    let hasTimes = planes.allSatisfy { entries[$0].timePlaces?.count == 1 }
    let hasChannels = planes.allSatisfy { entries[$0].channelPlaces?.count == 1 }
    var groups: [[Int]: [Double]] = [:]
    for i in planes {
      let group = (hasTimes ? entries[i].timePlaces ?? [] : []) + (hasChannels ? entries[i].channelPlaces ?? [] : [])
      groups[group, default: []].append(images[i].planePlace)
    }
    return groups.values.contains { distinct($0).count > 1 }
  }

  /// The different places in ascending order.
  private static func distinct(_ places: [Double]) -> [Double] {
    var distinct: [Double] = []
    for place in places.sorted() {
      if let last = distinct.last, place - last <= tolerance(at: place) { continue }
      distinct.append(place)
    }
    return distinct
  }

  /// The smallest distance between two places that follow each other; of places that are even but for what a stage is off, their
  /// mean distance.
  private static func distance(_ places: [Double]) -> (length: Double, isEven: Bool)? {
    guard let first = places.first, let last = places.last,
      let smallest = zip(places, places.dropFirst()).map({ $1 - $0 }).min()
    else { return nil }
    let mean = (last - first) / ((last - first) / smallest).rounded()
    let isEven = places.allSatisfy { place in
      let steps = (place - first) / mean
      return (steps - steps.rounded()).magnitude <= 0.05
    }
    let distance = isEven ? mean : smallest
    // places have a few digits; what a difference has more is no part of them
    let digits = pow(10, 12 - log10(distance).rounded(.up))
    return (digits.isFinite ? (distance * digits).rounded() / digits : distance, isEven)
  }

  private static func described(_ count: Int, _ places: [Double]) -> String {
    "\(counted(count, "view")) of one plane are at several z (\(places.count), from \(text(places.first ?? 0)) to \(text(places.last ?? 0)))"
  }

  private static func text(_ number: Double) -> String {
    let digits = 1e6
    let rounded = (number * digits).rounded() / digits
    return rounded == rounded.rounded() && rounded.magnitude < 1e15 ? "\(Int(rounded))" : "\(rounded)"
  }
}

extension PlacedImage {
  /// The place along z: that in the world if one transform leads there and leaves z alone, else that in the image.
  fileprivate var planePlace: Double {
    let own = image.plane?.origin ?? 0
    guard image.is3D, transforms.count == 1, let map = transforms.first?.value.affine(t: 0) else { return own }
    let origin = image.levels[0].stack.origin
    let (here, above) = (map(origin), map(origin + Vector3(1, 0, 0)))
    return above - here == Vector3(1, 0, 0) ? here[0] : own
  }
}

extension OpenedImage {
  /// The spacing along z of an image that has one by itself.
  var zSpacing: Double? { plane.map(\.spacing) ?? (is3D ? levels[0].stack.spacing[0] : nil) }

  /// Makes z one of the axes; `spacing` is that of an image that has none itself.
  fileprivate mutating func stand(spacing: Double) {
    guard let plane else { return }
    levels = levels.map { level in
      var stack = level.stack
      stack.spacing[0] = plane.spacing ?? spacing
      stack.origin[0] = plane.origin ?? 0
      return ViewLevel(
        arrayPath: level.arrayPath, stack: stack, shape: level.shape, chunk: level.chunk, elementType: level.elementType,
        codecSummary: level.codecSummary, axes: Axis.allCases.filter { $0 == .z || level.axes.contains($0) },
        dataset: level.dataset, storesChunks: level.storesChunks ?? true)
    }
  }
}
