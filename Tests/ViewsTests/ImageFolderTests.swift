import Diagnostics
import Files
import Foundation
import Geometry
import Testing
import Views

/// Images without a dataset file: one, a folder, a list.
@Suite struct ImageFolderTests {
  private func folder(_ origins: [Double] = [0, 10]) throws -> ViewsTestFolder {
    let folder = try ViewsTestFolder()
    for (i, x) in origins.enumerated() {
      try folder.image("tiles/tile_\(i == 1 ? 10 : 2).ome.zarr", levels: [([4, 8, 8], [2, 0.5, 0.5], [0, 0, x])])
    }
    return folder
  }

  @Test func imagesOfAFolderAreWhereTheySay() throws {
    let folder = try folder()
    try folder.write("tiles/notes.txt", "hello")
    try folder.write("tiles/.hidden.zarr/.zgroup", #"{"zarr_format": 2}"#)
    try folder.write("tiles/labels/.zgroup", #"{"zarr_format": 2}"#)
    let file = try DatasetFile.read(folder.path + "/tiles")
    // by the value of numbers
    #expect(file.entries.map(\.name) == ["tile_2", "tile_10"])
    #expect(file.notes.count == 1 && file.notes[0].contains("labels"))
    let dataset = try Dataset(file)
    #expect(dataset.views.map { $0.levels[0].stack.origin } == [.zero, Vector3(0, 0, 10)])
    #expect(dataset.transformKeys.isEmpty && dataset.listedFolder == folder.path + "/tiles")
    #expect(try DatasetFile.digest(of: folder.path + "/tiles") == file.digest)
    try folder.image("tiles/one_more.zarr")
    #expect(try DatasetFile.digest(of: folder.path + "/tiles") != file.digest)
  }

  @Test func lists() throws {
    let folder = try folder()
    let paths = ["tiles/tile_10.ome.zarr", folder.path + "/tiles/tile_2.ome.zarr"]
    for (name, text) in [
      ("a.txt", "# tiles\n\n\(paths[0])\r\n  \(paths[1])  \n"), ("b.json", "[\"\(paths[0])\",\n \"\(paths[1])\"]"),
    ] {
      try folder.write(name, text)
      let dataset = try Dataset.load(folder.path + "/" + name)
      #expect(dataset.views.map(\.name) == ["tile_10", "tile_2"])
      #expect(dataset.views[1].levels[0].stack.origin == .zero && dataset.listedFolder == nil)
    }
  }

  @Test func oneImage() throws {
    let folder = try folder()
    #expect(try Dataset.load(folder.path + "/tiles/tile_2.ome.zarr").views.map(\.name) == ["tile_2.ome.zarr"])
    try folder.write("a.tif", TinyTIFF(planes: [[1, 2, 3, 4, 5, 6]], width: 3).bytes)
    #expect(try Dataset.load(folder.path + "/a.tif").views[0].levels[0].shape == TCZYX(z: 1, y: 2, x: 3))
  }

  @Test func tilesOfABioformats2rawFolder() throws {
    let folder = try ViewsTestFolder()
    try folder.write("raw.zarr/.zgroup", #"{"zarr_format": 2}"#)
    try folder.write("raw.zarr/.zattrs", #"{"bioformats2raw.layout": 3}"#)
    for i in 0..<3 { try folder.image("raw.zarr/\(i)", levels: [([4, 8, 8], [1, 1, 1], [0, 0, 5.0 * Double(i)])]) }
    #expect(try Dataset.load(folder.path + "/raw.zarr").views.map(\.name) == ["0", "1", "2"])
  }

  @Test func positionsThatBioformats2rawKeepsInItsXML() throws {
    let folder = try ViewsTestFolder()
    try folder.write("raw.zarr/.zgroup", #"{"zarr_format": 2}"#)
    try folder.write("raw.zarr/.zattrs", #"{"bioformats2raw.layout": 3}"#)
    try folder.write("raw.zarr/OME/.zgroup", #"{"zarr_format": 2}"#)
    try folder.write("raw.zarr/OME/.zattrs", #"{"series": ["0", "1"]}"#)
    let images = (0..<2).map { i in
      try? folder.image("raw.zarr/\(i)")
      return
        #"<Image ID="Image:\#(i)"><Pixels DimensionOrder="XYZCT" SizeX="8" SizeY="8" SizeZ="4" SizeC="1" SizeT="1"><Plane TheZ="0" TheC="0" TheT="0" PositionX="\#(i)" PositionXUnit="mm" PositionY="-5" PositionYUnit="reference frame"/></Pixels></Image>"#
    }
    func write(_ text: String) throws { try folder.write("raw.zarr/OME/METADATA.ome.xml", "<?xml version=\"1.0\"?><OME>\(text)</OME>") }
    try write(images.joined())
    let path = folder.path + "/raw.zarr"
    let file = try DatasetFile.read(path)
    #expect(file.notes.contains { $0.contains("METADATA.ome.xml") })
    #expect(try Dataset(file).views.map { $0.levels[0].stack.origin } == [Vector3(0, -5, 0), Vector3(0, -5, 1000)])
    #expect(try DatasetFile.digest(of: path) == file.digest)
    // of images that say so themselves it does not count
    try folder.image("raw.zarr/1", levels: [([4, 8, 8], [1, 1, 1], [0, 0, 7])])
    #expect(try Dataset.load(path).views.map { $0.levels[0].stack.origin } == [.zero, Vector3(0, 0, 7)])
    try folder.image("raw.zarr/1")
    try write(images.joined().replacing("\"mm\"", with: "\"mm\" PositionY="))
    let error = #expect(throws: ViewsError.self) { try Dataset.load(path) }
    #expect(error?.description.contains("METADATA.ome.xml") == true)
    try write(images[0])
    #expect(throws: ViewsError.self) { try Dataset.load(path) }
  }

  @Test(arguments: [
    (String.Encoding.utf8, "UTF-8"), (.isoLatin1, "ISO-8859-1"), (.windowsCP1252, "windows-1252"), (.utf16LittleEndian, "UTF-16"),
    (.utf16BigEndian, "UTF-16"),
  ]) func itsXMLInOtherEncodings(encoding: String.Encoding, name: String) throws {
    let folder = try ViewsTestFolder()
    try folder.write("raw.zarr/.zgroup", #"{"zarr_format": 2}"#)
    try folder.write("raw.zarr/.zattrs", #"{"bioformats2raw.layout": 3}"#)
    let images = try (0..<2).map { i in
      try folder.image("raw.zarr/\(i)")
      return
        #"<Image ID="Image:\#(i)"><Pixels DimensionOrder="XYZCT" SizeX="8" SizeY="8" SizeZ="4" SizeC="1" SizeT="1"><Plane TheZ="0" TheC="0" TheT="0" PositionX="\#(i)" PositionXUnit="mm" PositionY="3" PositionYUnit="µm"/></Pixels></Image>"#
    }
    let text = "<?xml version=\"1.0\" encoding=\"\(name)\"?>\n<OME>\(images.joined())</OME>"
    try folder.write("raw.zarr/OME/METADATA.ome.xml", try #require(text.data(using: encoding)))
    let views = try Dataset.load(folder.path + "/raw.zarr").views
    #expect(views.map { $0.levels[0].stack.origin } == [Vector3(0, 3, 0), Vector3(0, 3, 1000)])
  }

  /// A well with two fields, of which the XML has the second one first.
  @Test func fieldsOfAPlateAreFoundByTheirWells() throws {
    let folder = try ViewsTestFolder()
    try folder.write("raw.zarr/.zgroup", #"{"zarr_format": 2}"#)
    func plate(_ wells: String) throws {
      try folder.write("raw.zarr/.zattrs", #"{"bioformats2raw.layout": 3, "plate": {"wells": [\#(wells)]}}"#)
    }
    func xml(_ samples: String) throws {
      let images = (0..<3).map {
        #"<Image ID="Image:\#($0)"><Pixels DimensionOrder="XYZCT" SizeX="8" SizeY="8" SizeZ="4" SizeC="1" SizeT="1"><Plane TheZ="0" TheC="0" TheT="0" PositionX="\#([0, 100, 5][$0])" PositionY="0"/></Pixels></Image>"#
      }
      try folder.write("raw.zarr/OME/METADATA.ome.xml", "<OME><Plate>\(samples)</Plate>\(images.joined())</OME>")
    }
    let well = #"{"path": "A/1", "rowIndex": 0, "columnIndex": 0}, {"path": "B/1", "rowIndex": 1, "columnIndex": 0}"#
    func samples(_ ids: [Int]) -> String { ids.map { #"<WellSample><ImageRef ID="Image:\#($0)"/></WellSample>"# }.joined() }
    func rows(_ second: [Int], _ first: [Int]) -> String {
      #"<Well Row="1" Column="0">\#(samples(second))</Well><Well Row="0" Column="0">\#(samples(first))</Well>"#
    }
    for (name, images) in [("A/1", ["0", "1"]), ("B/1", ["0"])] {
      try folder.write("raw.zarr/\(name)/.zgroup", #"{"zarr_format": 2}"#)
      let listed = images.map { #"{"path": "\#($0)"}"# }.joined(separator: ", ")
      try folder.write("raw.zarr/\(name)/.zattrs", #"{"well": {"images": [\#(listed)]}}"#)
      for image in images { try folder.image("raw.zarr/\(name)/\(image)") }
    }
    let path = folder.path + "/raw.zarr"
    try plate(well)
    try xml(rows([1], [2, 0]))
    #expect(try Dataset.load(path).views.map { $0.levels[0].stack.origin[2] } == [5, 0, 100])
    // where it is not certain which is which, positions are no positions
    for text in [rows([1], [2]), rows([1], [2, 1]), rows([1], [2, 3]), rows([1], [2, 0]) + rows([], []), ""] {
      try xml(text)
      #expect(throws: ViewsError.self) { try Dataset.load(path) }
    }
    try xml(rows([1], [2, 0]))
    try plate(#"{"path": "A/1"}, {"path": "B/1"}"#)
    #expect(throws: ViewsError.self) { try Dataset.load(path) }
  }

  /// Where the levels are, and not where a transformation of the image would put it; and this is said.
  @Test func transformationsOfAnImageToFurtherSystemsAreNotUsed() throws {
    let folder = try ViewsTestFolder()
    let axes = ["y", "x"].map { #"{"name": "\#($0)", "type": "space", "unit": "micrometer"}"# }.joined(separator: ", ")
    func image(_ name: String, _ transformation: String) throws {
      try folder.write(
        name + "/zarr.json",
        """
        {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.6", "multiscales": [{
          "coordinateSystems": [{"name": "physical", "axes": [\(axes)]}, {"name": "world", "axes": [\(axes)]}],
          "datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 1],
            "input": {"path": "0"}, "output": {"name": "physical"}}]}],
          "coordinateTransformations": [{\(transformation), "input": {"name": "physical"}, "output": {"name": "world"}}]}]}}}
        """)
      try folder.array(name + "/0", shape: [4, 4])
    }
    for name in ["tiles/a", "tiles/b"] { try image(name, #""type": "translation", "translation": [0, 3]"#) }
    try folder.write(
      "dataset.json", #"{"views": [{"path": "tiles/a"}, {"path": "tiles/b", "origin": {"y": 0, "x": 4}}]}"#)
    let dataset = try Dataset.load(folder.path + "/dataset.json")
    #expect(dataset.views[0].levels[0].stack.origin == .zero)
    #expect(dataset.notes.count == 1 && dataset.notes[0].contains("\"world\"") && dataset.notes[0].contains("\"a\" and 1 more"))
    let one = try Dataset.load(folder.path + "/tiles/a")
    #expect(one.notes.count == 1)
    try image("tiles/c", #""type": "identity""#)
    #expect(try Dataset.load(folder.path + "/tiles/c").notes.isEmpty)
  }

  @Test func imagesThatDoNotSayWhereTheyAre() throws {
    let folder = try folder([0, 0])
    let error = #expect(throws: ViewsError.self) { try Dataset.load(folder.path + "/tiles") }
    #expect(error?.code.rawValue == "places-missing" && error?.hint.isEmpty == false)
    for name in ["TileConfiguration.txt", "TileConfiguration.registered.txt"] { try folder.write("tiles/" + name, "dim = 3\n") }
    let other = #expect(throws: ViewsError.self) { try Dataset.load(folder.path + "/tiles") }
    #expect(other?.hint == "did you mean \(folder.path)/tiles/TileConfiguration.registered.txt?")
    try folder.write("list.txt", "tiles/tile_2.ome.zarr\ntiles/tile_10.ome.zarr\n")
    #expect(throws: ViewsError.self) { try Dataset.load(folder.path + "/list.txt") }
  }

  /// Channels or time points of one place would be averaged.
  @Test func twoImagesOfOnePlaceAmongOthers() throws {
    let folder = try folder([0, 10])
    // the stage does not come back to the same nanometre
    try folder.image("tiles/tile_10_red.ome.zarr", levels: [([4, 8, 8], [2, 0.5, 0.5], [0, 0, 10.02])])
    let error = #expect(throws: ViewsError.self) { try Dataset.load(folder.path + "/tiles") }
    #expect(error?.code.rawValue == "same-place" && error?.hint.contains("\"c\"") == true)
    #expect(error?.description.contains("tile_10\" and \"tile_10_red") == true, "\(String(describing: error))")
    try folder.write("list.txt", "tiles/tile_2.ome.zarr\ntiles/tile_10.ome.zarr\n")
    #expect(try Dataset.load(folder.path + "/list.txt").views.count == 2)
    // what a dataset.json says is meant
    let views = ["tile_2", "tile_10", "tile_10_red"].map { #"{"path": "tiles/\#($0).ome.zarr"}"# }
    #expect(try folder.load(views.joined(separator: ", ")).views.count == 3)
    // another part of the place is another tile
    try folder.image("tiles/tile_10_red.ome.zarr", levels: [([2, 8, 8], [2, 0.5, 0.5], [0, 0, 10])])
    #expect(try Dataset.load(folder.path + "/tiles").views.count == 3)
  }

  @Test func wellsOfAPlate() throws {
    let folder = try ViewsTestFolder()
    func plate(_ second: Double, fields: Int = 2) throws {
      try folder.write("p.zarr/.zgroup", #"{"zarr_format": 2}"#)
      try folder.write("p.zarr/.zattrs", #"{"plate": {"wells": [{"path": "A/1"}, {"path": "B/2"}]}}"#)
      for (well, start) in [("A/1", 0), ("B/2", second)] {
        let images = (0..<fields).map { #"{"path": "\#($0)"}"# }.joined(separator: ", ")
        try folder.write("p.zarr/\(well)/.zgroup", #"{"zarr_format": 2}"#)
        try folder.write("p.zarr/\(well)/.zattrs", #"{"well": {"images": [\#(images)]}}"#)
        for i in 0..<fields {
          try folder.image("p.zarr/\(well)/\(i)", levels: [([4, 8, 8], [2, 0.5, 0.5], [0, 0, start + 3 * Double(i)])])
        }
      }
    }
    for (second, fields) in [(0.0, 1), (0, 2), (1, 2)] {
      try plate(second, fields: fields)
      let error = #expect(throws: ViewsError.self) { try Dataset.load(folder.path + "/p.zarr") }
      #expect(error?.code.rawValue == "wells-overlap" && error?.hint.hasSuffix("p.zarr/A/1") == true, "\(String(describing: error))")
    }
    #expect(try Dataset.load(folder.path + "/p.zarr/A/1").views.count == 2)
    // places on the whole plate
    try plate(9000)
    #expect(try Dataset.load(folder.path + "/p.zarr").views.count == 4)
  }

  /// A file, and what the error must say.
  @Test(arguments: [
    ("list.txt", "tiles/tile_2.ome.zarr\nnowhere.zarr\n", "input-missing", ["nowhere.zarr"]),
    ("list.txt", "some words\n", "dataset-invalid", ["line 1", "some words", "dataset.json"]),
    ("list.txt", "x,y,z\n1,2,3\n", "dataset-invalid", ["line 1"]),
    ("list.txt", "# nothing\n\n", "dataset-empty", ["list.txt"]),
    ("list.txt", "tiles/tile_2.ome.zarr\ntiles/tile_2.ome.zarr\n", "duplicate-view", ["tile_2"]),
    ("list.json", "[{\"path\": \"a\"}]", "dataset-invalid", ["entry 0", "views"]),
    ("list.json", "[\"a\",", "dataset-unreadable", ["JSON"]),
    ("list.json", "[\"missing.zarr\"]", "dataset-invalid", ["entry 0", "missing.zarr"]),
    ("data.bin", "\u{1}\u{0}\u{2}", "dataset-unsupported", ["data.bin", "dataset.json"]),
    ("data.h5", "\u{89}HDF", "dataset-unsupported", ["data.h5"]),
    ("empty/x.txt", "", "dataset-empty", ["empty", "OME-Zarr"]),
    ("empty/TileConfiguration.txt", "dim = 2\n", "dataset-empty", ["empty/TileConfiguration.txt"]),
    ("plain/.zarray", "{", "dataset-unreadable", ["plain"]),
  ])
  func whatIsWrongIsNamed(file: String, text: String, code: String, words: [String]) throws {
    let folder = try folder()
    let signature = Data([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A])
    if file == "data.h5" { try folder.write(file, signature) } else { try folder.write(file, text) }
    let path = file.contains("/") ? FilePath.folder(of: "/" + file).dropFirst() : file[...]
    let error = #expect(throws: ViewsError.self) { try Dataset.load(folder.path + "/" + path) }
    let said = (error?.description ?? "") + " " + (error?.hint ?? "")
    if code != "dataset-unreadable" || file != "plain/.zarray" { #expect(error?.code.rawValue == code, "\(said)") }
    for word in words { #expect(said.contains(word), "\(said)") }
  }

  @Test func filesOfOneOMETIFFAreOneImage() throws {
    let folder = try ViewsTestFolder()
    for c in 0..<2 {
      var tiff = TinyTIFF(planes: [[1, 2, 3, 4, 5, 6]], width: 3)
      let files = (0..<2).map { #"<TiffData FirstC="\#($0)" IFD="0"><UUID FileName="c\#($0).tif">u\#($0)</UUID></TiffData>"# }.joined()
      tiff.description = """
        <?xml version="1.0"?><OME UUID="u\(c)"><Image><Pixels DimensionOrder="XYCZT" SizeX="3" SizeY="2" SizeZ="1" SizeC="2" SizeT="1">\(files)</Pixels></Image></OME>
        """
      try folder.write("tiles/c\(c).tif", tiff.bytes)
    }
    let dataset = try Dataset.load(folder.path + "/tiles")
    #expect(dataset.views.map(\.name) == ["c0"] && dataset.channelCount == 2)
  }
}
