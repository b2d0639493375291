import Geometry
import Zarr

/// Where the images of a `bioformats2raw` folder are: it writes no translations, but keeps the OME-XML of the file that it
/// converted, whose planes have the positions of the stage.
enum BioFormatsPositions {
  /// Relative to the folder.
  static let file = "OME/METADATA.ome.xml"

  /// In micrometres along z, y and x, as far as given, of each image; nil where the folder has none, or images that say
  /// themselves where they are.
  static func origins(of images: [String], in folder: String) throws(ViewsError) -> [[Axis: Double]]? {
    let path = folder + "/" + file
    guard FileBytes.isFile(path) else { return nil }
    let text = String(decoding: try DatasetFile.bytes(of: path), as: UTF8.self)
    var origins: [[Axis: Double]] = []
    do throws(TIFFError) {
      let xml = try OMEXML(text, path: path)
      guard xml.images.count == images.count else { return nil }
      for image in xml.images { origins.append(try OMEPixels(image, path: path).origin(image.firstPlane)) }
    } catch {
      throw .datasetInvalid(path: folder, field: file, reason: "\(error)")
    }
    guard origins.allSatisfy({ $0[.y] != nil && $0[.x] != nil }) else { return nil }
    for image in images {
      // what cannot be opened is said later, of the view
      guard let ome = try? OMEImage.open(image) else { continue }
      for (axis, shift) in zip(ome.axes, ome.levels[0].translation) where axis.axis.spaceLane != nil && shift != 0 { return nil }
      if !ome.axes.contains(where: { $0.axis == .z }) { for i in origins.indices { origins[i][.z] = nil } }
    }
    return origins
  }
}
