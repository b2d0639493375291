import Diagnostics
import Foundation
import Geometry
import Testing
import Views

@Suite struct TileConfigurationTests {
  private let head = "# Define the number of dimensions we are working on\n dim = 2\n\n# tiles\n"

  /// Two small tiles of 2 x 3 pixels with a size of 0.5 micrometres.
  private func folder() throws -> ViewsTestFolder {
    let folder = try ViewsTestFolder()
    for name in ["a", "b"] {
      try folder.write("\(name).tif", TinyTIFF(planes: [[1, 2, 3, 4, 5, 6]], width: 3, pixelsPerCentimetre: 20_000).bytes)
    }
    return folder
  }

  private func read(_ folder: ViewsTestFolder, _ text: String, name: String = "TileConfiguration.txt") throws -> DatasetFile {
    try folder.write(name, text)
    return try DatasetFile.read(folder.path + "/" + name)
  }

  @Test func placesAreInPixelsOfTheFirstTile() throws {
    let folder = try folder()
    let file = try read(folder, head + "a.tif; ; (0.0, 0.0)\nb.tif; ; (10.5, -2)\n", name: "TileConfiguration.registered.txt")
    #expect(file.entries.map(\.name) == ["a", "b"])
    #expect(file.entries[1].transforms == ["registered": .constant([[1, 0, -1], [0, 1, 5.25], [0, 0, 1]])])
    #expect(file.entries[1].spacing == [.y: 0.5, .x: 0.5])
    #expect(file.entries[1].origin == [.y: 0, .x: 0])
    let planned = try read(folder, head + "a.tif; ; (0.0, 0.0)\n")
    #expect(Array(planned.entries[0].transforms.keys) == ["stage"])
    #expect(try Dataset(planned).views[0].levels[0].shape.array == [1, 1, 1, 2, 3])
  }

  @Test func tilesOfOnePlaneHaveZInThreeDimensions() throws {
    let folder = try folder()
    let text = "dim = 3\na.tif; ; (0, 0, 0)\nb.tif; ; (4, 2, 3)\n"
    let flat = try read(folder, text)
    #expect(flat.entries[1].transforms == ["stage": .constant([[1, 0, 0, 3], [0, 1, 0, 1], [0, 0, 1, 2], [0, 0, 0, 1]])])
    #expect(try Dataset(flat).is3D)
    // the pixel size along z is that of the first tile that has one
    try folder.image("c.ome.zarr", levels: [([4, 8, 8], [2, 1, 1], [0, 0, 0])])
    let mixed = try read(folder, text + "c.ome.zarr; ; (0, 0, 0)\n")
    #expect(mixed.entries.allSatisfy { $0.spacing == [.z: 2, .y: 0.5, .x: 0.5] })
    #expect(try Dataset(mixed).views.count == 3)
  }

  @Test func lineEndsCommentsAndShortLinesDoNotMatter() throws {
    let text = "\u{FEFF}# x\r\n\r\nab\r\ndim=2\r\n  a.tif ;; ( 1 , 2 )  \r\n#b.tif; ; (1, 2)\r\n"
    #expect(try read(folder(), text).entries.count == 1)
  }

  @Test(arguments: [
    ("dim = 4\na.tif; ; (0, 0)\n", "line 1"), ("a.tif; ; (0, 0)\ndim = 2\n", "line 1"),
    ("dim = 2\na.tif; ; (0, 0, 0)\n", "line 2"), ("dim = 2\na.tif; ; 0, 0\n", "line 2"),
    ("dim = 2\na.tif; ; (0, nan)\n", "line 2"), ("dim = 2\na.tif; 1; (0, 0)\n", "line 2"),
    ("dim = 2\na.tif(((0))); ; (0, 0)\n", "line 2"), ("dim = 2\nmultiseries = true\n", "line 2"),
    ("dim = 3\nflat.zarr; ; (0, 0, 1)\n", "line 2"),
  ])
  func whatIsWrongIsNamedByItsLine(text: String, place: String) throws {
    let folder = try folder()
    try folder.image("flat.zarr", axes: "yx", levels: [([8, 8], [1, 1], [0, 0])])
    let error = #expect(throws: ViewsError.self) { try read(folder, text) }
    #expect(error?.code.rawValue == "dataset-invalid")
    #expect(error?.description.contains(place) == true, "\(String(describing: error))")
  }

  @Test func aTileTwiceNeedsNamesOfItsOwn() throws {
    let folder = try folder()
    #expect(throws: ViewsError.self) { try read(folder, "dim = 2\na.tif; ; (0, 0)\na.tif; ; (5, 0)\n") }
  }
}
