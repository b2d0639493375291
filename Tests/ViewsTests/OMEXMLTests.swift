import Geometry
import Testing
import Views

@Suite struct OMEXMLTests {
  private func shape(_ description: String) throws -> TCZYX {
    let folder = try ViewsTestFolder()
    return try folder.load(TinyTIFF(planes: (0..<4).map { [$0, 0] }, width: 2, description: description)).views[0].levels[0].shape
  }

  private func ome(_ prefix: String = "") -> String {
    let (p, name) = prefix.isEmpty ? ("", "") : (prefix + ":", ":" + prefix)
    return """
      <\(p)OME xmlns\(name)="http://www.openmicroscopy.org/Schemas/OME/2016-06"><\(p)Image ID="Image:0"><\(p)Pixels
        DimensionOrder="XYZCT" SizeX="2" SizeY="1" SizeZ="2" SizeC="2" SizeT="1"><\(p)TiffData/></\(p)Pixels></\(p)Image></\(p)OME>
      """
  }

  @Test(
    arguments: ["", "ns0", "ome"], ["", "<?xml version=\"1.0\"?>", "\u{FEFF}<?xml version=\"1.0\"?>\r\n<!-- <SpimData> -->\n<!--> -->"])
  func isToldByItsOutermostElement(prefix: String, head: String) throws {
    #expect(try shape(head + ome(prefix) + "\n") == TCZYX(c: 2, z: 2, y: 1, x: 2))
  }

  @Test(arguments: ["<SpimData>@</SpimData>", "see @", "<!-- @>", "<OMERO/>", "<>", "<", "<?>", "<!-->"])
  func whatIsNoneIsAPlainFile(text: String) throws {
    #expect(try shape(text.replacing("@", with: ome())) == TCZYX(z: 4, y: 1, x: 2))
  }

  @Test func aDeclarationIsStillRefused() throws {
    let error = #expect(throws: ViewsError.self) { try shape("<!DOCTYPE OME [<!ENTITY a \"b\">]>" + ome()) }
    #expect(error?.description.contains("document type declarations") == true)
  }

  private func view(_ description: String, keys: String = "", in folder: ViewsTestFolder) throws -> View {
    try folder.load(TinyTIFF(planes: (0..<4).map { [$0, 0] }, width: 2, description: description), keys: keys).views[0]
  }

  /// Annotations hold any XML, also of the same names.
  @Test(arguments: [
    "<Image/>", "<Pixels/>", "<Pixels SizeX=\"9\"/>", "<Channel/>", "<TiffData IFD=\"3\"/>", "<BinaryOnly MetadataFile=\"a\"/>",
    "<Image><Pixels><TiffData IFD=\"3\"/></Pixels></Image>", "<Plane TheZ=\"0\" TheC=\"0\" TheT=\"0\" PositionX=\"7\"/>",
  ])
  func onlyTheImagesOwnElementsCount(text: String) throws {
    let annotation = "<StructuredAnnotations><XMLAnnotation><Value><Doc>\(text)</Doc></Value></XMLAnnotation></StructuredAnnotations></OME>"
    let folder = try ViewsTestFolder()
    let view = try view(ome().replacing("</OME>", with: annotation), in: folder)
    #expect(view.levels[0].shape == TCZYX(c: 2, z: 2, y: 1, x: 2) && view.levels[0].stack.origin == .zero)
    #expect(try (0..<4).map { try view.firstVoxel(c: $0 / 2, z: $0 % 2) } == [0, 1, 2, 3])
  }

  /// Of the file that the text was in before.
  @Test(arguments: ["utf-16", "UTF-16LE", "windows-1252", "nothing"])
  func anEncodingIsNotThatOfTheText(encoding: String) throws {
    #expect(try shape("<?xml version=\"1.0\" encoding=\"\(encoding)\"?>\n" + ome()) == TCZYX(c: 2, z: 2, y: 1, x: 2))
  }

  @Test func whatIsNoNumberIsNoPixelSize() throws {
    let folder = try ViewsTestFolder()
    let text = ome().replacing("SizeX=", with: "PhysicalSizeX=\"0,5\" SizeX=")
    let error = #expect(throws: ViewsError.self) { try shape(text) }
    #expect(error?.description.contains("PhysicalSizeX is \"0,5\"") == true, "\(String(describing: error))")
    // the dataset counts more than the file
    #expect(try view(text, keys: #", "spacing": {"z": 1, "y": 1, "x": 2}"#, in: folder).levels[0].stack.spacing[2] == 2)
    for (written, spacing) in [(" 0.5 ", 0.5), ("5.0E-1", 0.5), ("NaN", 1), ("", 1)] {
      #expect(try view(text.replacing("0,5", with: written), in: folder).levels[0].stack.spacing[2] == spacing)
    }
    let plane = "<Plane TheZ=\"0\" TheC=\"0\" TheT=\"0\" PositionX=\"1,5\"/></Pixels>"
    #expect(throws: ViewsError.self) { try shape(ome().replacing("</Pixels>", with: plane)) }
  }

  /// Each file has one image, and the metadata of all.
  @Test func severalImagesInFilesOfTheirOwn() throws {
    let folder = try ViewsTestFolder()
    func text(_ me: Int) -> String {
      let images = (0..<2).map { i in
        """
        <Image ID="Image:\(i)"><Pixels DimensionOrder="XYZCT" SizeX="2" SizeY="1" SizeZ="2" SizeC="1" SizeT="1"><TiffData IFD="0"
          PlaneCount="2"><UUID FileName="s\(i).tif">urn:uuid:\(i)</UUID></TiffData><Plane TheZ="0" TheC="0" TheT="0"
          PositionX="\(5 * i)" PositionY="0"/></Pixels></Image>
        """
      }
      return "<OME UUID=\"urn:uuid:\(me)\">\(images.joined())</OME>"
    }
    for i in 0..<2 {
      let planes: [[UInt8]] = [[UInt8(10 * i), 0], [UInt8(10 * i + 1), 0]]
      try folder.write("tiles/s\(i).tif", TinyTIFF(planes: planes, width: 2, description: text(i)).bytes)
    }
    let views = try Dataset.load(folder.path + "/tiles").views
    #expect(views.map { $0.levels[0].stack.origin[2] } == [0, 5] && views.map(\.name) == ["s0", "s1"])
    #expect(try views.map { try $0.firstVoxel(z: 1) } == [1, 11])
    // a file that was renamed is known by its identifier, and one without any is not
    try folder.write("renamed.tif", TinyTIFF(planes: [[7, 0], [8, 0]], width: 2, description: text(1)).bytes)
    #expect(try folder.load(#"{"path": "renamed.tif"}"#).views[0].levels[0].stack.origin[2] == 5)
    try folder.write("renamed.tif", TinyTIFF(planes: [[7, 0], [8, 0]], width: 2, description: text(2)).bytes)
    let error = #expect(throws: ViewsError.self) { try folder.load(#"{"path": "renamed.tif"}"#) }
    #expect(error?.hint.contains("the name that its OME-XML has") == true)
  }
}
