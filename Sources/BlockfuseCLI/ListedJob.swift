import Diagnostics
import Foundation
import Geometry
import JSON
import JobStore
import Jobs
import Output
import Planning

/// A job as `list` shows it: its status, and what tells it from others at a glance.
struct ListedJob {
  static let columns = ["job", "name", "state", "finished", "failed", "submitted (UTC)", "worked", "left", "voxels", "size", "output"]

  private let status: StatusAnswer
  /// Whether its output is in its place, where that is not this job's.
  private let absence: OutputAbsence

  init(_ status: StatusAnswer) {
    self.status = status
    absence = status.outputProblem == nil ? .there : OutputAbsence(of: status.job.description.outputPath)
  }

  private var progress: JobProgress { status.progress }
  private var job: JobRecord { progress.job }
  private var voxelCount: Int { progress.levels.first?.layout.shape.product ?? 0 }

  /// Of all levels, before compression.
  private var byteCount: Int {
    progress.levels.reduce(0) { $0 &+ $1.layout.shape.product &* job.description.elementType.byteCount }
  }

  /// A cell for each column.
  var row: [String] {
    let counts = job.counts
    return [
      String(job.id), job.description.name ?? "", job.state.rawValue, percentText(counts.settled, of: counts.total),
      counts.failed.grouped, String(momentText(job.createdAt).prefix("2026-03-01 12:00".count)),
      progress.runs.isEmpty ? "" : durationText(progress.workedSeconds), progress.secondsLeft.map(durationText) ?? "",
      Self.text(voxels: voxelCount), byteText(byteCount), job.description.outputPath + outputNote,
    ]
  }

  private var outputNote: String {
    if status.isHalfRemoved { return "  (half removed)" }
    if absence != .there { return "  (not there)" }
    return status.outputProblem == nil ? "" : "  (not this job's any more)"
  }

  /// The answer of `status --json`, and more.
  var json: JSONValue {
    var object = status.json.object ?? [:]
    object["finished"] = JSONValue(job.finishedAt.map(timeText))
    object["seconds"] = .double(progress.workedSeconds)
    object["voxels"] = JSONValue(voxelCount)
    object["bytes"] = JSONValue(byteCount)
    object["bytes_written"] = JSONValue(progress.runs.reduce(0) { $0 + $1.progress.bytes })
    object["output_gone"] = .bool(isOutputGone)
    return .object(object)
  }

  /// Only where that is certain, and nothing of it is left beside its place.
  private var isOutputGone: Bool { if case .gone = absence { !status.isHalfRemoved } else { false } }

  /// `1.23 Gvoxel`.
  private static func text(voxels: Int) -> String {
    for (unit, size) in [("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)] where Double(voxels) >= size {
      return String(format: "%.3g \(unit)voxel", Double(voxels) / size)
    }
    return "\(voxels) voxel\(voxels == 1 ? "" : "s")"
  }
}
