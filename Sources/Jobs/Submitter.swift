import Faults
import Files
import Foundation
import Fusion
import Geometry
import JobStore
import JSON
import Output
import Planning
import Store
import Threads
import Views
import Zarr

/// Makes a job: the record, and the output's metadata. Both or neither, whenever it is killed.
///
/// The record is first `creating`; the metadata are written into a folder beside the output that carries the job's uuid;
/// a rename makes that the output and the record `pending`, while nobody can begin to run a job. The next submit finishes
/// or removes what a killed one left. With `overwrite` the old output is renamed aside first and deleted last.
package struct Submitter {
  package struct Request: Sendable {
    package var datasetPath: String
    package var outputPath: String
    package var name: String?
    package var options: JobOptions
    /// The options file and its content, so that a later change is noticed; without a path what came from a pipe.
    package var optionsFile: (path: String?, content: JSONValue)?
    /// What a run will have, where that is known: refused where it is too little. Not recorded.
    package var memoryByteCount: Int?

    package init(
      datasetPath: String, outputPath: String, name: String?, options: JobOptions,
      optionsFile: (path: String?, content: JSONValue)? = nil
    ) {
      (self.datasetPath, self.outputPath, self.name) = (datasetPath, outputPath, name)
      (self.options, self.optionsFile) = (options, optionsFile)
    }
  }

  package enum Event: Sendable {
    /// The output is there already, of a job that is the same: nothing is made.
    case isThere(JobRecord)
    /// All was looked at; what is made from here on is undone where it does not come to its end.
    case begins
    /// The job is there, whatever happens now.
    case recorded(JobRecord)
    /// Worth a word.
    case note(String)
  }

  private let registry: FusionRegistry

  package init(registry: FusionRegistry) { self.registry = registry }

  /// A database is made only when all that can be wrong with the input has been looked at, so that a mistake leaves nothing.
  ///
  /// - Parameters:
  ///   - goesOn: a job of the database that is the same, whose output is where this one's goes, is answered in place of a new
  ///     one: unless it is complete and may be overwritten.
  ///   - stopFlag: looked at until the job is recorded; a stop leaves nothing of it.
  package func submit(
    _ request: Request, databasePath: String, goesOn: Bool = false, stopFlag: StopFlag = StopFlag(),
    tell: (Event) -> Void = { _ in }
  ) throws -> (job: JobRecord, store: JobStore) {
    let existing = FileStatus.exists(databasePath) ? try JobStore.open(databasePath, mode: .create) : nil
    if let existing { try finishEarlierSubmits(existing, tell: tell) }
    let datasetPath = KnownStores.absolute(request.datasetPath)
    let (outputPath, rules, result, same) = try look(
      at: request, datasetPath: datasetPath, databasePath: databasePath, existing, goesOn: goesOn)
    tell(.begins)
    if let same, let existing {
      tell(.isThere(same))
      return (same, existing)
    }
    if request.options.overwrite, Place(outputPath).isThere,
      let readers = try existing.flatMap({ try ImageReaders(of: outputPath, in: $0) })
    {
      tell(.note(readers.note))
    }
    let store = try existing ?? JobStore.open(databasePath, mode: .create)
    let uuid = UUID().uuidString.lowercased()
    let details = details(result, uuid: uuid, request: request, datasetPath: datasetPath)
    let output = try OutputFolder(path: outputPath, plan: result.plan, uuid: uuid, provenance: details.provenance.value)
    let placement = placement(ofOutput: outputPath, uuid: uuid)
    let job = try store.createJob(
      newJob(result, details: details, uuid: uuid, request: request, datasetPath: datasetPath, outputPath: outputPath))
    do {
      try place(output, by: placement, rules, of: job, in: store, overwrite: request.options.overwrite, stopFlag: stopFlag)
    } catch {
      undo(job, placement, output, store)
      throw error
    }
    let record = try store.job(job)
    tell(.recorded(record))
    _ = Faults.reach(.markedReady)
    if let left = placement.removeAside() { tell(.note("\(Self.cannotRemove) \(left)")) }
    for warning in result.warnings { tell(.note(warning)) }
    if let name = request.name, try store.jobs().contains(where: { $0.description.name == name && $0.id != job }) {
      tell(.note("an earlier job has the name \(name) too; by name the newest is meant, by number any"))
    }
    return (record, store)
  }

  /// Looks at all that can be wrong with the output's place and the input. Nothing is written.
  private func look(
    at request: Request, datasetPath: String, databasePath: String, _ existing: JobStore?, goesOn: Bool
  ) throws -> (outputPath: String, rules: OutputRules, result: Planner.Result, same: JobRecord?) {
    guard request.outputPath.hasPrefix("/") || KnownStores.hold(request.outputPath) || !FileManager.default.currentDirectoryPath.isEmpty
    else {
      // taken as text, the path would start from the root
      throw JobError.invalid(
        what: "the output \(request.outputPath) starts from the current folder, which was deleted",
        hint: "change to a folder that is there, or give an absolute path")
    }
    var resolver = PathResolver()
    let outputPath = resolver.resolve(address: request.outputPath)
    let rules = OutputRules(path: outputPath)
    func plan(_ options: JobOptions, named name: String) throws -> (dataset: Dataset, result: Planner.Result) {
      let dataset = try Dataset.load(datasetPath, options: options.loading)
      return (dataset, try Planner.plan(dataset: dataset, options: options, name: name, registry: registry))
    }
    let earlier = try existing.flatMap { try EarlierJob.find(output: outputPath, in: $0) }
    if goesOn, let earlier {
      let result = try earlier.planned { try plan(earlier.options(request.options), named: earlier.outputName).result }
      let differences = try earlier.differences(from: request.options, result)
      let changed = differences.isEmpty && earlier.isComplete && !request.options.overwrite ? try earlier.changedImages() : nil
      if let changed, !changed.isEmpty { throw earlier.isInTheWay(since: changed) }
      if differences.isEmpty, !earlier.isComplete || !request.options.overwrite { return (outputPath, rules, result, earlier.record) }
      if !request.options.overwrite { throw earlier.isInTheWay(since: differences) }
    }
    if let existing { try rules.check(against: existing) }
    if let earlier, !request.options.overwrite { throw earlier.isInTheWay() }
    if !request.options.overwrite, let occupant = try OutputOccupant(of: outputPath, in: existing) { throw occupant.isInTheWay }
    try rules.check(overwrite: request.options.overwrite)
    let (dataset, result) = try plan(request.options, named: FilePath.lastComponent(of: outputPath))
    if let memory = request.memoryByteCount {
      try MemoryPlan(result, registry: registry, workers: 1, memory: memory).checkIsPossible()
    }
    try rules.check(against: result.views)
    if let folder = dataset.listedFolder { try rules.check(beside: resolver.resolve(address: folder)) }
    try rules.check(againstDatabase: resolver.resolve(databasePath))
    return (outputPath, rules, result, nil)
  }

  /// Puts the output's metadata in their place, and makes the job one that can be run.
  private func place(
    _ output: OutputFolder, by placement: any OutputPlacing, _ rules: OutputRules, of job: JobID, in store: JobStore,
    overwrite: Bool, stopFlag: StopFlag
  ) throws {
    if let number = Faults.reach(.jobCreated) {
      throw StorageError.io(step: .makeFolder, path: output.path, errno: number)
    }
    let files = output.metadataFiles()
    try placement.prepare(files)
    let identity = try store.identity()
    try store.markReady(job, outputs: rules.isNear) { uses in
      if let signal = stopFlag.signal { throw JobError.interrupted(signal: signal) }
      // somebody may have begun to write to the old output since it was looked at
      try rules.check(against: uses)
      // or writes to it for another database; those of this one look at their output when this ends
      let exclusion = overwrite ? try OutputHold.excludeWriters(ofOutput: output.path, but: identity) : nil
      defer { withExtendedLifetime(exclusion) {} }
      try placement.takePlace(files, overwrite: overwrite)
    }
  }

  static let cannotRemove = "the output that was replaced cannot be removed; see to the permissions, and remove it yourself:"

  /// Where this does not come to its end, the next submit does it.
  private func undo(_ job: JobID, _ placement: any OutputPlacing, _ output: OutputFolder, _ store: JobStore) {
    var isGivenBack = false
    func giveBack() {
      // where it cannot be seen who is in the place, the next submit sees to it
      do { isGivenBack = try placement.giveBack(isPlaced: output.foreignness() == nil) } catch { isGivenBack = false }
    }
    do {
      try store.alone(giveBack)
    } catch {
      // a database that takes no more is no reason to leave the output
      giveBack()
    }
    if isGivenBack, placement.removeRemains(output.metadataFiles(), ofKilled: false).isEmpty { try? store.abandon(job) }
  }

  /// Brings jobs whose submit was killed to one end or the other.
  private func finishEarlierSubmits(_ store: JobStore, tell: (Event) -> Void) throws {
    for job in try store.jobs() where job.state == .pending {
      let placement = Output.placement(ofOutput: job.description.outputPath, uuid: job.description.uuid)
      if let left = placement.removeAside() { tell(.note("\(Self.cannotRemove) \(left)")) }
    }
    for job in try store.jobsInCreation() {
      let placement = Output.placement(ofOutput: job.description.outputPath, uuid: job.description.uuid)
      let output = try LoadedJob(job).output
      let end = try store.finishCreation(job.id) {
        if try output.foreignness() == nil { return .ready }
        placement.restoreAside()
        return .open
      }
      // files are removed one by one, while others use the database
      switch end {
      case .ready:
        if let left = placement.removeAside() { tell(.note("\(Self.cannotRemove) \(left)")) }
      case .open:
        let left = placement.removeRemains(output.metadataFiles(), ofKilled: true)
        for path in left { tell(.note("what a submit that was killed has left cannot be removed: \(path)")) }
        if left.isEmpty { try store.finishCreation(job.id) { .abandoned } }
      case .abandoned, nil: break
      }
    }
  }

  private func newJob(
    _ result: Planner.Result, details: JobDetails, uuid: String, request: Request, datasetPath: String, outputPath: String
  ) throws -> NewJob {
    let plan = result.plan
    let description = JobDescription(
      name: request.name, uuid: uuid, datasetPath: datasetPath, datasetDigest: result.datasetDigest,
      outputPath: outputPath, options: request.options.json.text, programVersion: Program.versionWithLibraries,
      voxelRevision: Program.voxelRevision, codecLibraries: Program.codecLibraries,
      transformKey: plan.fusion.transformKey, fusionFunction: plan.fusion.function, weightsFunction: plan.fusion.weights,
      interpolationOrder: min(1, plan.fusion.interpolationOrder), elementType: plan.outputType, is3D: plan.is3D,
      spacing: plan.stack.spacing, origin: plan.stack.origin,
      ngffVersion: plan.output.isOMEZarr ? plan.output.ngffVersion.rawValue : nil, details: try RecordJSON.text(details))
    var views: [ViewRecord] = []
    views.reserveCapacity(result.views.count)
    for (i, (view, maps)) in zip(try recordingFolders(result.views), result.transforms).enumerated() {
      let transforms =
        maps.count == 1
        ? [ViewRecord.Transform(affine: maps[0])] : maps.enumerated().map { ViewRecord.Transform(t: $0, affine: $1) }
      views.append(try ViewRecord(view, ordinal: i, transforms: transforms))
    }
    return NewJob(description: description, views: views, levels: plan.levels)
  }

  private func details(_ result: Planner.Result, uuid: String, request: Request, datasetPath: String) -> JobDetails {
    let lackVoxels = !result.viewsWithoutVoxels.isEmpty
    return JobDetails(
      plan: result.plan, provenance: JSONText(provenance(result.plan, uuid: uuid, request: request, datasetPath: datasetPath)),
      optionsFile: (request.optionsFile?.path ?? nil).map { FilePath.absolute($0) },
      optionsFileContent: request.optionsFile.map { JSONText($0.content) },
      missingViews: result.missingViews.isEmpty ? nil : result.missingViews,
      viewsWithoutVoxels: lackVoxels ? result.viewsWithoutVoxels : nil, viewCount: lackVoxels ? result.views.count : nil)
  }

  private func provenance(_ plan: JobPlan, uuid: String, request: Request, datasetPath: String) -> JSONValue {
    var provenance: [String: JSONValue] = [
      "uuid": .string(uuid), "version": .string(Program.version), "dataset": .string(datasetPath),
      "options": request.options.json,
    ]
    // what leads from the output's lengths back to those of the options
    if let unit = plan.output.worldUnit, unit != .micrometre { provenance["world_unit"] = .string(unit.text) }
    return .object(provenance)
  }
}
