import Diagnostics
import JobStore
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

  /// The options with which a new job is planned that is to be compared with this one.
  func options(_ options: JobOptions) throws -> JobOptions { try job.withOwnChunk(options) }

  /// What a submit would make otherwise; empty where the job is the same. Images that changed since are for a run to say, as
  /// long as the job is not complete.
  func differences(from options: JobOptions, _ now: Planner.Result) throws -> [String] {
    let differences = Program.differences(from: record.description)
    if !differences.isEmpty { return differences }
    return try PlanDifferences.all(of: job, job.views(in: store), in: now, options: options)
  }

  /// The images of a complete job that are not any more what it was made of.
  func changedImages() throws -> ChangedViews {
    let views = try job.views(in: store)
    return views.watched.described(try views.watched.lookAtAll())
  }

  /// The error for a complete job whose images changed.
  func isInTheWay(since changed: ChangedViews) -> JobError {
    .invalid(
      what: "the output \(job.output.path) exists: it is that of job \(job.title), which is complete; since then "
        + changed.lines.prefix(3).joined(separator: "; ") + (changed.lines.count > 3 ? "; …" : ""),
      hint: (ChangeAdvice.text(for: changed, job: record.id) ?? "")
        + "; for a new job choose another place, or add --overwrite to replace it")
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
}
