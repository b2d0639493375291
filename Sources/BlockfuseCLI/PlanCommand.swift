import ArgumentParser
import Diagnostics
import Fusion
import Geometry
import JSON
import Jobs
import Planning
import Views

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Says what a job would be: shape, blocks, files, bytes, memory. Writes nothing.",
    discussion: "Example: blockfuse plan dataset.json --output-chunksize 128 --workers 8 --memory 16GiB")

  @Argument(
    help: ArgumentHelp(
      "The views: dataset.json, an XML of BigStitcher, TileConfiguration.txt, an OME-Zarr scene, or a folder or list of images.",
      valueName: "dataset"), completion: .file(), transform: localPath)
  var dataset: String

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Not written; taken so that a line for submit can be tried.", valueName: "out"),
    completion: .file(), transform: outputPath)
  var output: String?

  @OptionGroup(title: "Fusion") var flags: FusionFlags
  @OptionGroup(title: "Resources") var resources: ResourceOptions
  @Flag(help: "Print the answer as one JSON document.") var json = false
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      let registry = CommandSetup.registry
      let (options, _) = try flags.resolve()
      let loaded = try Dataset.load(dataset, options: Dataset.LoadOptions(choice: options.viewChoice))
      let result = try Planner.plan(dataset: loaded, options: options, name: "plan", registry: registry)
      let chosen = resources.chosen
      let memory = try MemoryPlan(result, registry: registry, workers: chosen.workers, memory: chosen.memoryByteCount)
      let warnings = result.warnings + [memory.note].compactMap(\.self) + chosen.notes
      Terminal.result(json ? document(result, memory, chosen, warnings).text : text(result, memory, chosen))
      for warning in warnings { Terminal.message("note: \(warning)") }
    }
  }

  private func document(_ result: Planner.Result, _ memory: MemoryPlan, _ chosen: ChosenResources, _ warnings: [String]) -> JSONValue {
    let plan = result.plan
    func numbers(_ value: TCZYX) -> JSONValue { JSONValue(plan.outputAxes(value)) }
    func space(_ value: Vector3) -> JSONValue {
      .object(Dictionary(uniqueKeysWithValues: plan.spatialAxes.map { ($0.rawValue, .double(value[$0.spaceLane ?? 0])) }))
    }
    return .object([
      "views": JSONValue(result.views.count),
      "views_without_voxels": JSONValue(result.viewsWithoutVoxels),
      "views_outside_region": JSONValue(result.viewsOutsideRegion),
      "missing_views": JSONValue(result.missingViews.map(\.name)), "element_type": .string(plan.outputType.rawValue),
      "axes": JSONValue(plan.axes.map(\.rawValue)), "shape": numbers(plan.levels[0].shape),
      "spacing": space(plan.outputStack.spacing), "origin": space(plan.outputStack.origin),
      "spacing_world": space(plan.stack.spacing), "origin_world": space(plan.stack.origin),
      "world_unit": JSONValue(plan.output.worldUnit?.micrometres),
      "planewise": .bool(plan.fusion.isPlanewise),
      "transform_key": JSONValue(plan.fusion.transformKey),
      "levels": .array(
        plan.levels.map { level in
          .object([
            "level": JSONValue(level.level), "shape": numbers(level.shape), "chunks": numbers(level.chunk),
            "shards": level.shard.map(numbers) ?? .null, "grid": numbers(level.grid.count),
            "blocks": JSONValue(level.grid.total),
          ])
        }),
      "blocks": JSONValue(plan.blockCount), "files": JSONValue(plan.blockCount),
      "bytes": JSONValue(plan.byteCount),
      "memory": .object([
        "total": JSONValue(memory.totalByteCount), "workers": JSONValue(memory.workers),
        "per_worker": JSONValue(memory.workerByteCount), "cache": JSONValue(memory.cacheByteCount),
        "limit": JSONValue(chosen.memoryByteCount), "limit_from": .string(chosen.memorySource),
        "workers_wanted": JSONValue(chosen.workers), "workers_from": .string(chosen.workersSource),
      ]),
      "warnings": JSONValue(warnings),
    ])
  }

  private func text(_ result: Planner.Result, _ memory: MemoryPlan, _ chosen: ChosenResources) -> String {
    let plan = result.plan
    func size(_ value: TCZYX) -> String { plan.outputAxes(value).map(String.init).joined(separator: " x ") }
    func space(_ value: Vector3) -> String {
      plan.spatialAxes.map { "\($0)=\(value[$0.spaceLane ?? 0])" }.joined(separator: ", ")
    }
    let unit = plan.isPhysical ? "micrometre" : "world units"
    var lines = [
      "views    \(result.views.count.grouped), placed by \(plan.fusion.transformKey.map { "transform \"\($0)\"" } ?? "their own metadata")",
      "output   \(size(plan.levels[0].shape)) (\(plan.axes.map(\.rawValue).joined(separator: " "))) \(plan.outputType.rawValue)",
      "spacing  \(space(plan.outputStack.spacing)) \(unit)", "origin   \(space(plan.outputStack.origin)) \(unit)",
    ]
    if plan.outputStack != plan.stack {
      lines += ["world    spacing \(space(plan.stack.spacing)), origin \(space(plan.stack.origin)) (world units, as in options)"]
    }
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
      "files    up to \(plan.blockCount.grouped) (blocks of nothing but background have none)",
      "bytes    up to \(byteText(plan.byteCount)) before compression",
      "memory   \(byteText(memory.totalByteCount)) with \(memory.workers) workers: \(byteText(memory.workerByteCount)) each, "
        + "\(byteText(memory.cacheByteCount)) for decoded chunks",
      "         at most \(byteText(chosen.memoryByteCount)): \(chosen.memorySource)",
      "         at most \(chosen.workers) workers: \(chosen.workersSource)",
    ]
    return lines.joined(separator: "\n")
  }
}
