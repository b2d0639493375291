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

  @Test func lineEndsCommentsAndShortLinesDoNotMatter() throws {
    let text = "\u{FEFF}# x\r\n\r\nab\r\ndim=2\r\n  a.tif ;; ( 1 , 2 )  \r\n#b.tif; ; (1, 2)\r\n"
    #expect(try read(folder(), text).entries.count == 1)
  }

  @Test(arguments: [
    ("dim = 4\na.tif; ; (0, 0)\n", "line 1"), ("a.tif; ; (0, 0)\ndim = 2\n", "line 1"),
    ("dim = 2\na.tif; ; (0, 0, 0)\n", "line 2"), ("dim = 2\na.tif; ; 0, 0\n", "line 2"),
    ("dim = 2\na.tif; ; (0, nan)\n", "line 2"), ("dim = 2\na.tif; 1; (0, 0)\n", "line 2"),
    ("dim = 2\na.tif(((0))); ; (0, 0)\n", "line 2"), ("dim = 2\nmultiseries = true\n", "line 2"),
    ("dim = 3\na.tif; ; (0, 0, 1)\n", "line 2"),
  ])
  func whatIsWrongIsNamedByItsLine(text: String, place: String) throws {
    let folder = try folder()
    let error = #expect(throws: ViewsError.self) { try read(folder, text) }
    #expect(error?.code == "dataset-invalid")
    #expect(error?.description.contains(place) == true, "\(String(describing: error))")
  }

  @Test func aTileTwiceNeedsNamesOfItsOwn() throws {
    let folder = try folder()
    #expect(throws: ViewsError.self) { try read(folder, "dim = 2\na.tif; ; (0, 0)\na.tif; ; (5, 0)\n") }
  }
}
