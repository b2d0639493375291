import Diagnostics
import Engine
import Files
import Foundation
import Fusion
import JobStore
import JSON
import Output
import Planning
import Store
import Views

/// Records other places of a job's inputs and output, after a project was moved. What is at the new places must be what was
/// recorded; nothing else of the job changes.
package struct Relocator {
  package struct Moved: Sendable {
    package let job: JobRecord
    /// Views that have another place, and how many there are.
    package let views: Int
    package let viewCount: Int
    /// The new path of the output; nil where that was not to be changed.
    package let output: String?
  }

  private let store: JobStore
  private let registry: FusionRegistry
  private let note: (String) -> Void

  /// - Parameter note: told what is worth a word.
  package init(store: JobStore, registry: FusionRegistry, note: @escaping (String) -> Void) {
    (self.store, self.registry, self.note) = (store, registry, note)
  }

  /// - Parameters:
  ///   - output: where the output is now; nil: where it was.
  ///   - inputs: `OLD=NEW`, folders that have another place now.
  package func relocate(_ selector: String, output: String?, inputs: [String]) throws -> Moved {
    let record = try store.onlyJob(selector)
    try store.whileIdle(record.id) {}
    let job = try LoadedJob(record)
    if OutputRemoval(of: job.output)?.isBegun == true {
      throw JobError.invalid(
        what: "the output \(job.output.path) is half removed", hint: "`blockfuse remove \(record.id) --output` ends that")
    }
    let loaded = try job.views(in: store)
    let before = loaded.views
    let moves = try InputMoves(inputs, views: before, dataset: record.description.datasetPath).moves
    let views = before.map { $0.moved(moves) }
    var resolver = PathResolver()
    let path = output.map { resolver.resolve(address: $0) }
    let rules = OutputRules(path: path ?? job.output.path)
    let description = record.description
    let places = JobPlaces(
      datasetPath: moves.moved(description.datasetPath) ?? description.datasetPath, outputPath: rules.path,
      details: try details(description.details, moves), views: try rows(from: before, to: views))
    // of inputs that stay where they are nothing is recorded; those of a complete job may be gone for good
    if !inputs.isEmpty {
      let moved = Dictionary(uniqueKeysWithValues: views.enumerated().map { ($0, $1) })
      try checkInputs(of: LoadedJob(record.moved(to: places)), loaded.replacing(moved))
    }
    let (place, hold) = try take(path, of: job, rules, views)
    defer { withExtendedLifetime(hold) {} }
    try store.relocate(record.id, to: places, outputs: rules.isNear) { uses in
      if path == nil { return }
      try rules.check(against: uses)
      guard uses.isEmpty else {
        throw JobError.invalid(what: "the output \(rules.path) is that of job \(uses[0].job)", hint: "give the place of this job's own")
      }
      if let foreign = try place.foreignness() { throw JobError.foreignOutput(foreign, hint: "give the place of this job's output") }
    }
    if let path, path != job.output.path, try job.output.foreignness() == nil {
      note(
        "a copy of the output is still at \(job.output.path): nothing is written there any more; `blockfuse verify` reads the other one back"
      )
    }
    return Moved(job: try store.job(record.id), views: places.views.count, viewCount: views.count, output: path)
  }

  // MARK: - Inputs

  /// Throws where a run would refuse the inputs as they are at their places; where times alone differ, that is for the run to
  /// accept.
  private func checkInputs(of job: LoadedJob, _ views: LoadedViews) throws {
    let findings = try Retry.standard.transient { try ChangeCheck.inputs(of: job, views, registry: registry) }
    let changed = findings.changed
    let others = changed.filter { !$0.changes.areTimes }
    let differences = findings.otherDifferences + views.watched.described(others).lines
    guard differences.isEmpty else {
      throw JobError.changed(
        job: job.title, differences: differences,
        advice: "nothing was recorded: give the folder in which all is as it was at submit, or restore what differs there")
    }
    guard let first = changed.first else { return }
    note(
      "the files of \(changed.count) of \(counted(views.views.count, "view")) have other times than at submit, and nothing else differs, such as those of "
        + "\"\(views.views[first.view].name)\" at \(views.views[first.view].path). Give the copy the times of the original (`rsync -a`, `cp -p`); or, "
        + "if it is a copy of the same data, `blockfuse run \(job.record.id) --accept-times` goes on")
  }

  private func rows(from before: [View], to after: [View]) throws -> [JobPlaces.MovedView] {
    return try zip(before, after).enumerated().filter { isMoved($0.element.0, $0.element.1) }.map { ordinal, views in
      JobPlaces.MovedView(
        ordinal: ordinal, formerPath: views.0.path, path: views.1.path, details: try RecordJSON.text(views.1.details),
        fingerprint: try RecordJSON.text(views.1.fingerprint))
    }
  }

  /// Also where only one of its files lies in a folder that was moved.
  private func isMoved(_ before: View, _ after: View) -> Bool {
    before.path != after.path || before.details != after.details || before.fingerprint != after.fingerprint
  }

  /// The options file may have been moved too; everything else stays byte by byte what it means.
  private func details(_ text: String, _ moves: [PathMove]) throws -> String {
    guard var object = try JSONValue.parse(text).object, let path = object["optionsFile"]?.string.flatMap(moves.moved) else { return text }
    object["optionsFile"] = .string(path)
    return JSONValue.object(object).text
  }

  // MARK: - The output

  /// The output at its place, in this database's hands where it has a new one: it must be the job's own.
  private func take(_ path: String?, of job: LoadedJob, _ rules: OutputRules, _ views: [View]) throws -> (OutputFolder, OutputHold?) {
    guard let path else {
      if try job.output.foreignness() == nil { try OutputHold.checkOwner(of: job.output, by: store) }
      return (job.output, nil)
    }
    let place = try OutputFolder(path: path, plan: job.plan, uuid: job.record.description.uuid, provenance: job.details.provenance.value)
    if case .there = OutputAbsence(of: path) {
    } else {
      throw JobError.invalid(what: "there is no output at \(path)", hint: "move it there first, or give the place where it is")
    }
    let hint =
      "give the place of this job's output; where its metadata are damaged, `blockfuse verify --repair` mends them at its old place"
    if let foreign = try Retry.standard.transient({ try place.foreignness() }) { throw JobError.foreignOutput(foreign, hint: hint) }
    if let problem = try Retry.standard.transient({ try place.metadataProblems() }).first {
      throw JobError.foreignOutput(problem, hint: hint)
    }
    try rules.check(against: views)
    return (place, try OutputHold.take(place, of: store.identity(), database: store.path, for: .alone, note: note))
  }
}
