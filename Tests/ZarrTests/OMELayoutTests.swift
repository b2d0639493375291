import Foundation
import Testing
import Zarr

@Suite struct OMELayoutTests {
  private let image = OMESample.v04(
    OMESample.flat(axes: OMESample.axes2D, datasets: [OMESample.dataset("0", OMESample.scale([1, 2]))]))

  @Test func anImageIsItself() throws {
    let folder = try OMETestFolder()
    try folder.group("", format: 2, attributes: image)
    #expect(try OMEImage.list(folder.path) == [folder.path])
  }

  @Test func countsUpWhereTheRootDoesNotListItsImages() throws {
    let folder = try OMETestFolder()
    try folder.group("", format: 2, attributes: #"{"bioformats2raw.layout": 3}"#)
    for name in ["0", "1", "3"] { try folder.group(name, format: 2, attributes: image) }
    #expect(try OMEImage.list(folder.path) == [folder.path + "/0", folder.path + "/1"])
  }

  @Test func takesTheListOfTheRoot() throws {
    let folder = try OMETestFolder()
    try folder.group("", format: 3, attributes: #"{"ome": {"version": "0.5", "bioformats2raw.layout": 3}}"#)
    try folder.group("OME", format: 3, attributes: #"{"ome": {"version": "0.5", "series": ["b/1", "a"]}}"#)
    #expect(try OMEImage.list(folder.path) == [folder.path + "/b/1", folder.path + "/a"])
  }

  @Test func aListedImageCannotLeaveTheRoot() throws {
    let folder = try OMETestFolder()
    try folder.group("", format: 2, attributes: #"{"bioformats2raw.layout": 3}"#)
    try folder.group("OME", format: 2, attributes: #"{"series": ["../secret"]}"#)
    #expect(throws: ZarrError.unsafePath(path: "../secret")) { try OMEImage.list(folder.path) }
  }

  @Test func listsTheFieldsOfAPlate() throws {
    let folder = try OMETestFolder()
    try folder.group(
      "", format: 2,
      attributes: #"{"bioformats2raw.layout": 3, "plate": {"wells": [{"path": "A/1"}, {"path": "B/2"}]}}"#)
    try folder.group("A/1", format: 2, attributes: #"{"well": {"images": [{"path": "0"}, {"path": "1"}]}}"#)
    try folder.group("B/2", format: 2, attributes: #"{"well": {"images": [{"path": "0"}]}}"#)
    #expect(try OMEImage.list(folder.path) == ["A/1/0", "A/1/1", "B/2/0"].map { folder.path + "/" + $0 })
  }

  @Test func anythingElseHoldsNone() throws {
    let folder = try OMETestFolder()
    #expect(try OMEImage.list(folder.path) == [])
    try folder.group("", format: 2, attributes: "{}")
    #expect(try OMEImage.list(folder.path) == [])
  }
}
