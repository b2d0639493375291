import Faults
import Foundation
import JobStore
import Testing

/// Every fault point of work orders, with every kind of fault, in the making of an order, in a task and in collecting:
/// after recovery the record, the disk and the voxels are those of an undisturbed run.
@Suite struct OrderFaultTests {
  /// The way of a job over two tasks; the first order is replaced.
  static let commands = ["order", "order anew", "work 0", "work 1", "collect"]
  /// Fault points that only tasks of a work order and its making and collecting reach.
  static let ownPoints: [FaultPoint] = [
    .orderFrozen, .orderWithdrawn, .beginningOrder, .orderBegun, .logOpened, .logWritten, .logSynced, .merging, .merged,
    .closingOrder,
  ]
  /// The end of an output may come from a task, too.
  static let points = ownPoints + [.finalMetadataBegun, .finalMetadataWritten]

  struct Fault: Sendable {
    let point: FaultPoint
    /// The place in `commands` of the one that it is made in.
    let command: Int
    let action: String
    let occurrence: Int
  }

  @Test func everyFaultIsRecoveredFrom() async throws {
    let workers = max(2, min(4, ProcessInfo.processInfo.activeProcessorCount))
    let stages = try (0..<workers).map { _ in try Stage() }
    let faults = Self.faults(stages[0].reached)
    for point in Self.points { #expect(faults.contains { $0.point == point }, "\(point) is never reached") }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (i, stage) in stages.enumerated() {
        group.addTask {
          for k in stride(from: i, to: faults.count, by: workers) {
            // how blocks are grouped differs from run to run, and with it how often some points are reached
            if try stage.isRecovered(from: faults[k], at: faults[k].occurrence) { continue }
            #expect(try stage.isRecovered(from: faults[k], at: 1), "\(faults[k]) was never made")
          }
        }
      }
      try await group.waitForAll()
    }
  }

  /// Kills at the first and the last time that a point is reached, which is in the pyramid; errors at the first, one of
  /// these for each command by turns, or all of them with `BLOCKFUSE_TEST_THOROUGH`.
  static func faults(_ reached: [[FaultPoint: Int]]) -> [Fault] {
    let isThorough = ProcessInfo.processInfo.environment["BLOCKFUSE_TEST_THOROUGH"] != nil
    let errors = ["ENOSPC", "EIO", "EACCES"]
    var all: [Fault] = []
    for (turn, point) in points.enumerated() {
      for command in commands.indices {
        guard let count = reached[command][point] else { continue }
        for occurrence in Set([1, count]) {
          all.append(Fault(point: point, command: command, action: "kill", occurrence: occurrence))
        }
        for error in isThorough ? errors : [errors[(turn + command) % errors.count]] {
          all.append(Fault(point: point, command: command, action: error, occurrence: 1))
        }
      }
    }
    return all
  }

  /// A job as it is right before each command, to which its folder is set back, so that a fault costs only what comes
  /// after it.
  final class Stage: Sendable {
    let folder: TestFolder
    /// The views, and below `0`, `1`, … the folder before each of `commands`.
    let kept: TestFolder
    /// How often each point is reached by each command of an undisturbed way.
    let reached: [[FaultPoint: Int]]
    let voxels: [[UInt8]]

    init() throws {
      (folder, kept) = (try TestFolder(isInMemory: true), try TestFolder(isInMemory: true))
      let dataset = try kept.mosaic("--tiles", "1x2", "--shape", "8,70,130", "--chunk", "8,70,70")
      let submit = try folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "32")
      try #require(submit.status == 0, "\(submit.errors)")
      var reached: [[FaultPoint: Int]] = []
      for command in commands.indices {
        try FileManager.default.copyItem(atPath: folder.path, toPath: kept.file("\(command)"))
        let end = try folder.blockfuse(Stage.arguments(command, folder), fault: "trace")
        try #require(end.status == 0, "\(end.errors)")
        var counts: [FaultPoint: Int] = [:]
        for line in end.errors.split(separator: "\n") where line.hasPrefix("fault: ") {
          guard let point = FaultPoint(rawValue: String(line.dropFirst(7))) else { continue }
          counts[point, default: 0] += 1
        }
        reached.append(counts)
      }
      try #require(try folder.database.job(1).state == .complete)
      self.reached = reached
      voxels = try levels(folder.file("out.ome.zarr"))
    }

    /// False where the fault was never made.
    func isRecovered(from fault: Fault, at occurrence: Int) throws -> Bool {
      try setBack(to: fault.command)
      let text = "\(fault.point.rawValue)=\(fault.action)@\(occurrence)"
      let note = Comment(rawValue: "\(commands[fault.command]) with \(text)")
      let end = try folder.blockfuse(Self.arguments(fault.command, folder), fault: text)
      guard end.errors.contains("made to fail") else { return false }
      if fault.action == "kill" { #expect(end.status == 128 + SIGKILL, note) }
      if fault.action == "ENOSPC", end.status != 0 {
        #expect(end.status == 1 && (end.errors.contains("full") || end.errors.lowercased().contains("no space")), "\(note): \(end.errors)")
      }
      try expectRecordedBlocksOnDisk(folder, job: 1, "\(note)")
      // the record may know less than the logs, never more
      if try folder.database.openOrder(of: 1) != nil {
        #expect([0, 3].contains(try folder.blockfuse("collect").status), note)
        try expectRecordedBlocksOnDisk(folder, job: 1, "\(note)")
      }
      // the same command again, and the rest; of tasks all, since one may die with blocks of another's share in hand, which
      // are left to that one
      for command in min(fault.command, 2)..<commands.count where command >= fault.command || commands[fault.command].hasPrefix("work") {
        // collected to the end, there is nothing left for tasks
        if commands[command].hasPrefix("work"), try folder.database.openOrder(of: 1) == nil { continue }
        let end = try folder.blockfuse(Self.arguments(command, folder), fault: "")
        try #require(end.status == 0, "\(note), then \(commands[command]): \(end.errors)")
      }
      #expect(try folder.database.job(1).state == .complete, note)
      #expect(try folder.database.job(1).counts.failed == 0, note)
      let verify = try folder.blockfuse("verify", "--quiet")
      #expect(verify.status == 0, "\(note): \(verify.output)")
      #expect(try levels(folder.file("out.ome.zarr")) == voxels, note)
      return true
    }

    private func setBack(to command: Int) throws {
      let files = FileManager.default
      // with another inode the database would be a copy
      let database = "jobs.sqlite"
      for name in try files.contentsOfDirectory(atPath: folder.path) where name != database {
        try files.removeItem(atPath: folder.file(name))
      }
      let before = kept.file("\(command)")
      try Data(contentsOf: URL(fileURLWithPath: "\(before)/\(database)")).write(to: URL(fileURLWithPath: folder.file(database)))
      for name in try files.contentsOfDirectory(atPath: before) where name != database {
        try files.copyItem(atPath: "\(before)/\(name)", toPath: folder.file(name))
      }
    }

    private static func arguments(_ command: Int, _ folder: TestFolder) throws -> [String] {
      let words = commands[command].split(separator: " ").map(String.init)
      guard words[0] == "work" else { return [words[0]] }
      let order = try #require(try folder.database.openOrder(of: 1)).path
      return ["work", order, "--task", words[1], "--tasks", "2", "--workers", "2", "--quiet"]
    }
  }
}
