import Diagnostics
import Fusion
import Geometry
import JSON
import Jobs
import JobStore
import Planning
import Views

/// What `plan` says of a job, as text and as JSON.
struct PlanAnswer {
  let result: Planner.Result
  let memory: MemoryPlan
  let chosen: ChosenResources
  let coverage: Coverage
  let work: ExpectedWork
  /// Nil where the database has none of such a job on this host.
  let earlier: EarlierRuns?
  /// Nil where no output was named.
  let output: PlannedOutput?
  let warnings: [String]

  private var plan: JobPlan { result.plan }

  private var seconds: Double {
    earlier.map { work.writtenVoxels / $0.voxelsPerSecond } ?? work.seconds(workers: memory.workers)
  }

  // MARK: - JSON

  var document: JSONValue {
    var members = inputs
    members.merge(shape) { $1 }
    members["memory"] = .object([
      "total": JSONValue(memory.totalByteCount), "workers": JSONValue(memory.workers),
      "per_worker": JSONValue(memory.workerByteCount), "cache": JSONValue(memory.cacheByteCount),
      "limit": JSONValue(chosen.memoryByteCount), "limit_from": .string(chosen.memorySource),
      "workers_wanted": JSONValue(chosen.workers), "workers_from": .string(chosen.workersSource),
    ])
    members["covered"] = .object([
      "share": .double(coverage.share), "method": .string(coverage.isExact ? "exact" : "coarse grid"),
    ])
    members["time"] = .object([
      "seconds": .double(seconds), "from": .string(earlier == nil ? "measured costs" : "earlier runs"),
      "runs": JSONValue(earlier?.runCount ?? 0),
    ])
    members["output"] =
      output.map { output in
        .object([
          "path": .string(output.path), "exists": .bool(output.exists), "problem": JSONValue(output.problem?.what),
          "free_bytes": JSONValue(output.freeByteCount),
        ])
      } ?? .null
    members["shard_advice"] =
      result.shardAdvice.map { .object(["shards": .string($0.text), "files": JSONValue($0.fileCount)]) } ?? .null
    members["warnings"] = JSONValue(warnings)
    return .object(members)
  }

  private var inputs: [String: JSONValue] {
    [
      "views": JSONValue(result.views.count), "views_without_voxels": JSONValue(result.viewsWithoutVoxels),
      "views_outside_region": JSONValue(result.viewsOutsideRegion), "lone_views": JSONValue(result.loneViews),
      "missing_views": JSONValue(result.missingViews.map(\.name)), "transform_key": JSONValue(plan.fusion.transformKey),
      "short_axes": .array(
        result.shortAxes.map {
          .object([
            "axis": .string($0.axis.rawValue), "voxels": JSONValue($0.voxelCount), "voxels_of_views": JSONValue($0.finestCount),
          ])
        }),
    ]
  }

  private var shape: [String: JSONValue] {
    func numbers(_ value: TCZYX) -> JSONValue { JSONValue(plan.outputAxes(value)) }
    func space(_ value: Vector3) -> JSONValue {
      .object(Dictionary(uniqueKeysWithValues: plan.spatialAxes.map { ($0.rawValue, .double(value[$0.spaceLane ?? 0])) }))
    }
    return [
      "element_type": .string(plan.outputType.rawValue),
      "axes": JSONValue(plan.axes.map(\.rawValue)), "shape": numbers(plan.levels[0].shape),
      "spacing": space(plan.outputStack.spacing), "origin": space(plan.outputStack.origin),
      "spacing_world": space(plan.stack.spacing), "origin_world": space(plan.stack.origin),
      "world_unit": JSONValue(plan.output.worldUnit?.micrometres),
      "blending": .object([
        "ramp": .string(plan.fusion.product == nil ? "reference" : "product"), "widths": space(plan.fusion.blendingWidths),
        "border": space(plan.fusion.product?.border ?? .zero),
        "world_widths": .object(
          Dictionary(
            uniqueKeysWithValues: plan.spatialAxes.map {
              ($0.rawValue, .bool(plan.fusion.product?.worldWidths[$0.spaceLane ?? 0] ?? false))
            })),
      ]),
      "edges": .string((plan.fusion.edges ?? .reference).rawValue),
      "view_order": plan.fusion.viewOrder.map { JSONValue($0.map { result.views[$0].name }) } ?? .null,
      "planewise": .bool(plan.fusion.isPlanewise), "chunks_from": .string(result.chunkSource),
      "levels": .array(
        plan.levels.map { level in
          .object([
            "level": JSONValue(level.level), "shape": numbers(level.shape), "chunks": numbers(level.chunk),
            "shards": level.shard.map(numbers) ?? .null, "grid": numbers(level.grid.count),
            "blocks": JSONValue(level.grid.total),
          ])
        }),
      "blocks": JSONValue(plan.blockCount), "files": JSONValue(plan.blockCount), "bytes": JSONValue(plan.byteCount),
    ]
  }

