import Faults
import Foundation
import JobStore
import JSON
import Testing

/// `retry --view`, killed or failing at each point that it reaches: all of it happened or nothing, and nothing that was not
/// asked for is lost.
@Suite struct RetakenViewTests {
  private struct Stand: Equatable {
    let counts: [Int]
    let changes: Int
    let fingerprint: String

    init(_ folder: TestFolder) throws {
      let store = try folder.database
      counts = try store.levels(of: 1).map(\.counts.settled)
      changes = try store.viewChanges(of: 1).count
      fingerprint = try store.views(of: 1)[0].fingerprint
    }
  }

  @Test func isKilledAtEveryFaultPoint() throws {
    let folder = try TestFolder(isInMemory: true)
    _ = try folder.mosaic("--tiles", "1x3", "--shape", "8,96,96", "--chunk", "8,96,96")
    let end = try folder.blockfuse("fuse", "mosaic/dataset.json", "--output", "out.zarr", "--output-chunksize", "16", "--quiet")
    try #require(end.status == 0, "\(end.errors)")
    let calm = try levels(folder.file("out.zarr"))
    let before = try Stand(folder)
    let view = try folder.database.views(of: 1)[0]
    let files = try #require(FileManager.default.enumerator(atPath: view.path)?.compactMap { $0 as? String })
    let metadata = try #require(files.first { $0.hasSuffix(".zarray") || $0.hasSuffix("zarr.json") })
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 2e9)], ofItemAtPath: "\(view.path)/\(metadata)")
    let retry = ["retry", "1", "--view", view.name]

    // an undisturbed one, of a copy of all
    let kept = try Kept(folder)
    let trace = try folder.blockfuse(retry, fault: "trace")
    try #require(trace.status == 0, "\(trace.errors)")
    let after = try Stand(folder)
    #expect(zip(before.counts, after.counts).allSatisfy { $0 > $1 } && before.counts.count > 1, "\(before) \(after)")
    #expect(after.counts[0] > 0 && after.changes == 1 && after.fingerprint != before.fingerprint)
    var reached: [String: Int] = [:]
    for line in trace.errors.split(separator: "\n") where line.hasPrefix("fault: ") { reached[String(line.dropFirst(7)), default: 0] += 1 }
    #expect(Set(reached.keys).isSuperset(of: [FaultPoint.takingViews.rawValue, FaultPoint.viewsTaken.rawValue]), "\(reached)")

    for (point, count) in reached.sorted(by: { $0.key < $1.key }) {
      for action in ["kill", "EIO", "ENOSPC"] {
        for occurrence in Set([1, count]) {
          let fault = "\(point)=\(action)@\(occurrence)"
          try kept.putBack()
          let end = try folder.blockfuse(retry, fault: fault)
          #expect(end.errors.contains("made to fail"), "\(fault) was never made: \(end.errors)")
          let stand = try Stand(folder)
          #expect(stand == before || stand == after, "\(fault): \(stand)")
          if end.status == 0 { #expect(stand == after, "\(fault)") }
          if action == "kill" { #expect(stand == (point == FaultPoint.viewsTaken.rawValue ? after : before), "\(fault)") }
          #expect(try folder.database.integrityCheck() == [], "\(fault)")
          try expectRecordedBlocksOnDisk(folder, job: 1, fault)
          // files are made anew by the run, one by one, and not before
          #expect(try levels(folder.file("out.zarr")) == calm, "\(fault)")
        }
      }
      let again = try folder.blockfuse(retry, fault: "")
      #expect(again.status == 0, "\(point): \(again.errors)")
      #expect(try Stand(folder).counts == after.counts)
    }
    #expect(try folder.blockfuse("run", "1", "--quiet").status == 0)
    #expect(try levels(folder.file("out.zarr")) == calm)
    #expect(try folder.blockfuse("verify", "1", "--quiet").status == 0)
  }

  /// The database as it was, in the file that it has been in: another file would be a copy.
  private struct Kept {
    private let path: String
    private let bytes: Data

    init(_ folder: TestFolder) throws {
      path = folder.file("jobs.sqlite")
      // all that was written is in it
      let log = try? FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int
      try #require((log ?? 0) == 0)
      bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    }

    func putBack() throws {
      for name in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + name) }
      let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try file.truncate(atOffset: 0)
      try file.write(contentsOf: bytes)
      try file.close()
    }
  }
}
