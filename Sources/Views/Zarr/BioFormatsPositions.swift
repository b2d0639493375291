import Files
import Geometry
import JSON
import Store
import Zarr

/// The places of the images of a `bioformats2raw` folder: the program writes no translations, but keeps the OME-XML of the file that it
/// converted, whose planes have the positions of the stage.
enum BioFormatsPositions {
  /// The file with the OME-XML, relative to the folder.
  static let file = "OME/METADATA.ome.xml"

  /// The origin of each image in micrometres along z, y and x, as far as given; nil if the folder has none, if images say
  /// themselves where they are, or if it is not certain which image is which.
  static func origins(of images: [String], in folder: String) throws(ViewsError) -> [[Axis: Double]]? {
    let path = folder + "/" + file
    guard Place(path).isObject else { return nil }
    let plate = try ImageFolder.group(folder)?.ome["plate"]
    let bytes = try DatasetFile.bytes(of: path)
    let text: String
    do throws(XMLTree.Failure) { text = String(decoding: try XMLEncoding.utf8(bytes), as: UTF8.self) } catch {
      throw .datasetInvalid(path: folder, field: file, reason: "line \(error.line): \(error.reason)")
    }
    var origins: [[Axis: Double]] = []
    do throws(TIFFError) {
      let xml = try OMEXML(text, path: path)
      // a plate may have fields that were never written
      guard plate == nil ? xml.images.count == images.count : xml.images.count >= images.count else { return nil }
      let order = plate.map { fields(images, of: $0, in: folder, xml) } ?? Array(xml.images.indices)
      guard let order else { return nil }
      for image in order.map({ xml.images[$0] }) { origins.append(try OMEPixels(image, path: path).origin(image.firstPlane)) }
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

  /// The image in the XML that each field of a plate is: bioformats2raw sorts them by well, whatever their order in the
  /// XML, and names a field by the place of its sample in the well.
  private static func fields(_ images: [String], of plate: JSONValue, in folder: String, _ xml: OMEXML) -> [Int]? {
    var wells: [[Int]: OMEXML.Well] = [:]
    for well in xml.wells {
      guard let row = well.attributes["Row"].flatMap(Int.init), let column = well.attributes["Column"].flatMap(Int.init),
        // of two plates, or damaged
        wells.updateValue(well, forKey: [row, column]) == nil
      else { return nil }
    }
    var folders: [String: OMEXML.Well] = [:]
    for well in plate["wells"]?.array ?? [] {
      guard let path = well["path"]?.string, let row = well["rowIndex"]?.int, let column = well["columnIndex"]?.int else {
        return nil
      }
      folders[KnownStores.absolute(path, in: folder)] = wells[[row, column]]
    }
    let numbers = Dictionary(xml.images.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    var order: [Int] = []
    for image in images {
      guard let well = folders[FilePath.folder(of: image)], let field = Int(FilePath.lastComponent(of: image)),
        well.images.indices.contains(field), let id = well.images[field], let number = numbers[id]
      else { return nil }
      order.append(number)
    }
    return Set(order).count == order.count ? order : nil
  }
}
