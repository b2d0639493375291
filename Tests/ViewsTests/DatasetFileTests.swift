import Diagnostics
import Foundation
import Geometry
import Testing
import Views

@Suite struct DatasetFileTests {
  private func read(_ text: String) throws -> DatasetFile {
    let folder = try ViewsTestFolder()
    try folder.write("d.json", text)
    return try DatasetFile.read(folder.path + "/d.json")
  }

  @Test func readsEntries() throws {
    let file = try read(
      """
      {"views": [
        {"name": "a", "path": "x/a.zarr", "axes": ["c", "y", "x"], "spacing": {"y": 1, "x": 0.5}, "origin": {"x": -2},
         "transforms": {"s": [[1, 0, 2], [0, 1, 3], [0, 0, 1]], "r": {"t": [[[1, 0], [0, 1]]]}},
         "scale": 3, "offset": 4},
        {"path": "/data/b.zarr/", "axes": null}]}
      """)
    #expect(file.entries.count == 2)
    let entry = file.entries[0]
    #expect(entry.axes == [.c, .y, .x])
    #expect(entry.spacing == [.y: 1, .x: 0.5])
    #expect(entry.origin == [.x: -2])
    #expect(entry.transforms["s"] == .constant([[1, 0, 2], [0, 1, 3], [0, 0, 1]]))
    #expect(entry.transforms["r"] == .perTime([[[1, 0], [0, 1]]]))
    #expect((entry.scale, entry.offset) == (3, 4))
    #expect(file.entries[1] == DatasetEntry(name: "b.zarr", path: "/data/b.zarr/"))
  }

