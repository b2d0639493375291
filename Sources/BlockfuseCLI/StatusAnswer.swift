import Diagnostics
import Foundation
import Geometry
import JSON
import JobStore
import Jobs
import Orders
import Output
import Planning
import Views

/// The answer of `status` about a job, and of `list` about each.
struct StatusAnswer {
  let progress: JobProgress
  /// The work order that hosts of a cluster share, and what was read of their logs.
  let order: (record: OrderRecord, logs: OrderLogs)?
  /// Everything that was decided beyond the options; nil if that cannot be read.
  private let details: JobDetails?
  /// Why the output folder is not this job's.
  let outputProblem: String?
  /// Whether that is since its removal was stopped.
  let isHalfRemoved: Bool

  var job: JobRecord { progress.job }
  var levels: [LevelRecord] { progress.levels }

  /// By the record alone: of many jobs, reading what tasks logged would take long.
  init(store: JobStore, selector: String?) throws { try self.init(try store.progress(of: selector), store: store) }

  /// - Parameter watch: kept from one look to the next, so that each reads only what is new.
  init(store: JobStore, job id: JobID, watch: inout JobWatch) throws {
    try self.init(try watch.progress(of: id, in: store), store: store)
  }

  private init(_ progress: JobProgress, store: JobStore) throws {
    self.progress = progress
    details = try? progress.job.details()
    outputProblem = progress.job.outputProblem(details)
    isHalfRemoved = outputProblem != nil && progress.job.isHalfRemoved(details)
    order = try store.openOrder(of: progress.job.id).map { ($0, try store.logs(of: $0.id)) }
  }

  var json: JSONValue {
    let d = job.description
    var object: [String: JSONValue] = [
      "job": JSONValue(job.id), "name": JSONValue(d.name), "state": .string(job.state.rawValue),
      "dataset": .string(d.datasetPath), "output": .string(d.outputPath), "uuid": .string(d.uuid),
      "program": .string(d.programVersion), "voxel_revision": JSONValue(d.voxelRevision),
      "created": .string(timeText(job.createdAt)),
      "element_type": .string(d.elementType.rawValue), "output_problem": JSONValue(outputProblem),
      "transform_key": JSONValue(d.transformKey),
    ]
    object["options"] = (try? JSONValue.parse(d.options)) ?? .null
    object["planewise"] = (details?.plan.fusion.isPlanewise).map { .bool($0) } ?? .null
    object["views_without_voxels"] = JSONValue(details?.viewsWithoutVoxels ?? [])
    object["missing_views"] = JSONValue((details?.missingViews ?? []).map(\.name))
    let stack = details?.plan.outputStack
    object["spacing"] = space(stack?.spacing ?? d.spacing)
    object["origin"] = space(stack?.origin ?? d.origin)
    object["spacing_world"] = space(d.spacing)
    object["origin_world"] = space(d.origin)
    object["levels"] = .array(levels.map { level($0) })
    object["blocks"] = Self.blocks(progress.counts)
    object["seconds_left"] = JSONValue(measured: progress.secondsLeft)
    object["voxels_per_second"] = JSONValue(measured: progress.voxelsPerSecond)
    object["order"] =
      order.map { order in
        .object([
          "path": .string(order.record.path), "logs": JSONValue(order.logs.count),
          "ended_logs": JSONValue(order.logs.endedCount), "made": .string(timeText(order.record.madeAt)),
          "collected": JSONValue(order.record.collectedAt.map(timeText)),
          // what tasks have logged since; it is in all counts here
          "behind": progress.tasks.map { tasks in
            .object([
              "logs": JSONValue(tasks.grownLogs), "bytes": JSONValue(tasks.grownBytes),
              "written": JSONValue(tasks.writtenAt.map(timeText)), "all_logs_seen": .bool(tasks.asOf != nil),
            ])
          } ?? .null,
          "tasks_at_work": JSONValue(progress.tasks?.atWork), "as_of": JSONValue(progress.tasks?.asOf.map(timeText)),
        ])
      } ?? .null
    object["runs"] = .array(progress.runs.map(run))
    object["refused"] =
      progress.refusal.map { refusal in
        .object([
          "time": .string(timeText(refusal.at)), "exit_status": JSONValue(refusal.exitStatus), "message": .string(refusal.message),
        ])
      } ?? .null
    return .object(object)
  }

  private func level(_ record: LevelRecord) -> JSONValue {
    func numbers(_ value: TCZYX) -> JSONValue {
      JSONValue(value.values(is3D: is3D))
    }
    let layout = record.layout
    return .object([
      "level": JSONValue(layout.level), "shape": numbers(layout.shape), "chunks": numbers(layout.chunk),
      "shards": layout.shard.map(numbers) ?? .null, "grid": numbers(layout.grid.count),
      "blocks": Self.blocks(record.counts),
    ])
  }

  static func blocks(_ counts: BlockCounts) -> JSONValue {
    .object([
      "total": JSONValue(counts.total), "done": JSONValue(counts.done), "empty": JSONValue(counts.empty),
      "failed": JSONValue(counts.failed), "running": JSONValue(counts.running),
      "pending": JSONValue(counts.pending),
    ])
  }

  var is3D: Bool { job.description.is3D }

  private func space(_ value: Vector3) -> JSONValue {
    let names = Axis.space(is3D: is3D)
    return .object(Dictionary(uniqueKeysWithValues: names.map { ($0.rawValue, .double(value[$0.spaceLane ?? 0])) }))
  }

  private func run(_ run: RunRecord) -> JSONValue {
    .object([
      "host": .string(run.worker.host), "pid": JSONValue(run.worker.pid), "live": .bool(run.isLive),
      "started": .string(timeText(run.worker.startedAt)), "heartbeat": .string(timeText(run.heartbeatAt)),
      "seconds": JSONValue(measured: progress.seconds(of: run)), "ended": JSONValue(run.endedAt.map(timeText)),
      "blocks": JSONValue(run.progress.blocks),
      "voxels": JSONValue(run.progress.voxels), "written_voxels": JSONValue(run.progress.writtenVoxels),
      "bytes": JSONValue(run.progress.bytes),
    ])
  }
}
