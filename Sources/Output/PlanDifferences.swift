import Diagnostics
import Files
import Foundation
import Fusion
import Geometry
import JSON
import JobStore
import Planning
import Store
import Views

/// What makes two submissions the same job, and what differs where they are not: what is planned of them, whatever words the
/// options and the dataset said it in. The images themselves are not looked at here; a run does that.
package enum PlanDifferences {
  /// Empty where a submit with these options would make the same job.
  ///
  /// - Parameters:
  ///   - now: planned with `LoadedJob.withOwnChunk` of the options.
  package static func all(of job: LoadedJob, _ recorded: LoadedViews, in now: Planner.Result, options: JobOptions) throws -> [String] {
    var differences: [String] = []
    let missing = (names(job.details.missingViews ?? []), names(now.missingViews))
    if missing.0 != missing.1 { differences.append("views without images: were \(missing.0), are \(missing.1)") }
    differences += views(of: job, recorded, in: now, atMost: ChangeCheck.listedAtMost)
    let decided = differences.isEmpty ? try plan(of: job, in: now) : []
    if differences.isEmpty, decided.isEmpty { return [] }
    // what was asked for says more than what came of it
    let asked = ChangeCheck.differences(try job.optionsMeaning(), options.meaning, path: "").map { "options: \($0)" }
    return asked + (differences.isEmpty && !asked.isEmpty ? [] : differences + decided)
  }

  // MARK: - Views

  /// Views that are others, or elsewhere.
  ///
  /// - Parameter others: numbers of views whose images may have another shape, type or place.
  package static func views(
    of job: LoadedJob, _ recorded: LoadedViews, in now: Planner.Result, others: Set<Int> = [], atMost limit: Int
  ) -> [String] {
    if let difference = names(of: recorded.views, now.views) { return [difference] }
    var resolver = PathResolver()
    var differences: [String] = []
    for (i, (new, old)) in zip(now.views, recorded.views).enumerated() {
      if new.name != old.name { differences.append("dataset: view \(i) was \"\(old.name)\", is \"\(new.name)\"") }
      let isElsewhere = new.path != old.path && resolver.resolve(address: new.path) != resolver.resolve(address: old.path)
      if isElsewhere { differences.append("view \"\(old.name)\": path: was \(old.path), is \(new.path)") }
      if !areSame(now.transforms[i], recorded.transforms[i]) {
        differences.append("view \"\(old.name)\": transform \(job.plan.fusion.transformKey ?? "") changed")
      }
      if !others.contains(i) {
        let fields = changedFields(old, new, isElsewhere: isElsewhere)
        if !fields.isEmpty { differences.append("view \"\(old.name)\": \(fields.joined(separator: ", "))") }
      }
      if differences.count > limit { break }
    }
    return differences
  }

  /// How the views of a dataset are others, or in another order, as a whole.
  private static func names(of recorded: [View], _ now: [View]) -> String? {
    let (was, new) = (recorded.map(\.name), now.map(\.name))
    if was == new { return nil }
    let (gone, added) = (Set(was).subtracting(new).sorted(), Set(new).subtracting(was).sorted())
    if was.count == new.count { return gone.isEmpty && added.isEmpty ? "dataset: its views are in another order" : nil }
    let changes = [("without", gone), ("with", added)].filter { !$0.1.isEmpty }.map { "\($0) \(list($1))" }.joined(separator: ", ")
    return "dataset: had \(counted(was.count, "view")), has \(new.count)" + (changes.isEmpty ? "" : ": \(changes)")
  }

  private static func names(_ views: [MissingView]) -> String {
    views.isEmpty ? "none" : views.map { "\"\($0.name)\"" }.joined(separator: ", ")
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(3).map { "\"\($0)\"" }.joined(separator: ", ") + (names.count > 3 ? ", …" : "")
  }

  /// Matrices, one for all time points or one for each.
  private static func areSame(_ a: [AffineMap], _ b: [AffineMap]) -> Bool {
    if a.count == b.count { return a == b }
    return (a + b).allSatisfy { $0 == a.first }
  }

  /// What an image's place and values rest on; how its file is cut and encoded is for a run to compare.
  private static func changedFields(_ old: View, _ new: View, isElsewhere: Bool) -> [String] {
    let (was, now) = (old.level, new.level)
    var fields: [String] = []
    func compare<Value: Equatable>(_ name: String, _ was: Value, _ now: Value, text: (Value) -> String? = { _ in nil }) {
      if was == now { return }
      guard let before = text(was), let after = text(now) else { return fields.append("\(name) changed") }
      fields.append("\(name) was \(before), is \(after)")
    }
    compare("spacing", was.stack.spacing, now.stack.spacing, text: self.text)
    compare("origin", was.stack.origin, now.stack.origin, text: self.text)
    compare("shape", was.shape, now.shape) { "\($0.array)" }
    compare("element type", was.elementType, now.elementType) { $0.rawValue }
    compare("axes", was.axes, now.axes) { $0.map(\.rawValue).joined(separator: " ") }
    compare("time points", old.details.times, new.details.times)
    compare("channels", old.details.channels, new.details.channels)
    compare("intensity scale", old.intensityScale, new.intensityScale) { "\($0)" }
    compare("intensity offset", old.intensityOffset, new.intensityOffset) { "\($0)" }
    compare("corrections of intensities", old.details.correction, new.details.correction)
    compare("format", old.details.format, new.details.format) { "\($0)" }
    compare("image in the file", was.dataset ?? old.details.dataset, now.dataset ?? new.details.dataset)
    // a level of an image has the image's place in its own
    if !isElsewhere, old.path == new.path { compare("level", was.arrayPath, now.arrayPath) { $0 } }
    return fields
  }

  private static func text(_ vector: Vector3) -> String? { "\([vector[0], vector[1], vector[2]]) along z y x" }

  // MARK: - The plan

  /// What is decided once for the whole job: the output's shape, type and levels, the fusion.
  package static func plan(of job: LoadedJob, in now: Planner.Result) throws -> [String] {
    var differences: [String] = []
    let (was, new) = (job.plan, now.plan)
    if new.levels[0].shape != was.levels[0].shape {
      differences.append("the output's shape was \(was.levels[0].shape.array), would be \(new.levels[0].shape.array) along t c z y x")
    }
    if new.outputType != was.outputType {
      differences.append("the output's type was \(was.outputType.rawValue), would be \(new.outputType.rawValue)")
    }
    for (name, a, b) in [("spacing", was.stack.spacing, new.stack.spacing), ("origin", was.stack.origin, new.stack.origin)] where a != b {
      differences.append("the output's \(name) was \(text(a) ?? ""), would be \(text(b) ?? "")")
    }
    if !differences.isEmpty { return differences }
    let (old, fresh) = (try json(was, as: was), try json(new, as: was))
    return Set(old.keys).union(fresh.keys).sorted().filter { old[$0] != fresh[$0] }
      .map { "what was decided at submit (\"\($0)\") would be decided differently" }
  }

  /// A plan as JSON, with one form for what can be said in several, and without what the record of an earlier version lacks.
  private static func json(_ plan: JobPlan, as recorded: JobPlan) throws -> [String: JSONValue] {
    var plan = plan
    if recorded.output.worldUnit == nil { plan.output.worldUnit = nil }
    plan.fusion.functionArguments = plan.fusion.functionArguments.mapValues { JSONText($0.value.withPlainNumbers) }
    plan.fusion.weightsArguments = plan.fusion.weightsArguments.mapValues { JSONText($0.value.withPlainNumbers) }
    plan.output.batchArguments = plan.output.batchArguments.mapValues { JSONText($0.value.withPlainNumbers) }
    return try JSONValue.parse(JSONEncoder().encode(plan)).object ?? [:]
  }
}

