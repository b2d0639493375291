import ArgumentParser
import Foundation
import Geometry
import JobStore
import Jobs
import Zarr

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "The state of a job, also while it runs.",
    discussion: "Example: blockfuse status 3 --json")

  @OptionGroup var job: JobArgument
  @Flag(help: "One JSON document.") var json = false
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      let status = try JobStatus(store: try database.readOnly(), selector: job.job)
      Terminal.result(json ? status.json.text : status.table)
    }
  }
}

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "All jobs of the database.",
    discussion: "Example: blockfuse list --db /data/jobs.sqlite")

  @Flag(help: "One JSON document.") var json = false
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      let store = try database.readOnly()
      let jobs = try store.jobs().sorted { $0.id < $1.id }
      if json {
        let list = try jobs.map { try JobStatus(store: store, job: $0).json }
        return Terminal.result(JSONValue.array(list).text)
      }
      if jobs.isEmpty { return Terminal.message("no jobs yet; `blockfuse submit` makes one") }
      var rows = [["job", "name", "state", "settled", "failed", "output"]]
      for job in jobs {
        let counts = job.counts
        let percent = String(format: "%.1f %%", 100 * Double(counts.settled) / Double(max(1, counts.total)))
        rows.append(
          [
            String(job.id), job.description.name ?? "", job.state.rawValue, percent, counts.failed.grouped,
            job.description.outputPath,
          ])
      }
      Terminal.result(table(rows))
    }
  }
}

/// What `status` and `list` say of a job.
struct JobStatus {
  let job: JobRecord
  let levels: [LevelRecord]
  let runs: [RunRecord]

  init(store: JobStore, selector: String?) throws {
    try self.init(store: store, job: store.job(selector))
  }

  init(store: JobStore, job: JobRecord) throws {
    self.job = job
    levels = try store.levels(of: job.id)
    runs = try store.runs(of: job.id)
  }

  var json: JSONValue {
    let d = job.description
    let axes = d.is3D ? 5 : 4
    return .object([
      "job": .int(Int64(job.id)), "name": d.name.map { .string($0) } ?? .null, "state": .string(job.state.rawValue),
      "dataset": .string(d.datasetPath), "output": .string(d.outputPath), "uuid": .string(d.uuid),
      "program": .string(d.programVersion), "created": .string(timeText(job.createdAt)),
      "options": (try? JSONValue.parse(d.options)) ?? .null, "element_type": .string(d.elementType.rawValue),
      "planewise": (job.jobDetails?.plan.fusion.isPlanewise).map { .bool($0) } ?? .null,
      "output_problem": job.outputProblem.map { .string($0) } ?? .null,
      "transform_key": d.transformKey.map { .string($0) } ?? .null,
      "spacing": space(d.spacing, axes), "origin": space(d.origin, axes),
      "levels": .array(levels.map { level($0, axes: axes) }), "blocks": Self.blocks(job.counts),
      "runs": .array(runs.map(run)),
    ])
  }

  private func level(_ record: LevelRecord, axes: Int) -> JSONValue {
    func numbers(_ value: TCZYX) -> JSONValue {
      .array((axes == 5 ? value.array : [value.t, value.c, value.y, value.x]).map { .int(Int64($0)) })
    }
    let layout = record.layout
    return .object([
      "level": .int(Int64(layout.level)), "shape": numbers(layout.shape), "chunks": numbers(layout.chunk),
      "shards": layout.shard.map(numbers) ?? .null, "grid": numbers(layout.grid.count),
      "blocks": Self.blocks(record.counts),
    ])
  }

  static func blocks(_ counts: BlockCounts) -> JSONValue {
    .object([
      "total": .int(Int64(counts.total)), "done": .int(Int64(counts.done)), "empty": .int(Int64(counts.empty)),
      "failed": .int(Int64(counts.failed)), "running": .int(Int64(counts.running)),
      "pending": .int(Int64(counts.pending)),
    ])
  }

