import Foundation
import Geometry
import JobStore

/// How what a job costs grows with it: the database from 1e4 to 1e9 blocks, the index of views from 1e2 to 1e5 views.
struct GrowthBenchmark {
  /// Also records every block of 2.4e8, each brick mixed: some minutes.
  var isFull = false

  func run(_ table: inout Table) throws {
    try growDatabase(&table)
    if isFull { try fillDatabase(&table) }
    try growIndex(&table)
  }

  private func growDatabase(_ table: inout Table) throws {
    table.section(
      "Job database by blocks", ["blocks", "submit ms", "reopen and claim ms", "record/s", "status ms", "region ms", "KiB"])
    for count in [1e4, 1e5, 1e6, 1e7, 1e8, 1e9] {
      try withJob(blockCount: count) { database, job in
        let submit = database.submitSeconds
        var (done, claimed) = (0, 0.0)
        let record = try wallSeconds {
          claimed = try wallSeconds { _ = try database.store.job(nil) }
          done = try recordBlocks(database, job: job, limit: 200_000) { _ in true }
        }
        let (status, region) = try ask(database, job: job)
        let resumed = try wallSeconds {
          let store = try JobStore.open(database.path, mode: .existing)
          let run = try store.beginRun(job: job, info: .current(command: "bench"))
          _ = try run.claim(level: 0, limit: 1)
          _ = try run.end(.interrupted)
        }
        table.row([
          "\(database.blockCount)", ms(submit), ms(resumed), "\(Int(Double(done) / (record - claimed)))", ms(status), ms(region),
          "\(database.byteCount() / 1024)",
        ])
      }
    }
  }

  /// The most that a petabyte's record can come to: every brick holds both blocks with a file and empty ones.
  private func fillDatabase(_ table: inout Table) throws {
    table.section("Job database, every block recorded, every brick mixed", ["blocks", "record/s", "status ms", "region ms", "MiB"])
    try withJob(blockCount: 2.4e8) { database, job in
      var done = 0
      let seconds = try wallSeconds {
        done = try recordBlocks(database, job: job, limit: .max) { ($0.x + $0.y + $0.z) % 3 > 0 }
      }
      let (status, region) = try ask(database, job: job)
      table.row([
        "\(done)", "\(Int(Double(done) / seconds))", ms(status), ms(region),
        String(format: "%.1f", Double(database.byteCount()) / Double(1 << 20)),
      ])
    }
  }

  private func growIndex(_ table: inout Table) throws {
    table.section("Views of a block", ["views", "build ms", "µs a block"])
    for side in [10, 32, 100, 316] {
      // tiles of 3200 voxels, 10 % overlap, blocks of 128
      let entries = (0..<side * side).map { i in
        let corner = Vector3(0, Double(i / side) * 2880, Double(i % side) * 2880)
        return ViewIndex.Entry(view: i, lower: corner, upper: corner + Vector3(6000, 3200, 3200))
      }
      var index = ViewIndex([])
      let build = try bestSeconds(rounds: 3, [{ index = ViewIndex(entries) }])[0]
      let queries = 20_000
      var random = SystemRandomNumberGenerator()
      let last = side * 2880 / 128
      let boxes = (0..<queries).map { _ in
        let lower =
          Index3(
            Int.random(in: 0..<46, using: &random), Int.random(in: 0..<last, using: &random),
            Int.random(in: 0..<last, using: &random)) &* 128
        return Box3(lower: lower, upper: lower &+ 128)
      }
      var found = 0
      let search = try bestSeconds(rounds: 4, [{ for box in boxes { found &+= index.views(touching: box).count } }])[0]
      guard found > 0 else { throw CocoaError(.featureUnsupported) }
      table.row(["\(side * side)", ms(build), String(format: "%.2f", search / Double(queries) * 1e6)])
    }
  }

  private struct JobDatabase {
    let store: JobStore
    let path: String
    let blockCount: Int
    let submitSeconds: Double

    /// With what is still in the write-ahead log.
    func byteCount() -> Int {
      ["", "-wal"].reduce(0) {
        $0 + ((try? FileManager.default.attributesOfItem(atPath: path + $1)[.size] as? Int) ?? 0)
      }
    }
  }

  private func withJob(blockCount: Double, _ body: (JobDatabase, JobID) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("blockfuse-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let side = Int((blockCount / 47 * 7 / 8).squareRoot()) * 128
    let levels = levelLayouts(
      shape: TCZYX(z: 6000, y: side, x: side), chunk: Index3(repeating: 128), shard: nil, pyramid: true)
    let path = folder.appendingPathComponent("jobs.sqlite").path
    let store = try JobStore.open(path, mode: .create)
    let description = JobDescription(
      name: "bench", uuid: UUID().uuidString, datasetPath: "/d", datasetDigest: "", outputPath: "/o", options: "{}",
      programVersion: "", voxelRevision: 1, codecLibraries: "", fusionFunction: "weighted_average_fusion", elementType: .uint16,
      spacing: .one, origin: .zero)
    var job = 0
    let seconds = try wallSeconds {
      job = try store.createJob(NewJob(description: description, views: [], levels: levels))
      try store.markReady(job)
    }
    let total = levels.reduce(0) { $0 + $1.grid.total }
    try body(JobDatabase(store: store, path: path, blockCount: total, submitSeconds: seconds), job)
  }

  private func recordBlocks(
    _ database: JobDatabase, job: JobID, limit: Int, hasFile: (TCZYX) -> Bool
  ) throws -> Int {
    let run = try database.store.beginRun(job: job, info: .current(command: "bench"))
    var done = 0
    for level in try database.store.levels(of: job) {
      while done < limit {
        let results = try run.claim(level: level.layout.level, limit: 256).flatMap { claim in
          claim.positions.map { BlockResult(claim: claim.id, position: $0, outcome: hasFile($0) ? .done : .empty) }
        }
        if results.isEmpty { break }
        try run.record(results)
        done += results.count
      }
    }
    _ = try run.end(.interrupted)
    return done
  }

  /// What `status` and `blocks --region` ask, by a reader of its own.
  private func ask(_ database: JobDatabase, job: JobID) throws -> (status: Double, region: Double) {
    let reader = try JobStore.open(database.path, mode: .readOnly)
    let status = try wallSeconds {
      _ = try reader.job(nil)
      _ = try reader.levels(of: job)
    }
    let region = try wallSeconds {
      _ = try reader.states(of: job, level: 0, t: 0, c: 0, blocks: Box3(lower: .zero, upper: Index3(4, 7, 7)))
    }
    return (status, region)
  }

  private func ms(_ seconds: Double) -> String { String(format: seconds < 0.01 ? "%.2f" : "%.0f", seconds * 1e3) }
}