  /// Files that are wrong, the code of the error and what it must name.
  @Test(arguments: [
    ("{", "dataset-unreadable", "JSON"),
    ("[]", "dataset-empty", "no views"),
    (#"{"views": {}}"#, "dataset-invalid", "views"),
    (#"{"views": []}"#, "dataset-empty", "no views"),
    (#"{"view": [], "views": [{"path": "a"}]}"#, "unknown-key", "\"view\""),
    (#"{"views": ["a"]}"#, "dataset-invalid", "views[0]"),
    (#"{"views": [{"path": "a"}, {"name": "b"}]}"#, "dataset-invalid", "view \"b\", path"),
    (#"{"views": [{"path": ""}]}"#, "dataset-invalid", "views[0], path"),
    (#"{"views": [{"path": "s3://bucket/a"}]}"#, "dataset-invalid", "s3://"),
    (#"{"views": [{"path": "a", "name": 3}]}"#, "dataset-invalid", "name"),
    (#"{"views": [{"path": "a", "name": "x"}, {"path": "b", "name": "x"}]}"#, "duplicate-view", "\"x\""),
    (#"{"views": [{"path": "a"}, {"path": "t/a"}]}"#, "duplicate-view", "\"a\""),
    (#"{"views": [{"path": "a", "axes": ["x", "y"]}]}"#, "dataset-invalid", "axes"),
    (#"{"views": [{"path": "a", "axes": ["y", "x", "q"]}]}"#, "dataset-invalid", "axes"),
    (#"{"views": [{"path": "a", "axes": []}]}"#, "dataset-invalid", "axes"),
    (#"{"views": [{"path": "a", "spacing": {"z": 0}}]}"#, "dataset-invalid", "not positive"),
    (#"{"views": [{"path": "a", "spacing": {"t": 1}}]}"#, "dataset-invalid", "\"t\""),
    (#"{"views": [{"path": "a", "origin": {"z": "1"}}]}"#, "dataset-invalid", "origin"),
    (#"{"views": [{"path": "a", "origin": {"z": NaN}}]}"#, "dataset-invalid", "origin"),
    (#"{"views": [{"path": "a", "origin": [1, 2, 3]}]}"#, "dataset-invalid", "origin"),
    (#"{"views": [{"path": "a", "scale": "2"}]}"#, "dataset-invalid", "scale"),
    (#"{"views": [{"path": "a", "transforms": [[1]]}]}"#, "dataset-invalid", "transforms"),
    (#"{"views": [{"path": "a", "transforms": {"r": 1}}]}"#, "dataset-invalid", "\"r\""),
    (#"{"views": [{"path": "a", "transforms": {"r": [1]}}]}"#, "dataset-invalid", "\"r\""),
    (#"{"views": [{"path": "a", "transforms": {"r": [["1"]]}}]}"#, "dataset-invalid", "no number"),
    (#"{"views": [{"path": "a", "transforms": {"r": {"c": []}}}]}"#, "dataset-invalid", "\"t\""),
  ])
  func saysWhatIsWrong(text: String, code: String, words: String) {
    let error = #expect(throws: ViewsError.self) { try read(text) }
    #expect(error?.code.rawValue == code)
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("d.json") == true)
    #expect(error?.isTransient == false)
  }

  @Test func namesTheNearestKnownKey() {
    let error = #expect(throws: ViewsError.self) { try read(#"{"views": [{"path": "a", "tranforms": {}}]}"#) }
    #expect(error?.code.rawValue == "unknown-key")
    #expect(error?.hint.hasPrefix("did you mean \"transforms\"? there are ") == true)
    let far = #expect(throws: ViewsError.self) { try read(#"{"views": [{"path": "a", "microscope": {}}]}"#) }
    #expect(far?.hint.contains("transforms") == true)
  }

  @Test func aMissingFileAndAFolderAreErrors() throws {
    let folder = try ViewsTestFolder()
    let missing = #expect(throws: ViewsError.self) { try Dataset.load(folder.path + "/none.json") }
    #expect(missing?.code.rawValue == "dataset-missing")
    let directory = #expect(throws: ViewsError.self) { try Dataset.load(folder.path) }
    #expect(directory?.code.rawValue == "dataset-empty")
  }

  @Test func whatIsWrittenLoadsAsTheSame() throws {
    let folder = try ViewsTestFolder()
    try folder.image("in/a", axes: "tyx", levels: [([2, 8, 8], [1, 0.5, 0.5], [0, 1.1, 2.2])])
    try folder.array("in/b", shape: [2, 8, 8])
    try folder.image("in/c", axes: "tyx", levels: [([2, 8, 8], [1, 0.5, 0.5], [0, 1.1, 2.2])])
    let matrices = "[[[1,0,0.1],[0,1,3],[0,0,1]],[[1,0,0.2],[0.25,1,3],[0,0,1]]]"
    try folder.write(
      "in/d.json",
      """
      {"views": [
        {"name": "a \\"1\\"", "path": "a", "transforms": {"r": {"t": \(matrices)}, "s": [[1,0,5],[0,1,6],[0,0,1]]}},
        {"name": "b", "path": "b", "axes": ["t", "y", "x"], "spacing": {"y": 0.3, "x": 0.7},
         "origin": {"y": 1, "x": -2}, "scale": 0.1, "offset": -7},
        {"name": "c", "path": "c", "origin": {"x": 9}}]}
      """)
    let read = try DatasetFile.read(folder.path + "/in/d.json")
    let dataset = try Dataset(read)
    for target in ["in/again.json", "elsewhere/again.json"] {
      let file = read.moved(to: folder.path + "/" + target)
      try folder.write(target, file.serialized())
      let again = try Dataset.load(folder.path + "/" + target)
      #expect(again.views.map(\.name) == dataset.views.map(\.name))
      #expect(again.views.map(\.path) == dataset.views.map(\.path))
      #expect(again.views.map(\.transforms) == dataset.views.map(\.transforms))
      #expect(again.views.map(\.details) == dataset.views.map(\.details))
      #expect(again.views.map(\.fingerprint) == dataset.views.map(\.fingerprint))
      #expect(try file.serialized() == DatasetFile.read(file.path).serialized())
    }
    let text = try String(contentsOfFile: folder.path + "/in/again.json", encoding: .utf8)
    #expect(text.contains(#""path":"a""#))
  }

  @Test func theDigestFollowsTheBytes() throws {
    let folder = try ViewsTestFolder()
    try folder.image("a")
    let dataset = try folder.load(#"{"path": "a"}"#)
    #expect(try DatasetFile.digest(of: dataset.path) == dataset.digest)
    try folder.dataset(#"{"path": "a" }"#)
    #expect(try DatasetFile.digest(of: dataset.path) != dataset.digest)
  }
}
