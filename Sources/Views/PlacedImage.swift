import Geometry

/// The image of an entry with its transforms, before it is matched with the others.
struct PlacedImage: Sendable {
  var image: OpenedImage
  /// The image's own time points and channels that are taken: one, or all.
  let times: Range<Int>
  let channels: Range<Int>
  /// The transforms by coordinate system, in the view's own time order.
  let transforms: [String: ViewTransform]
  /// What its stored voxels count as, where they do not count as they are.
  let correction: ViewCorrection?

  init(_ entry: DatasetEntry, in folder: String, images: CorrectionImages) throws(ViewsError) {
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
    correction = try ViewCorrection(entry, of: image, in: folder, images: images)
  }
}
