import Faults
import Foundation
import JobStore
import JSON
import Testing
import Zarr

/// Every fault point of the program, with every kind of fault: after recovery the record, the disk and the voxels are
/// those of an undisturbed run, and at no time is a block recorded that is not there.
@Suite struct FaultTests {
  enum Layout: String, CaseIterable {
    /// Levels 0 and 1.
    case plain
    case sharded
    /// Mostly untouched by any view.
    case sparse

    var options: String {
      switch self {
      case .plain: #"{"output_chunksize": 32, "zarr_options": {"overwrite": true}}"#
      case .sharded:
        #"""
        {"output_chunksize": 16, "zarr_options": {"overwrite": true, "ngff_version": "0.5",
          "zarr_array_creation_kwargs": {"shards": {"z": 16, "y": 48, "x": 48}}}}
        """#
      case .sparse:
        #"""
        {"output_chunksize": {"z": 8, "y": 80, "x": 8}, "output_shape": {"z": 8, "y": 80, "x": 33000},
          "zarr_options": {"overwrite": true, "ome_zarr": false}}
        """#
      }
    }
  }

  /// An undisturbed submit and run: how often each point is reached by which, and the voxels.
  struct Calm {
    let folder: TestFolder
    var reached: [String: [FaultPoint: Int]] = [:]
    let voxels: [[UInt8]]

    init(_ layout: Layout) throws {
      folder = try FaultTests.prepared(layout, mosaic: nil)
      for command in FaultTests.commands {
        let end = try folder.blockfuse(FaultTests.arguments(command, folder), fault: "trace")
        try #require(end.status == 0, "\(end.errors)")
        var counts: [FaultPoint: Int] = [:]
        for line in end.errors.split(separator: "\n") where line.hasPrefix("fault: ") {
          guard let point = FaultPoint(rawValue: String(line.dropFirst(7))) else { continue }
          counts[point, default: 0] += 1
        }
        reached[command] = counts
      }
      voxels = try FaultTests.voxels(folder)
    }
  }

  static let commands = ["submit", "run"]
  static let calm: [Layout: Calm] = {
    Dictionary(uniqueKeysWithValues: Layout.allCases.compactMap { layout in (try? Calm(layout)).map { (layout, $0) } })
  }()
  /// With `BLOCKFUSE_TEST_THOROUGH` each time that a point is reached; else kills at the first and the last, which is in the
  /// pyramid, and errors at one of these for each layout by turns.
  static func occurrences(action: Int, of count: Int, point: FaultPoint, layout: Layout) -> [Int] {
    if ProcessInfo.processInfo.environment["BLOCKFUSE_TEST_THOROUGH"] != nil { return Array(1...count) }
    if action == 0 { return count == 1 ? [1] : [1, count] }
    let turn = (FaultPoint.allCases.firstIndex(of: point) ?? 0) + action
    if layout != .sparse, turn % 2 != (layout == .plain ? 0 : 1) { return [] }
    return [turn / 2 % 2 == 0 ? 1 : count]
  }

  /// Those of work orders are in `OrderFaultTests`, those of housekeeping in `HousekeepingFaultTests`, those of views that are
  /// taken anew in `RetakenViewTests`, that of a repair in `VerifyTests`, that of a backup in `DatabaseTests`.
  @Test(
    arguments: FaultPoint.allCases.filter {
      !OrderFaultTests.ownPoints.contains($0) && !HousekeepingFaultTests.ownPoints.contains($0)
        && ![.repairing, .backupMade, .takingViews, .viewsTaken].contains($0)
    })
  func everyFaultIsRecoveredFrom(point: FaultPoint) throws {
    try #require(Self.calm.count == Layout.allCases.count)
    var tried = 0
    for layout in Layout.allCases {
      // the sparse one takes longer, and adds only what the others do not reach
      if layout == .sparse, tried > 0 { continue }
      let calm = try #require(Self.calm[layout])
      for command in Self.commands {
        guard let count = calm.reached[command]?[point] else { continue }
        for (i, action) in ["kill", "ENOSPC", "EIO", "EACCES"].enumerated() {
          for occurrence in Self.occurrences(action: i, of: count, point: point, layout: layout) {
            let fault = "\(point.rawValue)=\(action)"
            // how blocks are grouped differs from run to run, and with it how often some points are reached
            if try !isRecovered(from: "\(fault)@\(occurrence)", command, layout, calm) {
              #expect(try isRecovered(from: "\(fault)@1", command, layout, calm), "\(fault) was never made")
            }
            tried += 1
          }
        }
      }
    }
    #expect(tried > 0, "\(point) is never reached")
  }

  /// A fault that does not pass fails each block once its tries are used up, and only the blocks.
  @Test func aFaultThatLastsFailsBlocksAndNotTheRun() throws {
    let calm = try #require(Self.calm[.plain])
    let folder = try Self.prepared(.plain, mosaic: calm.folder)
    try #require(try folder.blockfuse(Self.arguments("submit", folder), fault: "").status == 0)
    let end = try folder.blockfuse(["run", "--quiet"], fault: "file-synced=EIO@4+")
    #expect(end.status == 3, "\(end.errors)")
    let counts = try folder.database.job(1).counts
    #expect(counts.done > 0)
    #expect(counts.failed > 0)
    let failure = try #require(try folder.database.failures(of: 1).first)
    #expect(failure.code == "io-failed")
    #expect(failure.message.contains("tried 4 times"), "\(failure.message)")
    try expectRecordedBlocksOnDisk(folder, job: 1)
    // failed once more, and counted
    try folder.blockfuse("retry")
    #expect(try folder.blockfuse(["run", "--quiet"], fault: "file-renamed=EACCES@1+").status == 3)
    #expect(try folder.database.failures(of: 1).contains { $0.attempts == 2 })
    try folder.blockfuse("retry")
    #expect(try folder.blockfuse("run", "--quiet").status == 0)
    #expect(try Self.voxels(folder) == calm.voxels)
  }

  // MARK: One fault

  /// False where the fault was never made.
  private func isRecovered(from fault: String, _ command: String, _ layout: Layout, _ calm: Calm) throws -> Bool {
    let folder = try Self.prepared(layout, mosaic: calm.folder)
    let note = Comment(rawValue: "\(command) with \(fault), \(layout)")
    if command == "run" {
      try #require(try folder.blockfuse(Self.arguments("submit", folder), fault: "").status == 0, note)
    }
    let end = try folder.blockfuse(Self.arguments(command, folder), fault: fault)
    guard end.errors.contains("made to fail") else { return false }
    let isKilled = fault.contains("=kill")
    if isKilled { #expect(end.status == 128 + SIGKILL, note) }
    if command == "submit" {
      try expectNothingHalfMade(folder, end, isKilled: isKilled, note)
      let again = try folder.blockfuse(Self.arguments("submit", folder), fault: "")
      try #require(again.status == 0, "\(fault): \(again.errors)")
    } else {
      try expectRecordedBlocksOnDisk(folder, job: 1, "\(note)")
      if fault.contains("ENOSPC"), !fault.hasPrefix("file-read"), !fault.hasPrefix("recorded="), end.status != 0 {
        #expect(end.status == 1, note)
        #expect(end.errors.contains("full") || end.errors.contains("no space"), "\(note): \(end.errors)")
        #expect(try folder.database.job(1).counts.failed == 0, note)
      }
      if end.status == 3 { #expect(try folder.blockfuse("retry").status == 0) }
    }
    let run = try folder.blockfuse("run", "--quiet")
    try #require(run.status == 0, "\(note): \(run.errors)")
    #expect(try folder.database.job(nil).state == .complete, note)
    let verify = try folder.blockfuse("verify", "--json", "--quiet")
    #expect(verify.status == 0, "\(note): \(verify.output)")
    // a killed writer leaves its temp file, and nothing else
    let strays = try JSONValue.parse(verify.output)["strays"]?.array?.compactMap(\.string) ?? []
    #expect(strays.allSatisfy { isKilled && $0.hasSuffix(".tmp") }, "\(note): \(strays)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { !$0.hasSuffix(".tmp") }, note)
    #expect(try Self.voxels(folder) == calm.voxels, note)
    return true
  }

  /// What a submit that failed leaves: nothing. What a killed one leaves: the old output somewhere, or the new one.
  private func expectNothingHalfMade(_ folder: TestFolder, _ end: Finished, isKilled: Bool, _ note: Comment) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    let isOldThere = FileManager.default.fileExists(atPath: folder.file("out.zarr/7"))
    if isKilled {
      let isAside = names.contains { $0.hasSuffix(".old.tmp") }
      let isNewThere = ["out.zarr/.zattrs", "out.zarr/zarr.json"].contains { FileManager.default.fileExists(atPath: folder.file($0)) }
      #expect(isOldThere || isAside || isNewThere, note)
    } else if end.status != 0 {
      #expect(isOldThere, note)
      #expect(names.allSatisfy { !$0.hasSuffix(".tmp") }, "\(note): \(names)")
      if names.contains("jobs.sqlite") {
        #expect(try folder.blockfuse("status").status == 10, note)
      }
    }
  }

  // MARK: The ground

  /// A folder with options, an old output that is to be overwritten, and the views.
  static func prepared(_ layout: Layout, mosaic: TestFolder?) throws -> TestFolder {
    let folder = try TestFolder()
    if let mosaic {
      try FileManager.default.createSymbolicLink(atPath: folder.file("mosaic"), withDestinationPath: mosaic.file("mosaic"))
    } else {
      _ = try folder.mosaic("--tiles", "1x2", "--shape", "8,70,70", "--chunk", "8,70,70")
    }
    try Data(layout.options.utf8).write(to: URL(fileURLWithPath: folder.file("options.json")))
    try FileManager.default.createDirectory(atPath: folder.file("out.zarr/7"), withIntermediateDirectories: true)
    for node in [".zgroup", "7/.zarray"] {
      try Data(#"{"zarr_format": 2}"#.utf8).write(to: URL(fileURLWithPath: folder.file("out.zarr/" + node)))
    }
    return folder
  }

  static func arguments(_ command: String, _ folder: TestFolder) -> [String] {
    command == "submit"
      ? ["submit", "mosaic/dataset.json", "--output", "out.zarr", "--options", "options.json"]
      : ["run", "--quiet", "--workers", "2"]
  }

  static func voxels(_ folder: TestFolder) throws -> [[UInt8]] {
    let output = folder.file("out.zarr")
    if FileManager.default.fileExists(atPath: output + "/.zarray") { return [try EndToEndTests.voxels(output)] }
    return try levels(output)
  }
}
