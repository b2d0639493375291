import Foundation
import Geometry
import Zarr

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// The part of OME-XML, as it stands in an OME-TIFF file, that says what its planes are and where they sit.
struct OMEXML {
  struct Image {
    var id: String?
    var name: String?
    /// Attributes of `Pixels`.
    var pixels: [String: String] = [:]
    /// Attributes of each `Channel`.
    var channels: [[String: String]] = []
    var tiffData: [TIFFData] = []
    /// Attributes of the `Plane` of z, c and t 0.
    var firstPlane: [String: String]?
  }

  /// A run of planes, and the directories that hold them.
  struct TIFFData {
    var attributes: [String: String] = [:]
    var uuid: String?
    var fileName: String?
  }

  /// A well of a plate.
  struct Well {
    /// Attributes of `Well`.
    var attributes: [String: String]
    /// The identifier of the image of each of its samples.
    var images: [String?] = []
  }

  var images: [Image] = []
  var wells: [Well] = []
  /// The UUID of the whole document.
  var uuid: String?
  /// The file that has the metadata, for one that has none of its own.
  var metadataFile: String?

  /// Whether a description is OME-XML at all, without parsing it. Its elements may have a prefix (`<ome:OME`).
  static func isOME(_ description: String) -> Bool {
    let end = description.utf8.last { $0 != 0 && $0 != 10 && $0 != 13 && $0 != 32 && $0 != 9 }
    return end == UInt8(ascii: ">") && XMLTree.rootName(of: description) == "OME"
  }

  fileprivate init() {}

  init(_ text: String, path: String) throws(TIFFError) {
    let bytes = Array(text.utf8)
    do throws(XMLTree.Failure) { try XMLTree.refuseDeclarations(bytes) } catch { throw OMEXML.invalid(path, error.reason) }
    let reader = OMEXMLReader()
    // the encoding that it may name is that of the file which the text comes from, and not of the text
    let body = XMLEncoding.withoutDeclaration(bytes)
    // in pieces, as XMLTree does
    let parser = XMLParser(stream: InputStream(data: Data(body)))
    parser.shouldResolveExternalEntities = false
    parser.delegate = reader
    parser.shouldProcessNamespaces = true
    // it calls a document good that only ends early
    guard parser.parse(), reader.isClosed else {
      throw OMEXML.invalid(path, "it is no valid XML (line \(parser.lineNumber), column \(parser.columnNumber))")
    }
    self = reader.document
  }

  static func invalid(_ path: String, _ what: String) -> TIFFError {
    .metadataInvalid(
      path: path, reason: "its OME-XML cannot be used: \(what)",
      advice: "write the file again, for example with Bio-Formats or tifffile")
  }
}

/// Collects what `OMEXML` keeps; of `Plane` elements, which may be hundreds of thousands, one.
///
/// Elements count where OME-XML has them only: annotations may hold any XML, of the same names too.
private final class OMEXMLReader: NSObject, XMLParserDelegate {
  var document = OMEXML()
  /// The names of the elements that are open.
  private var open: [String] = []
  private var text: String?

  var isClosed: Bool { open.isEmpty }

  /// Below the outermost element, such as `Image/Pixels`; nothing that counts is deeper than `Plate/Well/WellSample/ImageRef`.
  private var place: String { open.count > 5 ? "" : open.dropFirst().joined(separator: "/") }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    open.append(name)
    if open.count == 1 { document.uuid = attributes["UUID"] }
    let (image, well) = (document.images.count - 1, document.wells.count - 1)
    switch place {
    case "BinaryOnly": document.metadataFile = attributes["MetadataFile"]
    case "Image": document.images.append(OMEXML.Image(id: attributes["ID"], name: attributes["Name"] ?? attributes["ID"]))
    case "Plate/Well": document.wells.append(OMEXML.Well(attributes: attributes))
    case "Plate/Well/WellSample": document.wells[well].images.append(nil)
    case "Plate/Well/WellSample/ImageRef":
      document.wells[well].images[document.wells[well].images.count - 1] = attributes["ID"]
    case "Image/Pixels": document.images[image].pixels = attributes
    case "Image/Pixels/Channel": document.images[image].channels.append(attributes)
    case "Image/Pixels/TiffData": document.images[image].tiffData.append(OMEXML.TIFFData(attributes: attributes))
    case "Image/Pixels/TiffData/UUID":
      document.images[image].tiffData[document.images[image].tiffData.count - 1].fileName = attributes["FileName"]
      text = ""
    case "Image/Pixels/Plane":
      if ["TheZ", "TheC", "TheT"].allSatisfy({ attributes[$0] == "0" }) {
        document.images[image].firstPlane = document.images[image].firstPlane ?? attributes
      }
    default: break
    }
  }

  func parser(_ parser: XMLParser, foundCharacters characters: String) { text? += characters }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    defer { _ = open.popLast() }
    guard place == "Image/Pixels/TiffData/UUID", let uuid = text else { return }
    let image = document.images.count - 1
    document.images[image].tiffData[document.images[image].tiffData.count - 1].uuid =
      uuid.trimmingCharacters(in: .whitespacesAndNewlines)
    text = nil
  }
}
