import Foundation
import Testing
import Zarr

@Suite struct OMELayoutTests {
  private let image = OMESample.v04(
    OMESample.flat(axes: OMESample.axes2D, datasets: [OMESample.dataset("0", OMESample.scale([1, 2]))]))

  @Test func anImageListsNone() throws {
    let folder = try OMETestFolder()
    try folder.group("", format: 2, attributes: image)
    #expect(try OMELayout(folder.path) == nil)
  }

  @Test func countsUpWhereTheRootDoesNotListItsImages() throws {
    let folder = try OMETestFolder()
    try folder.group("", format: 2, attributes: #"{"bioformats2raw.layout": 3}"#)
    for name in ["0", "1", "3"] { try folder.group(name, format: 2, attributes: image) }
    #expect(try OMELayout(folder.path)?.images == [folder.path + "/0", folder.path + "/1"])
  }

  @Test func takesTheListOfTheRoot() throws {
    let folder = try OMETestFolder()
    try folder.group("", format: 3, attributes: #"{"ome": {"version": "0.5", "bioformats2raw.layout": 3}}"#)
    try folder.group("OME", format: 3, attributes: #"{"ome": {"version": "0.5", "series": ["b/1", "a"]}}"#)
    #expect(try OMELayout(folder.path)?.images == [folder.path + "/b/1", folder.path + "/a"])
  }

  @Test func aListedImageCannotLeaveTheRoot() throws {
    let folder = try OMETestFolder()
    try folder.group("", format: 2, attributes: #"{"bioformats2raw.layout": 3}"#)
    try folder.group("OME", format: 2, attributes: #"{"series": ["../secret"]}"#)
    #expect(throws: ZarrError.unsafePath(path: "../secret")) { try OMELayout(folder.path)?.images }
  }

  @Test func listsTheFieldsOfAPlate() throws {
    let folder = try OMETestFolder()
    try folder.group(
      "", format: 2,
      attributes: #"{"bioformats2raw.layout": 3, "plate": {"wells": [{"path": "A/1"}, {"path": "B/2"}]}}"#)
    try folder.group("A/1", format: 2, attributes: #"{"well": {"images": [{"path": "0"}, {"path": "1"}]}}"#)
    try folder.group("B/2", format: 2, attributes: #"{"well": {"images": [{"path": "0"}]}}"#)
    #expect(try OMELayout(folder.path)?.images == ["A/1/0", "A/1/1", "B/2/0"].map { folder.path + "/" + $0 })
  }

  /// As a plate is while it is imaged, or when that was stopped.
  @Test func wellsWithoutAFileWereNeverWritten() throws {
    let folder = try OMETestFolder()
    try folder.group("", format: 2, attributes: #"{"plate": {"wells": [{"path": "A/1"}, {"path": "A/2"}, {"path": "B/1"}]}}"#)
    try folder.group("A/1", format: 2, attributes: #"{"well": {"images": [{"path": "0"}]}}"#)
    try FileManager.default.createDirectory(atPath: folder.path + "/B/1/0", withIntermediateDirectories: true)
    let layout = try #require(try OMELayout(folder.path))
    #expect(layout.images == [folder.path + "/A/1/0"])
    #expect(layout.unwrittenWells == ["A/2", "B/1"].map { folder.path + "/" + $0 })
    try Data().write(to: URL(fileURLWithPath: folder.path + "/B/1/0/c"))
    let error = #expect(throws: ZarrError.self) { try OMELayout(folder.path) }
    #expect(error?.description.contains("B/1") == true && error?.description.contains(".zgroup") == true)
  }

  @Test func aWellListsItsImages() throws {
    let folder = try OMETestFolder()
    try folder.group("", format: 3, attributes: #"{"ome": {"version": "0.5", "well": {"images": [{"path": "2"}, {"path": "0"}]}}}"#)
    #expect(try OMELayout(folder.path)?.images == ["2", "0"].map { folder.path + "/" + $0 })
    for attributes in [
      #"{"ome": {"well": {}}}"#, #"{"ome": {"well": {"images": [{}]}}}"#, #"{"ome": {"well": {"images": [{"path": ".."}]}}}"#,
    ] {
      try folder.group("", format: 3, attributes: attributes)
      #expect(throws: ZarrError.self) { try OMELayout(folder.path) }
    }
  }

  @Test func anythingElseListsNone() throws {
    let folder = try OMETestFolder()
    #expect(try OMELayout(folder.path) == nil)
    try folder.group("", format: 2, attributes: "{}")
    #expect(try OMELayout(folder.path) == nil)
  }
}
