import Diagnostics
import JobStore
import JSON
import Output
import Planning
import Views

/// The job of a database whose output is where that of another is to go: whether it is the same job, by what a submit would
/// record now.
struct EarlierJob {
  private let job: LoadedJob
  private let store: JobStore

  var record: JobRecord { job.record }
  var isComplete: Bool { record.state == .complete }
  /// The name that the image had at submit, also where it was moved since.
  var outputName: String { job.plan.output.name }

  /// Nil where no job has its output there, or the output is not that job's any more.
  static func find(output path: String, in store: JobStore) throws -> EarlierJob? {
    guard let newest = try store.outputUses(where: { $0 == path }).map(\.job).max() else { return nil }
    let job = try LoadedJob(store.job(newest))
    return try job.output.foreignness() == nil ? EarlierJob(job: job, store: store) : nil
  }

  /// A plan to compare with. Where none can be made, it cannot be told whether the job is the same.
  func planned(_ plan: () throws -> Planner.Result) throws -> Planner.Result {
    do { return try plan() } catch let error as any Failure {
      if error.isTransient { throw error }
      throw JobError.invalid(
        what:
          "the output \(job.output.path) exists, of job \(job.title), and whether that is the same job cannot be told: \(error.description)",
        hint: "`blockfuse run \(record.id)` goes on with the job as it was recorded" + (error.hint.isEmpty ? "" : "; \(error.hint)"))
    }
  }

  /// What a submit would record otherwise; empty where the job is the same. Images that changed since are for a run to say, as
  /// long as the job is not complete.
  func differences(from request: Submitter.Request, _ now: Planner.Result) throws -> [String] {
    var differences = Program.differences(from: record.description)
    let recorded = try JSONValue.parse(Array(record.description.options.utf8))
    differences += ChangeCheck.differences(
      JobOptions.withoutOverwrite(recorded), JobOptions.withoutOverwrite(request.options.json), path: ""
    )
    .map { "options: \($0)" }
    if now.datasetDigest != record.description.datasetDigest { differences.append("the content of the dataset changed") }
    if !differences.isEmpty { return differences }
    let views = try job.views(in: store)
    let missing = (names(job.details.missingViews ?? []), names(now.missingViews))
    if missing.0 != missing.1 { differences.append("views without images: were \(missing.0), are \(missing.1)") }
    differences += PlanDifferences.views(of: job, views, in: now, atMost: ChangeCheck.listedAtMost)
    if differences.isEmpty { differences += try PlanDifferences.plan(of: job, in: now) }
    if differences.isEmpty, isComplete { differences += views.watched.described(try views.watched.lookAtAll()).lines }
    return differences
  }

  /// The error for a new job in its place.
  func isInTheWay(since differences: [String] = []) -> JobError {
    let what = "the output \(job.output.path) exists: it is that of job \(job.title)"
    let first = differences.prefix(3).joined(separator: "; ") + (differences.count > 3 ? "; …" : "")
    return .invalid(
      what: differences.isEmpty ? what : "\(what), which is another job: \(first)",
      hint: (isComplete ? "that job is complete" : "`blockfuse run \(record.id)` goes on with that job")
        + "; for a new one choose another place, or add --overwrite to replace it")
  }

  private func names(_ views: [MissingView]) -> String { views.isEmpty ? "none" : views.map { "\"\($0.name)\"" }.joined(separator: ", ") }
}