  private func space(_ value: Vector3, _ axes: Int) -> JSONValue {
    let names = Axis.space.suffix(axes - 2)
    return .object(Dictionary(uniqueKeysWithValues: names.map { ($0.rawValue, .double(value[$0.spaceLane ?? 0])) }))
  }

  private func run(_ run: RunRecord) -> JSONValue {
    .object([
      "host": .string(run.worker.host), "pid": .int(Int64(run.worker.pid)), "live": .bool(run.isLive),
      "started": .string(timeText(run.worker.startedAt)), "heartbeat": .string(timeText(run.heartbeatAt)),
      "ended": run.endedAt.map { .string(timeText($0)) } ?? .null, "blocks": .int(Int64(run.progress.blocks)),
      "voxels": .int(Int64(run.progress.voxels)), "bytes": .int(Int64(run.progress.bytes)),
    ])
  }

  /// For people.
  var table: String {
    let d = job.description
    var lines = [
      "job      \(job.id)\(d.name.map { " (\($0))" } ?? "")   \(job.state.rawValue)",
      "dataset  \(d.datasetPath)", "output   \(d.outputPath)",
    ]
    if let problem = job.outputProblem { lines.append("WARNING  \(problem)") }
    if let run = runs.last {
      let seconds = (run.endedAt ?? (run.isLive ? Date() : run.heartbeatAt)).timeIntervalSince(run.worker.startedAt)
      var line = "\(run.isLive ? "running" : "last run")  pid \(run.worker.pid) on \(run.worker.host), \(durationText(max(0, seconds)))"
      if seconds > 0.5, run.progress.voxels > 0 {
        line += String(format: ", %.1f Mvoxel/s", Double(run.progress.voxels) / seconds / 1e6)
        let voxelsLeft = levels.reduce(0) { $0 + $1.counts.pending * $1.layout.grid.block.product }
        if run.isLive { line += ", about \(durationText(Double(voxelsLeft) * seconds / Double(run.progress.voxels))) left" }
      }
      lines.append(line)
    }
    lines.append("")
    var rows = [["level", "shape", "block", "total", "done", "empty", "failed", "running", "pending", "settled"]]
    func row(_ name: String, _ shape: String, _ block: String, _ c: BlockCounts) -> [String] {
      [
        name, shape, block, c.total.grouped, c.done.grouped, c.empty.grouped, c.failed.grouped, c.running.grouped,
        c.pending.grouped, String(format: "%.1f %%", 100 * Double(c.settled) / Double(max(1, c.total))),
      ]
    }
    func size(_ v: TCZYX) -> String {
      (d.is3D ? [v.z, v.y, v.x] : [v.y, v.x]).map(String.init).joined(separator: "x")
    }
    for level in levels {
      let shape = level.layout.shape
      let leading = shape.t * shape.c > 1 ? "\(shape.t)x\(shape.c)x" : ""
      rows.append(row(String(level.layout.level), leading + size(shape), size(level.layout.grid.block), level.counts))
    }
    rows.append(row("all", "", "", job.counts))
    lines.append(BlockfuseCLI.table(rows))
    return lines.joined(separator: "\n")
  }
}

/// Columns as wide as they need; numbers to the right.
func table(_ rows: [[String]]) -> String {
  let widths = (0..<(rows.first?.count ?? 0)).map { column in rows.map { $0[column].count }.max() ?? 0 }
  return rows.map { row in
    zip(row, widths).enumerated().map { column, cell in
      let padding = String(repeating: " ", count: cell.1 - cell.0.count)
      let isNumber = rows.dropFirst().allSatisfy { $0[column].isEmpty || $0[column].first?.isNumber == true }
      return isNumber ? padding + cell.0 : (column == row.count - 1 ? cell.0 : cell.0 + padding)
    }.joined(separator: "  ")
  }.joined(separator: "\n")
}

func timeText(_ date: Date) -> String { date.formatted(.iso8601) }