extension LoadedJob {
  /// The plan that a submit would make now, of the job's dataset with the job's options: of what was missing then nothing is
  /// asked, and what is missing now is an error.
  package func plannedAnew(registry: FusionRegistry) throws -> Planner.Result {
    let options = try withOwnChunk(recordedOptions())
    var loading = options.loading
    (loading.choice.leftOut, loading.choice.skipsMissing) = (Set((details.missingViews ?? []).map(\.name)), false)
    return try Planner.plan(
      dataset: Dataset.load(record.description.datasetPath, options: loading), options: options,
      name: plan.output.name, registry: registry)
  }

  /// Options with the chunk that the job has, along axes for which neither these nor the job's own say one. What is taken there
  /// is decided by the program that records a job, and versions decide differently; voxels do not depend on it.
  package func withOwnChunk(_ options: JobOptions) throws -> JobOptions {
    let (own, given) = (try recordedOptions().outputChunk ?? [:], options.outputChunk ?? [:])
    var chunk = given
    for axis in plan.spatialAxes where given[axis] == nil && own[axis] == nil {
      if let lane = axis.spaceLane { chunk[axis] = plan.levels[0].chunk.zyx[lane] }
    }
    return chunk == given ? options : try options.choosing(chunk: chunk)
  }

  fileprivate func optionsMeaning() throws -> JSONValue { try recordedOptions().meaning }

  private func recordedOptions() throws -> JobOptions { try JobOptions(JSONValue.parse(Data(record.description.options.utf8))) }
}
