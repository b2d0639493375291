import Diagnostics
import Geometry
import Testing
import Views

@Suite struct ViewMatcherTests {
  private func channels(_ first: [String]?, _ second: [String]?, count: Int = 2) throws -> [Int?] {
    let folder = try ViewsTestFolder()
    for (name, labels) in [("a", first), ("b", second)] {
      let length = name == "a" ? 2 : count
      try folder.image(
        name, axes: "cyx", levels: [([length, 8, 8], [1, 1, 1], [0, 0, 0])], channels: labels)
    }
    return try folder.load(#"{"path": "a"}"#, #"{"path": "b"}"#).views[1].details.channels.indices
  }

  private func times(_ second: (count: Int, step: Double, start: Double, unit: String?)) throws -> [Int?] {
    let folder = try ViewsTestFolder()
    try folder.image("a", axes: "tyx", levels: [([3, 8, 8], [0.1, 1, 1], [2, 0, 0])], timeUnit: "second")
    try folder.image(
      "b", axes: "tyx", levels: [([second.count, 8, 8], [second.step, 1, 1], [second.start, 0, 0])],
      timeUnit: second.unit)
    return try folder.load(#"{"path": "a"}"#, #"{"path": "b"}"#).views[1].details.times.indices
  }

  @Test func channelsGoByName() throws {
    #expect(try channels(["DAPI", "GFP"], ["GFP", "DAPI"]) == [1, 0])
    #expect(try channels(["DAPI", "GFP"], ["DAPI", "GFP"]) == [0, 1])
  }

  @Test func channelsWithoutNamesGoByIndex() throws {
    #expect(try channels(nil, ["GFP", "DAPI"]) == [0, 1])
    #expect(try channels(["DAPI", "GFP"], nil) == [0, 1])
    #expect(try channels(["DAPI", "GFP"], ["", "GFP"]) == [0, 1])
    // names for another number of channels name nothing
    #expect(try channels(["DAPI", "GFP"], ["GFP"]) == [0, 1])
    // nor do equal ones, but in the same order they are the same
    #expect(try channels(["ch", "ch"], ["ch", "ch"]) == [0, 1])
  }

  @Test func channelsThatDoNotMatchAreAnError() {
    for (first, second, count) in [
      (["DAPI", "GFP"], ["DAPI", "RFP"], 2), (["DAPI", "GFP"], ["DAPI", "GFP", "RFP"], 3),
      (["DAPI", "GFP"], ["DAPI", "DAPI"], 2), (["ch", "ch"], ["ch", "GFP"], 2),
    ] {
      let error = #expect(throws: ViewsError.self) { try channels(first, second, count: count) }
      #expect(error?.code.rawValue == "view-mismatch")
      #expect(error?.description.contains("view \"b\": channels") == true)
    }
  }

  @Test func timePointsGoByValueInAnyUnit() throws {
    #expect(try times((3, 0.1, 2, "second")) == [0, 1, 2])
    #expect(try times((3, 0.1, 2, nil)) == [0, 1, 2])
    #expect(try times((3, 100, 2000, "millisecond")) == [0, 1, 2])
    // no interval, no values
    #expect(try times((3, 0, 0, "second")) == [0, 1, 2])
  }

  @Test func timePointsThatDoNotMatchAreAnError() {
    for second in [
      (3, 0.2, 2.0, "second"), (3, 0.1, 2.1, "second"), (3, 0.1, 2, "millisecond"), (4, 0.1, 2, "second"),
    ] {
      let error = #expect(throws: ViewsError.self) { try times(second) }
      #expect(error?.description.contains("view \"b\": time points") == true)
    }
    let error = #expect(throws: ViewsError.self) { try times((3, 0.1, 2.05, "fortnight")) }
    #expect(error?.description.contains("time unit") == true)
  }

  @Test func transformsPerTimePointAreOneForEach() throws {
    let folder = try ViewsTestFolder()
    try folder.image("a", axes: "tyx", levels: [([2, 8, 8], [1, 1, 1], [0, 0, 0])])
    func shift(_ x: Int) -> String { "[[1,0,0],[0,1,\(x)],[0,0,1]]" }
    let view = try folder.load(#"{"path": "a", "transforms": {"r": {"t": [\#(shift(3)), \#(shift(4))]}}}"#).views[0]
    #expect((0..<2).map { view.transforms["r"]?.affine(t: $0)?.translation[2] } == [3, 4])
    let error = #expect(throws: ViewsError.self) {
      try folder.load(#"{"path": "a", "transforms": {"r": {"t": [\#(shift(3))]}}}"#)
    }
    #expect(error?.description.contains("1 matrix for 2 time points") == true)
  }

  /// Two tiles, two time points, two channels, each a file of its own, and one of them missing.
  @Test func viewsGoWhereTheySay() throws {
    let folder = try ViewsTestFolder()
    for name in ["a0", "a1", "b0"] { try folder.image(name) }
    try folder.image("five", axes: "tczyx", levels: [([3, 2, 4, 8, 8], [1, 1, 2, 0.5, 0.5], [0, 0, 0, 0, 0])])
    try folder.write(
      "dataset.json",
      #"""
      {"channels": ["GFP", "RFP"], "timepoints": 4, "views": [
        {"path": "a0", "t": 0, "c": "GFP"}, {"path": "a1", "t": 1, "c": 0}, {"path": "b0", "t": [0], "c": "RFP"},
        {"path": "five", "t": [3, 1, 0], "c": [1, 0]},
        {"name": "one of five", "path": "five", "select": {"t": 2, "c": 1}, "t": 2, "c": 0}]}
      """#)
    let file = try DatasetFile.read(folder.path + "/dataset.json")
    let dataset = try Dataset(file)
    #expect((dataset.timeCount, dataset.channelCount) == (4, 2))
    #expect(dataset.channelNames == ["GFP", "RFP"])
    let times = dataset.views.map(\.details.times.indices), channels = dataset.views.map(\.details.channels.indices)
    #expect(times == [[0, nil, nil, nil], [nil, 0, nil, nil], [0, nil, nil, nil], [2, 1, nil, 0], [nil, nil, 2, nil]])
    #expect(channels == [[0, nil], [0, nil], [nil, 0], [1, 0], [1, nil]])
    let again = file.moved(to: folder.path + "/again.json")
    try folder.write("again.json", again.serialized())
    #expect(try Dataset.load(again.path).views.map(\.details) == dataset.views.map(\.details))
  }

  /// Placing that does not fit, and what the error must name.
  @Test(arguments: [
    (#"{"views": [{"path": "a", "t": 0}, {"path": "b"}, {"path": "c", "t": 1}]}"#, "view \"b\": time points"),
    (#"{"views": [{"path": "a", "t": [0, 1]}]}"#, "2 places for 1 time points"),
    (#"{"views": [{"path": "a", "select": {"t": 1}}]}"#, "there is no t 1"),
    (#"{"views": [{"path": "a", "select": {"z": 1}}]}"#, "\"z\" is neither t nor c"),
    (#"{"views": [{"path": "a", "t": -1}]}"#, "t: it is no index"),
    (#"{"views": [{"path": "a", "t": 99999999999}]}"#, "t: it is no index"),
    (#"{"views": [{"path": "a", "c": "GFP"}]}"#, "\"GFP\" is none of the dataset's \"channels\""),
    (#"{"channels": ["GFP"], "views": [{"path": "a", "c": 1}]}"#, "1 name, but the views have 2 channels"),
    (#"{"channels": ["a", "a"], "views": [{"path": "a"}]}"#, "all different"),
    (#"{"timepoints": 0, "views": [{"path": "a"}]}"#, "timepoints"),
    (#"{"bounding_boxes": {"b": {"min": {"y": 2, "x": 1}, "max": {"y": 1, "x": 2}}}, "views": [{"path": "a"}]}"#, "min lies above"),
    (#"{"views": [{"path": "a", "dataset": "t0/s0"}]}"#, "no HDF5 file"),
  ])
  func placesThatDoNotFitAreAnError(text: String, words: String) throws {
    let folder = try ViewsTestFolder()
    for name in ["a", "b", "c"] { try folder.image(name) }
    try folder.write("dataset.json", text)
    let error = #expect(throws: ViewsError.self) { try Dataset.load(folder.path + "/dataset.json") }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }
}
