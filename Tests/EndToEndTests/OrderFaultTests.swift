import Faults
import Foundation
import JobStore
import Testing

/// Every fault point of work orders, with every kind of fault, in the making of an order, in a task and in collecting:
/// after recovery the record, the disk and the voxels are those of an undisturbed run.
@Suite struct OrderFaultTests {
  /// The way of a job over two tasks; the first order is replaced.
  static let commands = ["order", "order anew", "work 0", "work 1", "collect"]

  struct Calm {
    let folder: TestFolder
    var reached: [String: [FaultPoint: Int]] = [:]
    let voxels: [[UInt8]]

    init() throws {
      folder = try OrderFaultTests.prepared(nil)
      for command in OrderFaultTests.commands {
        let end = try folder.blockfuse(OrderFaultTests.arguments(command, folder), fault: "trace")
        try #require(end.status == 0, "\(end.errors)")
        for line in end.errors.split(separator: "\n") where line.hasPrefix("fault: ") {
          guard let point = FaultPoint(rawValue: String(line.dropFirst(7))) else { continue }
          reached[command, default: [:]][point, default: 0] += 1
        }
      }
      try #require(try folder.database.job(1).state == .complete)
      voxels = try levels(folder.file("out.ome.zarr"))
    }
  }

  static let calm = Result { try Calm() }
  /// The end of an output may come from a task, too.
  static let points = FaultPoint.ofOrders + [.finalMetadataBegun, .finalMetadataWritten]

  @Test(arguments: points)
  func everyFaultIsRecoveredFrom(point: FaultPoint) throws {
    let calm = try Self.calm.get()
    var tried = 0
    for (turn, command) in Self.commands.enumerated() {
      guard let count = calm.reached[command]?[point] else { continue }
      let errors = ["ENOSPC", "EIO", "EACCES"]
      let isThorough = ProcessInfo.processInfo.environment["BLOCKFUSE_TEST_THOROUGH"] != nil
      let error = errors[(turn + (Self.points.firstIndex(of: point) ?? 0)) % errors.count]
      for action in ["kill"] + (isThorough ? errors : [error]) {
        // the last is in the pyramid
        for occurrence in Set([1, count]) where action == "kill" || occurrence == 1 {
          let fault = "\(point.rawValue)=\(action)"
          if try !isRecovered(from: "\(fault)@\(occurrence)", command, calm) {
            #expect(try isRecovered(from: "\(fault)@1", command, calm), "\(fault) was never made")
          }
          tried += 1
        }
      }
    }
    #expect(tried > 0, "\(point) is never reached")
  }

  /// False where the fault was never made.
  private func isRecovered(from fault: String, _ broken: String, _ calm: Calm) throws -> Bool {
    let folder = try Self.prepared(calm.folder)
    let note = Comment(rawValue: "\(broken) with \(fault)")
    for command in Self.commands {
      // collected to the end, there is nothing left for tasks
      if command.hasPrefix("work"), try folder.database.openOrder(of: 1) == nil { continue }
      guard command == broken else {
        let end = try folder.blockfuse(Self.arguments(command, folder), fault: "")
        try #require(end.status == 0, "\(note): \(end.errors)")
        continue
      }
      let end = try folder.blockfuse(Self.arguments(command, folder), fault: fault)
      guard end.errors.contains("made to fail") else { return false }
      if fault.contains("=kill") { #expect(end.status == 128 + SIGKILL, note) }
      if fault.contains("ENOSPC"), end.status != 0 {
        #expect(end.status == 1 && (end.errors.contains("full") || end.errors.lowercased().contains("no space")), "\(note): \(end.errors)")
      }
      try expectRecordedBlocksOnDisk(folder, job: 1, "\(note)")
      // the record may know less than the logs, never more
      if try folder.database.openOrder(of: 1) != nil {
        #expect([0, 3].contains(try folder.blockfuse("collect").status), note)
        try expectRecordedBlocksOnDisk(folder, job: 1, "\(note)")
      }
      // the same command again
      if command.hasPrefix("work"), try folder.database.openOrder(of: 1) == nil { continue }
      let again = try folder.blockfuse(Self.arguments(command, folder), fault: "")
      try #require(again.status == 0, "\(note): \(again.errors)")
    }
    #expect(try folder.database.job(1).state == .complete, note)
    #expect(try folder.database.job(1).counts.failed == 0, note)
    let verify = try folder.blockfuse("verify", "--quiet")
    #expect(verify.status == 0, "\(note): \(verify.output)")
    #expect(try levels(folder.file("out.ome.zarr")) == calm.voxels, note)
    return true
  }

  static func prepared(_ calm: TestFolder?) throws -> TestFolder {
    let folder = try TestFolder()
    if let calm {
      try FileManager.default.createSymbolicLink(atPath: folder.file("mosaic"), withDestinationPath: calm.file("mosaic"))
    } else {
      _ = try folder.mosaic("--tiles", "1x2", "--shape", "8,70,130", "--chunk", "8,70,70")
    }
    let end = try folder.blockfuse("submit", "mosaic/dataset.json", "--output", "out.ome.zarr", "--output-chunksize", "32")
    try #require(end.status == 0, "\(end.errors)")
    return folder
  }

  static func arguments(_ command: String, _ folder: TestFolder) throws -> [String] {
    let words = command.split(separator: " ").map(String.init)
    guard words[0] == "work" else { return [words[0]] }
    let order = try #require(try folder.database.openOrder(of: 1)).path
    return ["work", order, "--task", words[1], "--tasks", "2", "--workers", "2", "--quiet"]
  }
}
