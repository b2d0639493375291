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
    /// Attributes.
    var attributes: [String: String]
    /// The identifier of the image of each of its samples.
    var images: [String?] = []
  }

  var images: [Image] = []
  var wells: [Well] = []
  /// Of the whole document.
  var uuid: String?
  /// Of a file that has no metadata of its own: where they are.
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
    // in pieces, as XMLTree does
    let parser = XMLParser(stream: InputStream(data: Data(bytes)))
    parser.shouldResolveExternalEntities = false
    parser.delegate = reader
    parser.shouldProcessNamespaces = true
    // it calls a document good that only ends early
    guard parser.parse(), reader.depth == 0 else {
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
private final class OMEXMLReader: NSObject, XMLParserDelegate {
  var document = OMEXML()
  /// Elements that are open.
  var depth = 0
  private var isInSample = false
  private var text: String?

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    depth += 1
    let last = document.images.count - 1
    switch name {
    case "OME": document.uuid = attributes["UUID"]
    case "BinaryOnly": document.metadataFile = attributes["MetadataFile"]
    case "Image": document.images.append(OMEXML.Image(id: attributes["ID"], name: attributes["Name"] ?? attributes["ID"]))
    case "Well": document.wells.append(OMEXML.Well(attributes: attributes))
    case "WellSample":
      isInSample = !document.wells.isEmpty
      if isInSample { document.wells[document.wells.count - 1].images.append(nil) }
    case "ImageRef" where isInSample:
      let (well, sample) = (document.wells.count - 1, document.wells[document.wells.count - 1].images.count - 1)
      document.wells[well].images[sample] = attributes["ID"]
    case "Pixels" where last >= 0: document.images[last].pixels = attributes
    case "Channel" where last >= 0: document.images[last].channels.append(attributes)
    case "TiffData" where last >= 0: document.images[last].tiffData.append(OMEXML.TIFFData(attributes: attributes))
    case "UUID" where last >= 0 && !document.images[last].tiffData.isEmpty:
      let data = document.images[last].tiffData.count - 1
      document.images[last].tiffData[data].fileName = attributes["FileName"]
      text = ""
    case "Plane" where last >= 0:
      if ["TheZ", "TheC", "TheT"].allSatisfy({ attributes[$0] == "0" }) {
        document.images[last].firstPlane = document.images[last].firstPlane ?? attributes
      }
    default: break
    }
  }

  func parser(_ parser: XMLParser, foundCharacters characters: String) { text? += characters }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    depth -= 1
    if name == "WellSample" { isInSample = false }
    guard name == "UUID", let uuid = text, let image = document.images.indices.last,
      let data = document.images[image].tiffData.indices.last
    else { return }
    document.images[image].tiffData[data].uuid = uuid.trimmingCharacters(in: .whitespacesAndNewlines)
    text = nil
  }
}
