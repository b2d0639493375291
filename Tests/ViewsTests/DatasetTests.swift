import Diagnostics
import Foundation
import Geometry
import Testing
import Views

@Suite struct DatasetTests {
  @Test func loadsPlacedViews() throws {
    let folder = try ViewsTestFolder()
    try folder.image(
      "tiles/a.ome.zarr", axes: "tczyx",
      levels: [
        ([3, 2, 4, 8, 8], [10, 1, 2, 0.5, 0.25], [5, 0, -1, 4, 9]),
        ([3, 2, 4, 4, 4], [10, 1, 2, 1, 0.5], [5, 0, -1, 4.25, 9.125]),
      ], channels: ["DAPI", "GFP"], timeUnit: "second")
    try folder.image(
      "tiles/b.ome.zarr", axes: "tczyx", levels: [([3, 2, 6, 7, 5], [10, 1, 2, 0.5, 0.25], [5, 0, 0, 0, 0])],
      channels: ["GFP", "DAPI"], timeUnit: "second", type: "|u1")
    let dataset = try folder.load(
      #"{"name": "a", "path": "tiles/a.ome.zarr", "transforms": {"r": [[1,0,0,7],[0,1,0,0],[0,0,1,0],[0,0,0,1]]}}"#,
      #"{"name": "b", "path": "\#(folder.path)/tiles/../tiles/./b.ome.zarr", "scale": 2, "offset": -1.5}"#)
    #expect(dataset.path == folder.path + "/dataset.json")
    #expect(dataset.is3D)
    #expect(dataset.elementType == .uint16)
    #expect((dataset.timeCount, dataset.channelCount) == (3, 2))
    #expect(dataset.timePoints == [5, 15, 25])
    #expect((dataset.timeScale, dataset.timeOrigin) == (10, 5))
    #expect(dataset.timeUnit == "second")
    #expect(dataset.channelNames == ["DAPI", "GFP"])
    #expect(dataset.transformKeys == ["r"])

    let a = dataset.views[0]
    #expect(a.path == folder.path + "/tiles/a.ome.zarr")
    #expect(a.levels.map(\.arrayPath) == [a.path + "/0", a.path + "/1"])
    #expect(
      a.levels[0].stack
        == StackProperties(spacing: Vector3(2, 0.5, 0.25), origin: Vector3(-1, 4, 9), shape: Index3(4, 8, 8)))
    #expect(a.levels[1].stack.origin == Vector3(-1, 4.25, 9.125))
    #expect(a.levels[0].shape == TCZYX(t: 3, c: 2, z: 4, y: 8, x: 8))
    #expect(a.levels[0].chunk == TCZYX(t: 3, c: 2, z: 4, y: 8, x: 8))
    #expect(a.levels[0].axes == [.t, .c, .z, .y, .x])
    #expect(a.details.channels.indices == [0, 1])
    #expect(a.transforms["r"]?.affine(t: 2) == AffineMap(rows: AffineMap.identity.rows, translation: Vector3(7, 0, 0)))

    let b = dataset.views[1]
    #expect(b.path == folder.path + "/tiles/b.ome.zarr")
    #expect(b.details.channels.indices == [1, 0])
    #expect(b.details.times.indices == [0, 1, 2])
    #expect((b.intensityScale, b.intensityOffset) == (2, -1.5))
    #expect(b.levels[0].elementType == .uint8)
  }

