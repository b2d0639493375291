import Diagnostics
import Files
import Foundation
import Fusion
import Geometry
import JobStore
import JSON
import Planning
import Store
import Views
import Zarr

/// Compares what a job was submitted with to what is there now, so that nothing is ever mixed.
package struct ChangeCheck {
  /// What would change voxels, and what is worth a word only.
  package struct Findings {
    /// What differs beside the images of the views.
    package var otherDifferences: [String] = []
    /// Nothing is where the output was, which is one of these.
    package var isOutputGone = false
    package var notes: [String] = []
    /// The views whose images are not as recorded.
    package var changed: [WatchedViews.Changed] = []
    /// The same in words.
    package var views = ChangedViews([], of: [])
    /// Why the output is not this job's; one of the other differences.
    package var foreignOutput: String?
    /// Blocks that became pending for these.
    package var blocksSetBack = 0

    package var differences: [String] { otherDifferences + views.lines }

    /// The error for what differs; nil where nothing does.
    package func error(of job: LoadedJob) -> JobError? {
      if differences.isEmpty { return nil }
      if otherDifferences.count == (isOutputGone ? 1 : 0) {
        let advice = ChangeAdvice.text(for: views, job: job.record.id, isOutputGone: isOutputGone)
        return .changed(job: job.title, differences: differences, advice: advice)
      }
      if differences == Program.differences(from: job.record.description) {
        return .changed(job: job.title, differences: differences, advice: Program.advice)
      }
      if differences == foreignOutput.map({ [$0] }) { return job.error(foreignOutput: differences[0]) }
      return .changed(job: job.title, differences: differences)
    }
  }

  package static let listedAtMost = 20

  package static func findings(of job: LoadedJob, _ views: LoadedViews, registry: FusionRegistry) throws -> Findings {
    var findings = try inputs(of: job, views, registry: registry)
    findings.otherDifferences = Program.differences(from: job.record.description) + findings.otherDifferences
    if let lost = try job.output.lostMark() {
      findings.otherDifferences.append("\(lost); `blockfuse verify --repair` writes them again")
    } else if let foreign = try job.output.foreignness() {
      findings.otherDifferences.append(foreign)
      findings.foreignOutput = foreign
      findings.isOutputGone = OutputAbsence(of: job.output.path) != .there && OutputRemoval(of: job.output)?.isBegun != true
    } else {
      findings.otherDifferences += try job.output.metadataProblems().map { "\($0); `blockfuse verify --repair` writes it again" }
    }
    return findings
  }

  /// What differs in the options file, the dataset and the images, wherever the record says that they are.
  package static func inputs(of job: LoadedJob, _ views: LoadedViews, registry: FusionRegistry) throws -> Findings {
    var findings = Findings()
    options(job, &findings)
    dataset(job, views, registry, &findings)
    missingViews(job, &findings)
    findings.changed = try views.watched.lookAtAll()
    findings.views = views.watched.described(findings.changed)
    return findings
  }

  /// The same, before anybody works on the job, noted in its database: that the views are as recorded; or, where some are
  /// not, what is recorded of these since they last were becomes pending.
  package static func findings(
    of job: LoadedJob, _ views: LoadedViews, registry: FusionRegistry, notedIn store: JobStore
  ) throws -> Findings {
    let check = try store.beginViewCheck(of: job.record.id)
    var findings = try findings(of: job, views, registry: registry)
    if findings.changed.isEmpty {
      try store.foundViewsAsRecorded(by: check, of: job.record.id)
    } else {
      try setBack(job, views, &findings, registry: registry, in: store)
    }
    return findings
  }

  /// What is recorded of changed views since they were last found as recorded becomes pending. An image that is gone, as one that
  /// was moved with its project, says nothing of what it was: that is asked again where it is there.
  package static func setBack(
    _ job: LoadedJob, _ views: LoadedViews, _ findings: inout Findings, registry: FusionRegistry, in store: JobStore
  ) throws {
    let changed = Set(findings.views.entries.filter { $0.kind != .gone }.map(\.index))
    if changed.isEmpty { return }
    let blocks = try TouchedBlocks(by: changed, of: views, plan: job.plan, registry: registry)
    findings.blocksSetBack = try blocks.setBack(job.record.id, in: store, because: findings.differences.first ?? "")
    if let note = TouchedBlocks.note(findings.blocksSetBack) { findings.notes.append(note) }
  }

  private static func options(_ job: LoadedJob, _ findings: inout Findings) {
    guard let path = job.details.optionsFile, let was = job.details.optionsFileContent?.value else { return }
    guard let bytes = try? FileBytes.read(path, limit: JSONValue.maximumByteCount) else {
      findings.notes.append("the options file \(path) is gone; the job has its own copy")
      return
    }
    guard let now = try? JSONValue.parse(bytes) else {
      findings.otherDifferences.append("options: \(path) is not valid JSON any more")
      return
    }
    findings.otherDifferences += differences(was, now, path: "").map { "options: \($0)" }
  }

  /// Only where the file's bytes differ is it looked at closer: an edit that changes no view is harmless.
  private static func dataset(
    _ job: LoadedJob, _ views: LoadedViews, _ registry: FusionRegistry, _ findings: inout Findings
  ) {
    let path = job.record.description.datasetPath
    guard Place(path).isThere else {
      findings.notes.append("the dataset \(path) is gone; the job has its own record of the views")
      return
    }
    guard (try? DatasetFile.digest(of: path)) != job.record.description.datasetDigest else { return }
    let now: Planner.Result
    do { now = try job.plannedAnew(registry: registry) } catch {
      findings.otherDifferences.append("dataset \(path): \(errorWords(error))")
      return
    }
    var differences = PlanDifferences.views(of: job, views, in: now, atMost: listedAtMost)
    if differences.isEmpty, now.plan.stack != job.plan.stack { differences.append("dataset: the output's place or size changed") }
    if differences.isEmpty, let unit = job.plan.output.worldUnit, unit != now.plan.output.worldUnit {
      differences.append("dataset: one world unit was \(unit.text), is \(now.plan.output.worldUnit?.text ?? "unknown")")
    }
    findings.otherDifferences += differences
    if differences.isEmpty { findings.notes.append("the dataset \(path) was rewritten; its views are the same") }
  }

  /// A job goes on without the views that it was made without, also where they are there by now.
  private static func missingViews(_ job: LoadedJob, _ findings: inout Findings) {
    guard let missing = job.details.missingViews else { return }
    let names = Set(missing.map(\.name))
    let path = job.record.description.datasetPath
    guard let file = try? DatasetFile.read(path, choice: ViewChoice(skipsMissing: true)) else { return }
    let found = file.openable(names)
    guard !found.isEmpty else { return }
    let list = found.prefix(listedAtMost).map { "\"\($0)\"" }.joined(separator: ", ")
    findings.notes.append(
      "images that were missing at submit are there now: \(list)\(found.count > listedAtMost ? ", …" : ""). The job goes on without "
        + "them; submit a new job to fuse them, too")
  }

  /// The places where two pieces of JSON differ.
  package static func differences(_ was: JSONValue, _ now: JSONValue, path: String) -> [String] {
    guard was != now else { return [] }
    guard let old = was.object, let new = now.object else {
      return ["\(path): was \(was.text), is \(now.text)"]
    }
    return Set(old.keys).union(new.keys).sorted().flatMap { key in
      differences(old[key] ?? .null, new[key] ?? .null, path: path.isEmpty ? key : "\(path).\(key)")
    }
  }
}
