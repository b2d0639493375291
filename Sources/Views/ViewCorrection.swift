import Geometry

/// What the stored voxels of a view count as before they are interpolated, as a job records it.
public struct ViewCorrection: Sendable, Hashable, Codable {
  public var nodata: StoredNumber?

  /// Nil where voxels count as they are.
  init?(_ entry: DatasetEntry, of image: OpenedImage) throws(ViewsError) {
    nodata = entry.nodata
    if let nodata {
      let type = image.levels[0].elementType
      guard nodata.bytes(as: type) != nil else {
        throw .viewInvalid(view: entry.name, field: "nodata", reason: "no voxel of type \(type.rawValue) can be \(nodata)")
      }
    } else {
      return nil
    }
  }
}
