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
    package var differences: [String] = []
    package var notes: [String] = []
    /// The views that are not as recorded.
    package var changedViews: Set<Int> = []
    /// Blocks that became pending for these.
    package var blocksSetBack = 0
  }

  package static let listedAtMost = 20

  package static func findings(of job: LoadedJob, _ views: LoadedViews, registry: FusionRegistry) throws -> Findings {
    var findings = Findings()
    findings.differences += Program.differences(from: job.record.description)
    options(job, &findings)
    dataset(job, views, registry, &findings)
    missingViews(job, &findings)
    let changed = try views.watched.lookAtAll()
    findings.differences += views.watched.lines(changed, atMost: listedAtMost)
    findings.changedViews = Set(changed.map(\.view))
    if let lost = try job.output.lostMark() {
      findings.differences.append("\(lost); `blockfuse verify --repair` writes them again")
    } else if let foreign = try job.output.foreignness() {
      findings.differences.append(foreign)
    } else {
      findings.differences += try job.output.metadataProblems().map { "\($0); `blockfuse verify --repair` writes it again" }
    }
    return findings
  }

  /// The same, before anybody works on the job, noted in its database: that the views are as recorded; or, where some are
  /// not, what is recorded of these since they last were becomes pending.
  package static func findings(
    of job: LoadedJob, _ views: LoadedViews, registry: FusionRegistry, notedIn store: JobStore
  ) throws -> Findings {
    let check = try store.beginViewCheck(of: job.record.id)
    var findings = try findings(of: job, views, registry: registry)
    if findings.changedViews.isEmpty {
      try store.foundViewsAsRecorded(by: check, of: job.record.id)
    } else {
      let blocks = try TouchedBlocks(by: findings.changedViews, of: views, plan: job.plan, registry: registry)
      findings.blocksSetBack = try blocks.setBack(job.record.id, in: store, because: findings.differences.first ?? "")
      if let note = TouchedBlocks.note(findings.blocksSetBack) { findings.notes.append(note) }
    }
    return findings
  }

  private static func options(_ job: LoadedJob, _ findings: inout Findings) {
    guard let path = job.details.optionsFile, let was = job.details.optionsFileContent?.value else { return }
    guard let bytes = try? FileBytes.read(path, limit: JSONValue.maximumByteCount) else {
      findings.notes.append("the options file \(path) is gone; the job has its own copy")
      return
    }
    guard let now = try? JSONValue.parse(bytes) else {
      findings.differences.append("options: \(path) is not valid JSON any more")
      return
    }
    findings.differences += differences(was, now, path: "").map { "options: \($0)" }
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
    do {
      let options = try JobOptions(JSONValue.parse(Data(job.record.description.options.utf8)))
      // the same views as at submit: of what was missing then nothing is asked, and what is missing now is a difference
      var choice = options.viewChoice
      (choice.leftOut, choice.skipsMissing) = (Set((job.details.missingViews ?? []).map(\.name)), false)
      now = try Planner.plan(
        dataset: Dataset.load(path, options: Dataset.LoadOptions(choice: choice)), options: options,
        name: job.plan.output.name, registry: registry)
    } catch {
      findings.differences.append("dataset \(path): \(errorWords(error))")
      return
    }
    let before = findings.differences.count
    if now.views.count != views.views.count {
      findings.differences.append("dataset: had \(counted(views.views.count, "view")), has \(now.views.count)")
    } else {
      for (i, (new, old)) in zip(now.views, views.views).enumerated() {
        if new.name != old.name { findings.differences.append("dataset: view \(i) was \"\(old.name)\", is \"\(new.name)\"") }
        if new.path != old.path { findings.differences.append("view \"\(old.name)\": path: was \(old.path), is \(new.path)") }
        if now.transforms[i] != views.transforms[i] {
          findings.differences.append("view \"\(old.name)\": transform \(job.plan.fusion.transformKey ?? "") changed")
        }
        if new.details != old.details {
          findings.differences.append("view \"\(old.name)\": spacing, origin, channels or time points changed")
        }
        if findings.differences.count > before + listedAtMost { break }
      }
    }
    if findings.differences.count == before, now.plan.stack != job.plan.stack {
      findings.differences.append("dataset: the output's place or size changed")
    }
    if findings.differences.count == before, let unit = job.plan.output.worldUnit, unit != now.plan.output.worldUnit {
      findings.differences.append("dataset: one world unit was \(unit.text), is \(now.plan.output.worldUnit?.text ?? "unknown")")
    }
    if findings.differences.count == before { findings.notes.append("the dataset \(path) was rewritten; its views are the same") }
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
  private static func differences(_ was: JSONValue, _ now: JSONValue, path: String) -> [String] {
    guard was != now else { return [] }
    guard let old = was.object, let new = now.object else {
      return ["\(path): was \(was.text), is \(now.text)"]
    }
    return Set(old.keys).union(new.keys).sorted().flatMap { key in
      differences(old[key] ?? .null, new[key] ?? .null, path: path.isEmpty ? key : "\(path).\(key)")
    }
  }
}
