import Diagnostics
import Foundation
import Testing
import Views

/// What changed of views, in dates and words.
@Suite struct ChangedViewsTests {
  private func folder(_ count: Int) throws -> (folder: ViewsTestFolder, views: [View]) {
    let folder = try ViewsTestFolder()
    for i in 0..<count { try folder.array("in/raw\(i)", shape: [8, 8]) }
    let views = (0..<count).map { i in
      #"{"name": "v\#(i)", "path": "in/raw\#(i)", "axes": ["y", "x"], "spacing": {"y": 1, "x": 1}, "origin": {"y": 0, "x": \#(i)}}"#
    }
    try folder.write("many.json", #"{"views": [\#(views.joined(separator: ","))]}"#)
    for i in 0..<count { try touch("\(folder.path)/in/raw\(i)/.zarray", 1_700_000_000) }
    return (folder, try Dataset.load(folder.path + "/many.json").views)
  }

  private func touch(_ path: String, _ seconds: Double) throws {
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: seconds)], ofItemAtPath: path)
  }

  private func described(_ views: [View]) throws -> ChangedViews {
    let watched = WatchedViews(views)
    return watched.described(try watched.lookAtAll())
  }

  @Test func oneViewIsALine() throws {
    let (folder, views) = try folder(2)
    let file = "\(folder.path)/in/raw1/.zarray"
    try touch(file, 1_700_003_600)
    let times = FileTimeText(now: 1_700_003_600_000_000_000, was: 1_700_000_000_000_000_000)
    let words = try described(views)
    #expect(words.kinds == [.otherTime])
    #expect(words.lines == ["view \"v1\" (\(views[1].path)): its file .zarray is newer: \(times.now), was \(times.was); same size"])
    // other bytes of the same size, on which nothing rests that has a name
    let text = try String(contentsOfFile: file, encoding: .utf8)
    let padded = text.replacingOccurrences(of: ": ", with: ":\t")
    try #require(padded != text && padded.utf8.count == text.utf8.count)
    try folder.write("in/raw1/.zarray", padded)
    try touch(file, 1_700_003_600)
    let rewritten = try described(views)
    #expect(rewritten.kinds == [.otherBytes])
    #expect(rewritten.lines.first?.hasSuffix("same size, other bytes") == true, "\(rewritten.lines)")
    try folder.array("in/raw1", shape: [8, 9])
    #expect(try described(views).kinds == [.otherImage])
    #expect(try described(views).lines.first?.contains("shape: was 8 8, is 8 9") == true)
  }

  @Test func manyViewsAreALineTogether() throws {
    let (folder, views) = try folder(6)
    for i in 1..<6 { try touch("\(folder.path)/in/raw\(i)/.zarray", 1_700_003_600) }
    let newer = try described(views).lines
    #expect(
      newer.count == 1 && newer[0].hasPrefix("5 views are newer, each with its old size, all below \(folder.path)/in: \"v1\" (newer: "),
      "\(newer)")
    for i in 0..<6 where i != 3 { try FileManager.default.removeItem(atPath: "\(folder.path)/in/raw\(i)") }
    let gone = try described(views)
    #expect(gone.lines.first == "5 views are gone, all below \(folder.path)/in: \"v0\", \"v1\", \"v2\", …")
    #expect(gone.lines.count == 2 && gone.kinds == [.gone, .otherTime])
  }

  @Test(
    arguments: [
      (1_700_000_000_000_000_000, 1_700_000_000_000_000_000 - 120_000_000_000, 5),
      (1_700_000_000_000_000_000, 1_700_000_001_000_000_000, 8), (1_700_000_000_000_000_000, 1_700_000_000_000_000_001, 18),
    ] as [(Int64, Int64, Int)])
  func timesDifferAsTheyAreWritten(now: Int64, was: Int64, clock: Int) {
    let text = FileTimeText(now: now, was: was)
    #expect(text.was.count == clock && text.now.hasSuffix(text.was) == false && text.now.contains("2023"), "\(text)")
  }
}
