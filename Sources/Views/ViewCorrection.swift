import Files
import Geometry
import Synchronization

/// What the stored voxels of a view count as before they are interpolated, as a job records it: no value, flat field and dark
/// image, intensity coefficients.
public struct ViewCorrection: Sendable, Hashable, Codable {
  public let nodata: StoredNumber?
  /// One for all channels of the image, or one for each.
  public let flatFields: [CorrectionImage]?
  public let darkFields: [CorrectionImage]?
  public let coefficients: CorrectionImage?

  /// Nil where voxels count as they are.
  ///
  /// - Parameter images: those that other views have, too.
  init?(_ entry: DatasetEntry, of image: OpenedImage, in folder: String, images: CorrectionImages) throws(ViewsError) {
    func open(_ places: [CorrectionPlace]?, as role: CorrectionImage.Role) throws(ViewsError) -> [CorrectionImage]? {
      guard let places else { return nil }
      var opened: [CorrectionImage] = []
      for place in places { opened.append(try images.open(place.absolute(in: folder), as: role, view: entry.name)) }
      return opened
    }
    nodata = entry.nodata
    (flatFields, darkFields) = (try open(entry.flatFields, as: .flatfield), try open(entry.darkFields, as: .darkfield))
    coefficients = try open(entry.coefficients.map { [$0] }, as: .coefficients)?.first
    if nodata == nil && flatFields == nil && darkFields == nil && coefficients == nil { return nil }
    let finest = image.levels[0]
    if let nodata, nodata.bytes(as: finest.elementType) == nil {
      throw .viewInvalid(
        view: entry.name, field: "nodata", reason: "no voxel of type \(finest.elementType.rawValue) can be \(nodata)")
    }
    for fields in [flatFields, darkFields] {
      guard let fields else { continue }
      guard fields.count == 1 || fields.count == finest.shape.c else {
        throw .viewInvalid(
          view: entry.name, field: fields[0].role.rawValue,
          reason: "there are \(fields.count) images for \(finest.shape.c) channels; give one for all, or one for each")
      }
      for field in fields { try Self.check(field, finest, view: entry.name) }
    }
    for channel in 0..<finest.shape.c {
      guard let flat = Self.image(flatFields, channel: channel) else { break }
      let dark = Self.image(darkFields, channel: channel)
      guard flat.mean > dark?.mean ?? 0 else {
        throw .viewInvalid(
          view: entry.name, field: flat.role.rawValue,
          reason: "\(flat.name) is on average no brighter than \(dark?.name ?? "0"), so that nothing can be divided by it")
      }
    }
  }

  private static func check(_ field: CorrectionImage, _ level: ViewLevel, view: String) throws(ViewsError) {
    let (own, shape) = (field.shape, level.shape.zyx)
    guard own[1] == shape[1], own[2] == shape[2], own[0] == 1 || own[0] == shape[0] else {
      throw .viewInvalid(
        view: view, field: field.role.rawValue,
        reason: "\(field.name) has \(own[0]) x \(own[1]) x \(own[2]) voxels, the view \(shape[0]) x \(shape[1]) x \(shape[2]) (z y x); "
          + "it must have the view's y and x, and 1 or the view's z")
    }
  }

  private init(
    nodata: StoredNumber?, flatFields: [CorrectionImage]?, darkFields: [CorrectionImage]?, coefficients: CorrectionImage?
  ) {
    (self.nodata, self.flatFields, self.darkFields, self.coefficients) = (nodata, flatFields, darkFields, coefficients)
  }

  /// Whether there is an image that has the voxels of the finest level, so that no coarser one can be read.
  var hasFields: Bool { flatFields != nil || darkFields != nil }
  /// Whether there is any image, so that voxels do not count as they are.
  public var hasImages: Bool { hasFields || coefficients != nil }

  var images: [CorrectionImage] { (flatFields ?? []) + (darkFields ?? []) + (coefficients.map { [$0] } ?? []) }

  /// The image of a list for a channel of the view's image.
  public static func image(_ images: [CorrectionImage]?, channel: Int) -> CorrectionImage? {
    images.flatMap { $0.count == 1 ? $0[0] : $0.indices.contains(channel) ? $0[channel] : nil }
  }

  private func map(_ body: (CorrectionImage) throws(ViewsError) -> CorrectionImage) throws(ViewsError) -> ViewCorrection {
    func all(_ images: [CorrectionImage]?) throws(ViewsError) -> [CorrectionImage]? {
      guard let images else { return nil }
      var mapped: [CorrectionImage] = []
      for image in images { mapped.append(try body(image)) }
      return mapped
    }
    return ViewCorrection(
      nodata: nodata, flatFields: try all(flatFields), darkFields: try all(darkFields),
      coefficients: try all(coefficients.map { [$0] })?.first)
  }

  /// The same with its images as they are now.
  func reopened(view: String) throws(ViewsError) -> ViewCorrection {
    try map { (image) throws(ViewsError) in try image.reopened(view: view) }
  }

  func moved(_ moves: [PathMove]) -> ViewCorrection { (try? map { $0.moved(moves) }) ?? self }

  /// Whether it corrects in the same way, perhaps by images with other numbers.
  func isLike(_ other: ViewCorrection?) -> Bool {
    guard let other else { return false }
    return nodata == other.nodata && images.map(\.name) == other.images.map(\.name) && images.map(\.role) == other.images.map(\.role)
  }
}

extension Fingerprint {
  /// The fingerprint of a view: of its image, and of the images that correct it.
  func adding(_ correction: ViewCorrection?) -> Fingerprint {
    guard let images = correction?.images, !images.isEmpty else { return self }
    var fields = fields
    for image in images { fields[image.field] = "\(image.digest), \(image.shape[0]) x \(image.shape[1]) x \(image.shape[2])" }
    return Fingerprint(fields: fields, files: Set(images.flatMap(\.files)).sorted(), path: "/")
  }
}

/// The images that correct the views of a dataset: each is read once, however many views have it.
final class CorrectionImages: Sendable {
  private struct Key: Hashable {
    let place: CorrectionPlace
    let role: CorrectionImage.Role
  }

  private let opened = Mutex<[Key: CorrectionImage]>([:])

  func open(_ place: CorrectionPlace, as role: CorrectionImage.Role, view: String) throws(ViewsError) -> CorrectionImage {
    let key = Key(place: place, role: role)
    if let known = opened.withLock({ $0[key] }) { return known }
    // two may read the same at once, and find the same
    let image = try CorrectionImage(place, as: role, view: view)
    opened.withLock { $0[key] = image }
    return image
  }
}
