import Geometry
import Testing
import Views

/// What a file says of its planes, and what the dataset says.
@Suite struct TIFFMetadataTests {
  private func described(_ description: String, planes: Int = 3) -> TinyTIFF {
    var tiff = TinyTIFF(planes: (0..<planes).map { [UInt8($0), 0] }, width: 2)
    tiff.description = description
    return tiff
  }

  @Test func theFormerDescriptionOfTifffileIsTakenAsTheOtherOne() throws {
    let folder = try ViewsTestFolder()
    for shape in [#"{"shape": [2, 2, 1, 2]}"#, "shape=(2, 2, 1, 2)"] {
      let error = #expect(throws: ViewsError.self) { try folder.load(described(shape, planes: 4)) }
      #expect(error?.description.contains("[2, 2]") == true)
      let view = try folder.load(described(shape, planes: 4), keys: #", "axes": ["c", "z", "y", "x"]"#).views[0]
      #expect(view.levels[0].shape == TCZYX(c: 2, z: 2, y: 1, x: 2))
      #expect(try view.firstVoxel(c: 1) == 2)
    }
    for shape in [#"{"shape": [3, 1, 2]}"#, "shape=(3, 1, 2)", "shape=(3,1,x)", "shape=("] {
      #expect(try folder.load(described(shape)).views[0].levels[0].shape == TCZYX(z: 3, y: 1, x: 2))
    }
  }
}
