import Diagnostics
import Files
import Geometry
import Testing
import Views
import Zarr

@Suite struct ViewChoiceTests {
  /// Two time points of two channels, an image each; that of t 0 c 0 is not there.
  private func series() throws -> ViewsTestFolder {
    let folder = try ViewsTestFolder()
    for name in ["t0c1", "t1c0", "t1c1"] { try folder.image(name) }
    try folder.dataset(
      #"{"path": "t0c0", "t": 0, "c": 0}"#, #"{"path": "t0c1", "t": 0, "c": 1}"#, #"{"path": "t1c0", "t": 1, "c": 0}"#,
      #"{"path": "t1c1", "t": 1, "c": 1}"#)
    return folder
  }

  private func load(_ choice: ViewChoice, _ folder: ViewsTestFolder) throws -> Dataset {
    try Dataset.load(folder.path + "/dataset.json", options: Dataset.LoadOptions(choice: choice))
  }

  /// Whatever is left out, time points and channels are those of all views.
  @Test func whatIsLeftOutIsNotOpened() throws {
    let folder = try series()
    #expect(throws: ViewsError.inputMissing(view: "t0c0", path: folder.path + "/t0c0")) { try load(ViewChoice(), folder) }
    let cases: [(ViewChoice, [String])] = [
      (ViewChoice(names: ["t1c1", "t0c1"]), ["t0c1", "t1c1"]), (ViewChoice(timePoints: [1]), ["t1c0", "t1c1"]),
      (ViewChoice(channels: ["1"]), ["t0c1", "t1c1"]), (ViewChoice(leftOut: ["t0c0", "nobody"]), ["t0c1", "t1c0", "t1c1"]),
      (ViewChoice(skipsMissing: true), ["t0c1", "t1c0", "t1c1"]),
    ]
    for (choice, names) in cases {
      let dataset = try load(choice, folder)
      #expect(dataset.views.map(\.name) == names)
      #expect((dataset.timeCount, dataset.channelCount) == (2, 2))
      #expect(dataset.missingViews.map(\.name) == (choice.skipsMissing ? ["t0c0"] : []))
      #expect(dataset.isFirstMissing == choice.skipsMissing)
    }
  }

  @Test func whatThereIsNotIsNamed() throws {
    let folder = try series()
    for (choice, words) in [
      (ViewChoice(names: ["t9c0"]), "\"t9c0\""), (ViewChoice(timePoints: [2]), "asks for 2; the dataset has 2"),
      (ViewChoice(channels: ["2"]), "asks for \"2\""), (ViewChoice(names: ["t1c0"], timePoints: [0]), "no view has any"),
    ] {
      let error = #expect(throws: ViewsError.self) { try load(choice, folder) }
      #expect(error?.code.rawValue == "invalid-input" && error?.description.contains(words) == true, "\(String(describing: error))")
    }
    let error = #expect(throws: ViewsError.self) { try load(ViewChoice(names: ["t0c0"], skipsMissing: true), folder) }
    #expect(error?.code.rawValue == "views-missing")
  }

  /// What is known of entries goes with them.
  @Test func someOfTheEntries() {
    var file = DatasetFile(path: "/d.json", entries: (0..<4).map { DatasetEntry(name: "\($0)", path: "\($0)") })
    (file.expectedShapes, file.sides) = ([1: Index3(1, 2, 3), 2: Index3(4, 5, 6)], [3: "90"])
    file.entries[1].timePlaces = [7]
    let some = file.keeping([2, 3])
    #expect(some.entries.map(\.name) == ["2", "3"])
    #expect(some.expectedShapes == [0: Index3(4, 5, 6)] && some.sides == [1: "90"])
    #expect(some.timeCount == 8 && some.leastChannelCount == 0)
  }

  /// A missing or damaged image is at fault itself; a dataset that says something wrong of it is not.
  @Test func whoseFaultItIs() {
    #expect(ViewsError.inputMissing(view: "a", path: "/a").isOfImage)
    #expect(ViewsError.unreadable(view: "a", why: .arrayMissing(path: "/a")).isOfImage)
    #expect(ViewsError.imageInvalid(view: "a", field: "level \"0\"", reason: "").isOfImage)
    for field in ["select", "axes", "spacing", "dataset", "transform \"a\""] {
      #expect(!ViewsError.viewInvalid(view: "a", field: field, reason: "").isOfImage)
    }
    #expect(!ViewsError.mismatch(view: "a", field: "axes", expected: "", found: "").isOfImage)
    #expect(!ViewsError.unreadable(view: "a", why: .storage(.io(step: .read, path: "/a", errno: 5))).isOfImage)
  }
}