  /// As BigStitcher takes levels that have a scale only.
  @Test func levelsThatDoNotSayWhereTheyAre() throws {
    let folder = try ViewsTestFolder()
    try folder.image("a", levels: [([8, 8, 8], [2, 1, 1], [0, 0, 5]), ([4, 4, 8], [4, 4, 1], [0, 0, 0])])
    func origin(_ keys: String = "") throws -> Vector3 {
      let dataset = try folder.load(#"{"path": "a"\#(keys)}"#)
      let json = try DatasetFile.read(dataset.path)
      #expect(json.serialized() == (try DatasetFile(json: Array(json.serialized()), path: dataset.path)).serialized())
      return dataset.views[0].levels[1].stack.origin
    }
    let averaged = #", "averaged_levels": true"#
    #expect(try origin(averaged) == Vector3(0, 0, 0))
    let text = try String(contentsOfFile: folder.path + "/a/.zattrs", encoding: .utf8)
    try folder.write(
      "a/.zattrs",
      text.replacing(#", {"type": "translation", "translation": [0.0, 0.0, 0.0]}"#, with: "").replacing(
        ",\n {\"type\": \"translation\", \"translation\": [0.0, 0.0, 0.0]}", with: ""))
    #expect(try origin() == .zero)
    #expect(try origin(averaged) == Vector3(1, 1.5, 5))
    let placed = #", "spacing": {"z": 1, "y": 1, "x": 1}, "origin": {"z": 0, "y": 0, "x": 0}"#
    #expect(try origin(averaged + placed) == Vector3(0.5, 1.5, 0))
    #expect(throws: ViewsError.self) { try origin(#", "averaged_levels": 1"#) }
  }

  @Test func missingAxesHaveLengthOne() throws {
    let folder = try ViewsTestFolder()
    try folder.image("flat", axes: "yx", levels: [([8, 6], [0.5, 0.25], [1, 2])])
    let dataset = try folder.load(#"{"path": "flat", "transforms": {"a": [[0,1,3],[1,0,4],[0,0,1]]}}"#)
    #expect(!dataset.is3D)
    #expect(dataset.timePoints == nil)
    #expect(dataset.views[0].name == "flat")
    #expect(dataset.views[0].levels[0].shape == TCZYX(z: 1, y: 8, x: 6))
    #expect(
      dataset.views[0].levels[0].stack
        == StackProperties(spacing: Vector3(1, 0.5, 0.25), origin: Vector3(0, 1, 2), shape: Index3(1, 8, 6)))
    #expect(dataset.views[0].transforms["a"]?.affine(t: 0)?(Vector3(0, 1, 2)) == Vector3(0, 5, 5))
  }

  @Test func transformsThatAnyViewHasAreListed() throws {
    let folder = try ViewsTestFolder()
    try folder.image("a")
    let identity = "[[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]"
    #expect(try folder.load(#"{"path": "a"}"#).transformKeys == [])
    #expect(try folder.load(#"{"path": "a", "transforms": {"stage": \#(identity)}}"#).transformKeys == ["stage"])
    let two = try folder.load(
      #"{"name": "1", "path": "a", "transforms": {"stage": \#(identity), "registered": \#(identity)}}"#,
      #"{"name": "2", "path": "a", "transforms": {"stage": \#(identity)}}"#)
    #expect(two.transformKeys == ["registered", "stage"])
  }

  @Test func readsPlainArraysPlacedByTheDataset() throws {
    let folder = try ViewsTestFolder()
    try folder.array("raw.zarr", shape: [2, 4, 8, 6], type: ">f4")
    let dataset = try folder.load(
      """
      {"path": "raw.zarr", "axes": ["t", "z", "y", "x"], "spacing": {"z": 2, "y": 0.5, "x": 0.25},
       "origin": {"z": 0, "y": -3, "x": 1e3}}
      """)
    let level = dataset.views[0].levels[0]
    #expect(level.shape == TCZYX(t: 2, z: 4, y: 8, x: 6))
    #expect(level.elementType == .float32)
    #expect(
      level.stack
        == StackProperties(spacing: Vector3(2, 0.5, 0.25), origin: Vector3(0, -3, 1000), shape: Index3(4, 8, 6)))
    #expect(dataset.timePoints == nil)
    #expect(dataset.timeCount == 2)
  }

  @Test func theDatasetCanPlaceAnOMEImageItself() throws {
    let folder = try ViewsTestFolder()
    try folder.image(
      "a", axes: "yx",
      levels: [([8, 8], [0.5, 0.5], [10, 20]), ([4, 4], [1, 1], [10.25, 20.25])])
    let view = try folder.load(#"{"path": "a", "spacing": {"x": 0.25}, "origin": {"y": 0}}"#).views[0]
    #expect(view.levels[0].stack.spacing == Vector3(1, 0.5, 0.25))
    #expect(view.levels[0].stack.origin == Vector3(0, 0, 20))
    #expect(view.levels[1].stack.spacing == Vector3(1, 1, 0.5))
    #expect(view.levels[1].stack.origin == Vector3(0, 0.25, 20.125))
  }

  @Test func aRootWithOneImageIsThatImage() throws {
    let folder = try ViewsTestFolder()
    try folder.write("root/.zgroup", #"{"zarr_format": 2}"#)
    try folder.write("root/.zattrs", #"{"bioformats2raw.layout": 3}"#)
    try folder.image("root/0")
    #expect(try folder.load(#"{"path": "root"}"#).views[0].path == folder.path + "/root/0")
    try folder.image("root/1")
    let error = #expect(throws: ViewsError.self) { try folder.load(#"{"name": "v", "path": "root"}"#) }
    #expect(
      error
        == .severalImages(
          view: "v", path: folder.path + "/root", images: [folder.path + "/root/0", folder.path + "/root/1"]))
    #expect(error?.description.contains("/root/1") == true)
  }

  /// What is wrong with the second of two views, and the code and words of the error.
  @Test(arguments: [
    (#"{"name": "v", "path": "absent"}"#, "input-missing", "/absent"),
    (#"{"name": "v", "path": "hollow"}"#, "input-missing", "/hollow/0"),
    (#"{"name": "v", "path": "picture.tif"}"#, "format-unknown", "picture.tif"),
    (#"{"name": "v", "path": "folder"}"#, "format-unknown", "no Zarr metadata"),
    (#"{"name": "v", "path": "garbage"}"#, "metadata-invalid", "garbage/.zattrs"),
    (#"{"name": "v", "path": "a/0"}"#, "view-invalid", "plain Zarr array"),
    (#"{"name": "v", "path": "a/0", "axes": ["y", "x"]}"#, "view-invalid", "3 dimensions"),
    (#"{"name": "v", "path": "a/0", "axes": ["z", "y", "x"]}"#, "view-invalid", "spacing"),
    (
      #"{"name": "v", "path": "a/0", "axes": ["z", "y", "x"], "spacing": {"z": 1, "y": 1, "x": 1}}"#, "view-invalid",
      "origin"
    ),
    // axes count more than those of the metadata
    (#"{"name": "v", "path": "a", "axes": ["t", "y", "x"]}"#, "view-mismatch", "axes: y x, but the first view has z y x"),
    (#"{"name": "v", "path": "a", "axes": ["y", "x"]}"#, "metadata-invalid", "not a list of 2 numbers"),
    (#"{"name": "v", "path": "flat"}"#, "view-mismatch", "axes: y x, but the first view has z y x"),
    (#"{"name": "v", "path": "flat", "spacing": {"z": 1}}"#, "view-invalid", "no axis z"),
    (#"{"name": "v", "path": "channels"}"#, "view-mismatch", "channels: 2, but the first view has 1"),
    (#"{"name": "v", "path": "times"}"#, "view-mismatch", "time points: 2, but the first view has 1"),
    (#"{"name": "v", "path": "ragged"}"#, "view-invalid", "dimensions"),
    (#"{"name": "v", "path": "endless"}"#, "view-invalid", "absurdly large"),
    (#"{"name": "v", "path": "root"}"#, "format-unknown", "has none"),
    (
      #"{"name": "v", "path": "a", "transforms": {"r": [[1,0,0],[0,1,0],[0,0,1]]}}"#, "view-invalid",
      "transform \"r\": the matrix is 3 x 3, for images of y and x; the image has z too and takes 4 x 4"
    ),
    (
      #"{"name": "v", "path": "a", "transforms": {"r": [[1,0,0,0],[0,1,0,0],[0,0,0,0],[0,0,0,1]]}}"#, "view-invalid",
      "singular"
    ),
    (
      #"{"name": "v", "path": "a", "transforms": {"r": [[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,1,1]]}}"#, "view-invalid",
      "last row"
    ),
    (
      #"{"name": "v", "path": "a", "transforms": {"r": [[1,0,0,0],[0,1,0],[0,0,1,0],[0,0,0,1]]}}"#, "view-invalid",
      "4 x 4"
    ),
    (#"{"name": "v", "path": "a", "transforms": {"r": {"t": []}}}"#, "view-invalid", "0 matrices for 1 time point"),
  ])
  func namesTheViewAndWhatIsWrong(view: String, code: String, words: String) throws {
    let folder = try ViewsTestFolder()
    try folder.image("a")
    try folder.image("hollow")
    try FileManager.default.removeItem(atPath: folder.path + "/hollow/0")
    try folder.image("flat", axes: "yx", levels: [([8, 8], [1, 1], [0, 0])])
    try folder.image("channels", axes: "czyx", levels: [([2, 4, 8, 8], [1, 2, 0.5, 0.5], [0, 0, 0, 0])])
    try folder.image("times", axes: "tzyx", levels: [([2, 4, 8, 8], [1, 2, 0.5, 0.5], [0, 0, 0, 0])])
    try folder.image("ragged")
    try folder.array("ragged/0", shape: [8, 8])
    try folder.image("endless", axes: "tzyx", levels: [([1_000_000_000_000, 1, 1, 1], [1, 1, 1, 1], [0, 0, 0, 0])])
    try folder.write("root/.zgroup", #"{"zarr_format": 2}"#)
    try folder.write("root/.zattrs", #"{"bioformats2raw.layout": 3}"#)
    try folder.write("picture.tif", "II*")
    try folder.write("folder/notes.txt", "")
    try folder.write("garbage/.zgroup", #"{"zarr_format": 2}"#)
    try folder.write("garbage/.zattrs", "{")
    let error = #expect(throws: ViewsError.self) { try folder.load(#"{"name": "first", "path": "a"}"#, view) }
    #expect(error?.code.rawValue == code)
    #expect(error?.view == "v")
    let text = error?.description ?? ""
    #expect(text.contains("\"v\""), "\(text)")
    #expect(text.contains(words), "\(text)")
    #expect(error?.hint.isEmpty == false)
  }

  @Test func dimensionNamesMustNotContradictTheAxes() throws {
    let folder = try ViewsTestFolder()
    let image = """
      {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.5", "multiscales": [{
        "axes": [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}],
        "datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 2]}]}]}]}}}
      """
    try folder.write("v/zarr.json", image)
    for (names, isRight) in [(#"["y", "x"]"#, true), (#"["dim_0", null]"#, true), (#"["x", "y"]"#, false)] {
      try folder.write(
        "v/0/zarr.json",
        """
        {"zarr_format": 3, "node_type": "array", "shape": [8, 8], "data_type": "uint8", "fill_value": 0,
         "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [8, 8]}},
         "chunk_key_encoding": {"name": "default"}, "codecs": [{"name": "bytes"}], "dimension_names": \(names)}
        """)
      if isRight {
        #expect(try folder.load(#"{"path": "v"}"#).views.count == 1)
      } else {
        let error = #expect(throws: ViewsError.self) { try folder.load(#"{"path": "v"}"#) }
        #expect(error?.description.contains("dimensions") == true)
      }
    }
  }

  @Test func reportsTheFirstOfSeveralThatAreWrong() throws {
    let folder = try ViewsTestFolder()
    try folder.image("a")
    let views = (0..<200).map { i in #"{"name": "\#(i)", "path": "\#(i == 77 || i >= 150 ? "absent" : "a")"}"# }
    try folder.write("dataset.json", #"{"views": [\#(views.joined(separator: ","))]}"#)
    let error = #expect(throws: ViewsError.self) { try Dataset.load(folder.path + "/dataset.json") }
    #expect(error == .inputMissing(view: "77", path: folder.path + "/absent"))
  }
}
