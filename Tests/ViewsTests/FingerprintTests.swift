import Foundation
import Testing
import Views

@Suite struct FingerprintTests {
  private func folder() throws -> ViewsTestFolder {
    let folder = try ViewsTestFolder()
    try folder.image(
      "a", axes: "cyx", levels: [([2, 8, 8], [1, 1, 1], [0, 0, 0]), ([2, 4, 4], [1, 2, 2], [0, 0.5, 0.5])],
      channels: ["DAPI", "GFP"])
    return folder
  }

  /// Sets the time of a file without touching its bytes.
  private func touch(_ path: String) throws {
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: path)
  }

  @Test func anUntouchedImageHasNoChanges() throws {
    let folder = try folder()
    let view = try folder.load(#"{"path": "a"}"#).views[0]
    #expect(try view.changes() == [])
    #expect(view.fingerprint.fields["shape"] == "2 8 8")
    #expect(view.fingerprint.fields["type"] == "uint16")
    #expect(view.fingerprint.fields["channels"] == "DAPI, GFP")
    let files = view.fingerprint.fields.keys.filter { $0.hasPrefix("file ") }.sorted()
    #expect(files == ["file .zattrs", "file 0/.zarray", "file 1/.zarray"])
    let again = try JSONDecoder().decode(Fingerprint.self, from: JSONEncoder().encode(view.fingerprint))
    #expect(again == view.fingerprint)
  }

  @Test func namesWhatDiffersInMeaning() throws {
    let folder = try folder()
    let view = try folder.load(#"{"path": "a"}"#).views[0]
    try folder.array("a/0", shape: [2, 8, 9], type: "|u1")
    let changes = try view.changes()
    #expect(changes.map(\.field) == ["codec", "shape", "type"])
    #expect(changes.contains(FingerprintChange(field: "shape", recorded: "2 8 8", found: "2 8 9")))
    #expect(changes.last?.description == "type: was uint16, is uint8")
  }

  @Test func namesChangesOfPlaceChannelsAndFurtherLevels() throws {
    let folder = try folder()
    let view = try folder.load(#"{"path": "a"}"#).views[0]
    try folder.image(
      "a", axes: "cyx", levels: [([2, 8, 8], [1, 1, 1], [0, 5, 0]), ([2, 4, 4], [1, 2, 2], [0, 5.5, 0.5])],
      channels: ["DAPI", "RFP"])
    #expect(try view.changes().map(\.field) == ["channels", "level 1", "translation"])
  }

  @Test func namesTheFileWhereTheMeaningIsTheSame() throws {
    let folder = try folder()
    let view = try folder.load(#"{"path": "a"}"#).views[0]
    try touch(folder.path + "/a/0/.zarray")
    let changes = try view.changes()
    #expect(changes.map(\.field) == ["file 0/.zarray"])
    #expect(changes.first?.found?.contains("1000000000.000000000") == true)
  }

  @Test func anImageThatIsGoneOrBrokenIsAChange() throws {
    let folder = try folder()
    let view = try folder.load(#"{"path": "a"}"#).views[0]
    try folder.write("a/.zattrs", "{}")
    #expect(try view.changes().map(\.field) == ["image"])
    try FileManager.default.removeItem(atPath: folder.path + "/a")
    let changes = try view.changes()
    #expect(changes.map(\.field) == ["image"])
    #expect(changes.first?.found?.contains("there is nothing at") == true)
  }

  @Test func looksAtManyViewsAndGivesTheirPlaces() throws {
    let folder = try folder()
    try folder.array("raw", shape: [2, 8, 8])
    let plain =
      #""path": "raw", "axes": ["c", "y", "x"], "spacing": {"y": 1, "x": 1}, "origin": {"y": 0, "x": 0}"#
    let views = (0..<100).map { #"{"name": "\#($0)", \#($0 == 60 ? plain : #""path": "a""#)}"# }
    try folder.write("many.json", #"{"views": [\#(views.joined(separator: ","))]}"#)
    let dataset = try Dataset.load(folder.path + "/many.json")
    #expect(try WatchedViews(dataset.views).lookAtAll().isEmpty)
    try touch(folder.path + "/raw/.zarray")
    let changed = try WatchedViews(dataset.views).lookAtAll(threads: 3)
    #expect(changed.map(\.view) == [60])
    #expect(changed.first?.changes.map(\.field) == ["file .zarray"])
  }
}
