import Foundation
import Geometry
import JobStore
import JSON
import Testing
import Zarr

/// Orders whose blocks fail, or whose folders are not what they were.
@Suite struct OrderFailureTests {
  /// Two jobs of the same views, with as many levels as there can be.
  private func submitted() throws -> TestFolder {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "3x3", "--shape", "8,150,150", "--chunk", "8,50,50")
    for output in ["calm.ome.zarr", "out.ome.zarr"] {
      let end = try folder.blockfuse("submit", dataset, "--output", output, "--output-chunksize", "z=8,y=16,x=16")
      try #require(end.status == 0, "\(end.errors)")
    }
    return folder
  }

  private func order(_ folder: TestFolder) throws -> String {
    let end = try folder.blockfuse("order", "2")
    try #require(end.status == 0, "\(end.errors)")
    return end.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Of the first chunk of a view.
  private func damageInput(_ folder: TestFolder) throws {
    let tiles = folder.file("mosaic/tiles")
    let names = (FileManager.default.enumerator(atPath: tiles)?.compactMap { $0 as? String } ?? []).sorted()
    let chunk = try #require(
      names.first { name in
        Int((name as NSString).lastPathComponent) != nil && (FileManager.default.contents(atPath: "\(tiles)/\(name)")?.count ?? 0) > 1000
      })
    let url = URL(fileURLWithPath: "\(tiles)/\(chunk)")
    try Data(contentsOf: url).dropLast(7).write(to: url)
  }

  /// As with `run`: all is made but what failed and what rests on it.
  @Test func whatRestsOnFailedBlocksHoldsUpNothingElse() throws {
    let folder = try submitted()
    try damageInput(folder)
    #expect(try folder.blockfuse("run", "1", "--quiet").status == 3)
    let calm = try folder.database.levels(of: 1).map(\.counts)
    try #require(calm.count == 3 && calm[0].failed > 0 && calm[2].pending > 0 && calm[2].done > 0, "\(calm)")
    let order = try order(folder)
    for level in calm.indices {
      let end = try folder.blockfuse("work", order, "--level", "\(level)", "--task", "0", "--tasks", "1")
      #expect(end.status == 3, "level \(level): \(end.errors)")
    }
    #expect(try folder.blockfuse("collect", "2").status == 3)
    #expect(try folder.database.levels(of: 2).map(\.counts) == calm)
  }

  @Test func aChangedViewIsNamedOnce() throws {
    let folder = try submitted()
    let order = try order(folder)
    let tiles = folder.file("mosaic/tiles")
    for path in FileManager.default.enumerator(atPath: tiles)?.compactMap({ $0 as? String }) ?? [] where path.hasSuffix(".zarray") {
      try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: "\(tiles)/\(path)")
    }
    let end = try folder.blockfuse("work", order, "--task", "0", "--tasks", "1", "--workers", "4")
    #expect(end.status == 4, "\(end.errors)")
    let lines = end.errors.split(separator: "\n").filter { $0.hasPrefix("  - ") }
    #expect(!lines.isEmpty && Set(lines).count == lines.count, "\(end.errors)")
  }

  @Test func littleMemoryIsSaidOnce() throws {
    let folder = try submitted()
    let end = try folder.blockfuse(
      "work", try order(folder), "--task", "0", "--tasks", "1", "--workers", "8", "--memory", "60MiB")
    #expect(end.status == 0, "\(end.errors)")
    #expect(end.errors.components(separatedBy: "note: a memory of").count == 2, "\(end.errors)")
  }

  /// It is not known what became of its tasks, so its number is not used again.
  @Test func anOrderWhoseFolderIsGoneIsReplaced() throws {
    let folder = try submitted()
    let first = try order(folder)
    try FileManager.default.removeItem(atPath: folder.file("out.ome.zarr.blockfuse"))
    let second = try order(folder)
    #expect(first.hasSuffix("/order-1") && second.hasSuffix("/order-2"))
    #expect(!FileManager.default.fileExists(atPath: "\(second)/withdrawn"))
    let end = try folder.blockfuse("work", second, "--task", "0", "--tasks", "1")
    #expect(end.status == 0, "\(end.errors)")
    #expect(try folder.blockfuse("collect", "2").status == 0)
    #expect(try folder.database.job(2).state == .complete)
  }

  @Test func anOrderThatIsNotThereIsNotCollected() throws {
    let folder = try submitted()
    let order = try order(folder)
    #expect(try folder.blockfuse("work", order, "--task", "0", "--tasks", "1", "--level", "0").status == 0)
    try FileManager.default.moveItem(atPath: order, toPath: folder.file("away"))
    let gone = try folder.blockfuse("collect", "2")
    #expect(gone.status == 1 && gone.errors.contains(order) && gone.errors.contains("--withdraw"), "\(gone.errors)")
    #expect(try folder.database.openOrder(of: 2)?.collectedAt == nil)
    try FileManager.default.moveItem(atPath: folder.file("away"), toPath: order)
    #expect(try folder.blockfuse("collect", "2").status == 0)
    #expect(try folder.database.levels(of: 2)[0].counts.isSettled)
    #expect(try folder.database.openOrder(of: 2)?.collectedAt != nil)
    // neither run nor withdrawal waits for a folder that will not come back
    try FileManager.default.removeItem(atPath: order)
    #expect(try folder.blockfuse("status", "2").status == 0)
    let run = try folder.blockfuse("run", "2")
    #expect(run.status == 0 && run.errors.contains("is not there any more"), "\(run.errors)")
  }

  @Test(.enabled(if: TestFolder.hasUnprivileged, "nobody may read the folder of the build"))
  func logsThatMayNotBeReadAreSaid() throws {
    let folder = try submitted()
    let order = try order(folder)
    #expect(try folder.blockfuse("work", order, "--task", "0", "--tasks", "1", "--level", "0").status == 0)
    for path in [folder.path] + (FileManager.default.enumerator(atPath: folder.path)?.compactMap { "\(folder.path)/\($0)" } ?? []) {
      chown(path, 65534, 65534)
    }
    chmod("\(order)/level-0", 0o300)
    defer { chmod("\(order)/level-0", 0o755) }
    for arguments in [["collect", "2"], ["collect", "--order", order]] {
      let end = try folder.blockfuseUnprivileged(arguments)
      #expect(end.status == 1 && end.errors.contains("\(order)/level-0"), "\(end.errors)")
    }
    #expect(try folder.database.openOrder(of: 2)?.collectedAt == nil)
  }

  /// One of the two replaces the other without knowing of it when it began.
  @Test func ofTwoOrdersAtOnceOneIsWithdrawn() throws {
    let folder = try submitted()
    _ = try order(folder)
    let hold = folder.file("hold")
    try Data().write(to: URL(fileURLWithPath: hold))
    let slow = try RunningProcess(
      "blockfuse", ["order", "2"], folder: folder.path, environment: ["BLOCKFUSE_FAULT": "order-withdrawn=hold:\(hold)@1"])
    while slow.isRunning, !slow.errorsSoFar.contains("made to fail") { usleep(10_000) }
    let between = try order(folder)
    #expect(!FileManager.default.fileExists(atPath: "\(between)/withdrawn"))
    unlink(hold)
    let end = slow.wait()
    #expect(end.status == 0, "\(end.errors)")
    let last = end.output.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(try folder.database.openOrder(of: 2)?.path == last)
    #expect(FileManager.default.fileExists(atPath: "\(between)/withdrawn"))
    #expect(!FileManager.default.fileExists(atPath: "\(last)/withdrawn"))
  }

  /// Not those of the newest job.
  @Test func theJobOfAnOrderIsCollected() throws {
    let folder = try submitted()
    let ordered = try folder.blockfuse("order", "1").output.trimmingCharacters(in: .whitespacesAndNewlines)
    _ = try order(folder)
    #expect(try folder.blockfuse("work", ordered, "--task", "0", "--tasks", "1").status == 0)
    let wrong = try folder.blockfuse("collect", "2", "--order", ordered)
    #expect(wrong.status == 64 && wrong.errors.contains("is of job 1"), "\(wrong.errors)")
    let end = try folder.blockfuse("collect", "--order", ordered)
    #expect(end.status == 0 && end.output.contains("job 1 is complete"), "\(end.output)\(end.errors)")
    #expect(try folder.database.job(1).state == .complete)
  }

  /// The states are those of every other answer.
  @Test func withoutTheDatabaseAJobHasAStateAsWell() throws {
    let folder = try submitted()
    try damageInput(folder)
    let order = try order(folder)
    let other = try TestFolder()
    func expect(_ state: JobState, _ status: Int32) throws {
      let end = try other.blockfuse("collect", "--order", order, "--json")
      #expect(end.status == status, "\(end.errors)")
      #expect(try JSONValue.parse(end.output)["state"]?.string == state.rawValue)
    }
    try expect(.pending, 75)
    #expect(try folder.blockfuse("work", order, "--task", "0", "--tasks", "2", "--level", "0").status != 1)
    try expect(.interrupted, 75)
    for level in try folder.database.levels(of: 2).indices {
      #expect(try folder.blockfuse("work", order, "--task", "0", "--tasks", "1", "--level", "\(level)").status == 3)
    }
    try expect(.failed, 3)
  }
}