  // MARK: - Text

  var text: String {
    func size(_ value: TCZYX) -> String { plan.outputAxes(value).map(String.init).joined(separator: " x ") }
    func space(_ value: Vector3) -> String {
      plan.spatialAxes.map { "\($0)=\(measured(value[$0.spaceLane ?? 0]))" }.joined(separator: ", ")
    }
    // however far from the origin, to a thousandth of a voxel
    func place(_ value: Vector3, _ spacing: Vector3) -> String {
      plan.spatialAxes.map { "\($0)=\(measured(value[$0.spaceLane ?? 0], to: spacing[$0.spaceLane ?? 0] / 1000))" }.joined(separator: ", ")
    }
    let unit = plan.isPhysical ? "micrometre" : "world units"
    var lines = [
      "views    \(result.views.count.grouped), placed by \(plan.fusion.transformKey.map { "transform \"\($0)\"" } ?? "their own metadata")",
      "output   \(size(plan.levels[0].shape)) (\(plan.axes.map(\.rawValue).joined(separator: " "))) \(plan.outputType.rawValue)",
      "spacing  \(space(plan.outputStack.spacing)) \(unit)", "origin   \(place(plan.outputStack.origin, plan.outputStack.spacing)) \(unit)",
    ]
    if plan.outputStack != plan.stack {
      let (spacing, origin) = (space(plan.stack.spacing), place(plan.stack.origin, plan.stack.spacing))
      lines += ["world    spacing \(spacing), origin \(origin) (world units, as in options)"]
    }
    lines.append("covered  \(coveredText)")
    lines = lines.map(\.printableLine) + [""]
    var rows = [["level", "shape", "chunk", "shard", "blocks"]]
    for level in plan.levels {
      rows.append(
        [
          String(level.level), size(level.shape), size(level.chunk), level.shard.map(size) ?? "none",
          level.grid.total.grouped,
        ])
    }
    lines += [
      table(rows), "",
      "chunks   from \(result.chunkSource)".printableLine,
      "files    up to \(plan.blockCount.grouped) (blocks of nothing but background have none)",
      "bytes    up to \(byteText(plan.byteCount)) before compression",
    ]
    if let output, let free = output.freeByteCount {
      lines.append("         \(byteText(free)) free on the disk of \(output.path)".printableLine)
    }
    lines += [
      "memory   \(byteText(memory.totalByteCount)) with \(counted(memory.workers, "worker")): \(byteText(memory.workerByteCount)) each, "
        + "\(byteText(memory.cacheByteCount)) for decoded chunks",
      "         at most \(byteText(chosen.memoryByteCount)): \(chosen.memorySource)",
      "         at most \(counted(chosen.workers, "worker")): \(chosen.workersSource)",
      "time     \(seconds < 1 ? "less than 1 s" : "about \(durationText(seconds))"), \(timeSource)",
    ]
    return lines.joined(separator: "\n")
  }

  private var coveredText: String {
    // percentText says 100 % only where it is all
    let share = percentText(Int((coverage.share * 1e9).rounded(.down)), of: 1_000_000_000)
    return "\(share) of the output by any view (\(coverage.isExact ? "exact" : "by a coarse grid of points")); the rest is background"
  }

  private var timeSource: String {
    if let earlier {
      return "as fast as \(counted(earlier.runCount, "earlier run")) of this database here"
    }
    return "by costs measured on another machine, with \(counted(memory.workers, "worker"))"
  }
}
