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

  @Test(arguments: ["", "ns0", "ome"], ["", "<?xml version=\"1.0\"?>", "\u{FEFF}<?xml version=\"1.0\"?>\r\n<!-- <SpimData> -->\n<!--> -->"])
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
}
