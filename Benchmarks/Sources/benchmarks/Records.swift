import Foundation
import Geometry
import JobStore

/// The job database of a large job: how many blocks a second are taken and recorded, and what asking costs.
struct RecordBenchmark {
  /// 128³ blocks of about a hundred teravoxels.
  private let levels = levelLayouts(
    shape: TCZYX(z: 6000, y: 128_000, x: 128_000), chunk: Index3(repeating: 128), shard: nil, pyramid: true)

  func run(_ table: inout Table) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("blockfuse-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("jobs.sqlite").path
    let blockCount = levels.reduce(0) { $0 + $1.grid.total }
    table.section("Job database, \(blockCount) blocks", ["operation", "result"])
    let store = try JobStore.open(path, mode: .create)
    let description = JobDescription(
      name: "bench", uuid: UUID().uuidString, datasetPath: "/d", datasetDigest: "", outputPath: "/o", options: "{}",
      programVersion: "", voxelRevision: 1, codecLibraries: "", fusionFunction: "weighted_average_fusion", elementType: .uint16,
      spacing: .one, origin: .zero)
    var job = 0
    row(
      "submit", &table,
      seconds: try wallSeconds {
        job = try store.createJob(NewJob(description: description, views: [], levels: levels))
        try store.markReady(job)
      })
    let run = try store.beginRun(job: job, info: .current(command: "bench"))
    for (limit, count) in [(1, 2_000), (16, 32_000), (64, 200_000), (256, 500_000)] {
      var done = 0
      let seconds = try wallSeconds {
        while done < count {
          let results = try run.claim(level: 0, limit: limit).flatMap { claim in
            claim.positions.map { BlockResult(claim: claim.id, position: $0, outcome: .done) }
          }
          if results.isEmpty { break }
          try run.record(results)
          done += results.count
        }
      }
      table.row(["taken and recorded \(limit) at a time", "\(Int(Double(done) / seconds)) blocks/s"])
    }
    row(
      "status", &table,
      seconds: try wallSeconds {
        let reader = try JobStore.open(path, mode: .readOnly)
        _ = try reader.job(nil)
        _ = try reader.levels(of: job)
      })
    _ = try run.end(.interrupted)
    let bytes = (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    table.row(["size of the database", "\(bytes / 1024) KiB"])
  }

  private func row(_ name: String, _ table: inout Table, seconds: Double) {
    table.row([name, String(format: "%.1f ms", seconds * 1e3)])
  }
}
