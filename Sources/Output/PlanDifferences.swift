import Diagnostics
import Foundation
import Fusion
import Geometry
import JSON
import JobStore
import Planning
import Views

/// What differs between a job and the plan that a submit would make now.
package enum PlanDifferences {
  /// Views that are others, or elsewhere.
  ///
  /// - Parameter others: numbers of views whose images may have another shape, type or place.
  package static func views(
    of job: LoadedJob, _ recorded: LoadedViews, in now: Planner.Result, others: Set<Int> = [], atMost limit: Int
  ) -> [String] {
    if now.views.count != recorded.views.count { return ["dataset: had \(counted(recorded.views.count, "view")), has \(now.views.count)"] }
    var differences: [String] = []
    for (i, (new, old)) in zip(now.views, recorded.views).enumerated() {
      if new.name != old.name { differences.append("dataset: view \(i) was \"\(old.name)\", is \"\(new.name)\"") }
      if new.path != old.path { differences.append("view \"\(old.name)\": path: was \(old.path), is \(new.path)") }
      if now.transforms[i] != recorded.transforms[i] {
        differences.append("view \"\(old.name)\": transform \(job.plan.fusion.transformKey ?? "") changed")
      }
      if !others.contains(i), new.details != old.details {
        differences.append("view \"\(old.name)\": spacing, origin, channels, time points or intensities changed")
      }
      if differences.count > limit { break }
    }
    return differences
  }

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
    if new.stack.spacing != was.stack.spacing {
      differences.append("the output's spacing was \(was.stack.spacing), would be \(new.stack.spacing)")
    }
    if new.stack.origin != was.stack.origin {
      differences.append("the output's origin was \(was.stack.origin), would be \(new.stack.origin)")
    }
    if !differences.isEmpty { return differences }
    let (old, fresh) = (try json(was), try json(new))
    return Set(old.keys).union(fresh.keys).sorted().filter { old[$0] != fresh[$0] }
      .map { "what was decided at submit (\"\($0)\") would be decided differently" }
  }

  private static func json(_ plan: JobPlan) throws -> [String: JSONValue] {
    try JSONValue.parse(JSONEncoder().encode(plan)).object ?? [:]
  }
}

extension LoadedJob {
  /// The plan that a submit would make now, of the job's dataset with the job's options: of what was missing then nothing is
  /// asked, and what is missing now is an error.
  package func plannedAnew(registry: FusionRegistry) throws -> Planner.Result {
    let options = try JobOptions(JSONValue.parse(Data(record.description.options.utf8)))
    var loading = options.loading
    (loading.choice.leftOut, loading.choice.skipsMissing) = (Set((details.missingViews ?? []).map(\.name)), false)
    return try Planner.plan(
      dataset: Dataset.load(record.description.datasetPath, options: loading), options: options,
      name: plan.output.name, registry: registry)
  }
}
