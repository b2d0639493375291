import ArgumentParser
import Files
import Foundation
import JSON
import JobStore
import Jobs
import Output
import Pictures
import Planning
import Projections
import Views

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show size, memory, files and time of a fusion; write nothing (dry run).",
    discussion: """
      It also warns of what would go wrong later: an output that exists, a disk that is too small, views that touch no other, \
      millions of files. The time is estimated from earlier runs in this database on this host, or else from measured costs.

      Example: blockfuse plan dataset.json --output fused.ome.zarr --workers 8
      """)

  @Argument(
    help: ArgumentHelp(
      "The views: dataset.json, an XML of BigStitcher, TileConfiguration.txt, an OME-Zarr scene, or a folder or list of images.",
      valueName: "dataset"), completion: .file(), transform: localPath)
  var dataset: String

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Output folder: not written, but checked.", valueName: "out"),
    completion: .file(), transform: outputPath)
  var output: String?

  @Option(
    help: ArgumentHelp(
      "A picture of where the views lie, as PNG: outlines, names, overlaps, gaps. The file is replaced.", valueName: "png"),
    completion: .file(extensions: ["png"]), transform: localPath)
  var picture: String?

  @OptionGroup(title: "Fusion") var flags: FusionFlags
  @OptionGroup(title: "Resources") var resources: ResourceOptions
  @Flag(help: "Print the result as one JSON document.") var json = false
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      if let picture { try NamedPlace(picture).check(in: nil) }
      let registry = CommandSetup.registry
      let (options, _) = try flags.resolve()
      let loaded = try Dataset.load(dataset, options: options.loading)
      let result = try Planner.plan(dataset: loaded, options: options, name: "plan", registry: registry)
      let chosen = resources.chosen
      let memory = try MemoryPlan(result, registry: registry, workers: chosen.workers, memory: chosen.memoryByteCount)
      if resources.memory != nil { try memory.checkIsPossible() }
      let (store, earlier, problem) = existingDatabase(like: result.plan)
      let coverage = result.coverage
      let planned = try output.map {
        try PlannedOutput(
          $0, options: options, dataset: loaded, result: result, databasePath: database.resolvedPath, store: store)
      }
      let notes = planned?.notes(neededByteCount: result.plan.byteCount) ?? []
      let answer = PlanAnswer(
        result: result, memory: memory, chosen: chosen, coverage: coverage, work: ExpectedWork(result, coverage),
        earlier: earlier, output: planned, warnings: result.warnings + notes + problem + [memory.note].compactMap(\.self) + chosen.notes)
      if let picture { try write(result, to: picture) }
      Terminal.result(json ? answer.document.text : answer.text)
      for warning in answer.warnings { Terminal.message("note: \(warning)") }
    }
  }

  /// A dataset can be planned before there is a database, and where it cannot be read.
  private func existingDatabase(like plan: JobPlan) -> (store: JobStore?, earlier: EarlierRuns?, problem: [String]) {
    let path = database.resolvedPath
    guard FileStatus.exists(path) else { return (nil, nil, []) }
    do {
      let store = try database.readOnly()
      return (store, try EarlierRuns(in: store, like: plan), [])
    } catch {
      return (nil, nil, ["the job database \(path) was not asked for earlier runs: \(error)"])
    }
  }

  private func write(_ result: Planner.Result, to path: String) throws {
    let picture = LayoutPicture(result).picture
    try writeReplacing(Data(PNG.encode(picture)), to: path, kind: "PNG picture")
    Terminal.news("\(path): \(picture.width) x \(picture.height) pixels")
  }
}
