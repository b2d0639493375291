import Diagnostics
import Engine
import Fusion
import JobStore
import Output
import Planning
import Views

/// Takes the images of some views as they are now, and sets every block that they touch, on all levels, to pending:
/// `retry --view`.
package struct ViewRetaker {
  package struct Answer: Sendable {
    package let job: JobRecord
    package let viewCount: Int
    /// Blocks that were done, empty or failed.
    package let pendingBlocks: Int
    /// What differed from the record, a line for each view; empty where nothing did.
    package let differences: [String]
  }

  private let store: JobStore
  private let registry: FusionRegistry

  package init(store: JobStore, registry: FusionRegistry) { (self.store, self.registry) = (store, registry) }

  /// - Parameters:
  ///   - acceptsChanged: images of another shape, type or place are taken, too, where the job stays the same.
  ///   - note: told what is worth a word.
  package func retake(
    _ names: [String], of selector: String?, acceptsChanged: Bool, note: (String) -> Void = { _ in }
  ) throws -> Answer {
    let job = try LoadedJob(store.job(selector))
    try refuse(job)
    let records = try store.views(of: job.record.id)
    let views = try job.views(in: store)
    let numbers = try self.numbers(of: names, in: views, job)
    var images: [Int: View] = [:]
    var changed: [WatchedViews.Changed] = []
    for number in numbers {
      let (image, changes) = try Retry.standard.transient { try views.views[number].retaken() }
      images[number] = image
      if !changes.isEmpty { changed.append((view: number, changes: changes)) }
    }
    let described = views.watched.described(changed)
    let others = changed.filter(\.changes.areOfMeaning).map(\.view)
    if !others.isEmpty {
      images.merge(try planned(Set(others), of: job, views, described, acceptsChanged: acceptsChanged)) { $1 }
    }
    let taken = try numbers.compactMap { number -> TakenView? in
      guard let image = images[number] else { return nil }
      let recorded = try Retry.standard.transient { try recordingFolders([image])[0] }
      return TakenView(
        was: records[number], becomes: try ViewRecord(recorded, ordinal: number, transforms: records[number].transforms))
    }
    let touched = try touching(Set(numbers), of: job, others.isEmpty ? [views] : [views, views.replacing(images)])
    // a task whose order was withdrawn may still be about to put a block of the old image in its place
    let hold = try OutputHold.take(job.output, of: store.identity(), database: store.path, for: .alone, note: note)
    defer { withExtendedLifetime(hold) {} }
    let count = try store.take(taken, of: job.record.id, as: .image, touched: touched)
    return Answer(job: try store.job(job.record.id), viewCount: numbers.count, pendingBlocks: count, differences: described.lines)
  }

  private func refuse(_ job: LoadedJob) throws {
    // which blocks a view touches is known to the program that makes them
    let differences = Program.differences(from: job.record.description)
    if !differences.isEmpty { throw JobError.changed(job: job.title, differences: differences, advice: Program.advice) }
    if let holder = try store.holders(of: job.record.id).first {
      throw JobStoreError.alreadyRunning(job: job.record.id, holder: holder)
    }
    try OpenOrder.refuse(of: job.record.id, in: store, to: "take a view as it is now")
  }

  private func numbers(of names: [String], in views: LoadedViews, _ job: LoadedJob) throws -> [Int] {
    let known = Dictionary(views.views.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    return try Set(
      names.map { name in
        if let number = known[name] { return number }
        throw JobError.invalid(
          what: "job \(job.title) has no view \"\(name)\"", hint: nameHint(name, among: views.views.map(\.name)))
      }
    ).sorted()
  }

  /// Images that are others by their metadata, as the job would have them if it were submitted now: it must be the same job.
  private func planned(
    _ others: Set<Int>, of job: LoadedJob, _ views: LoadedViews, _ described: ChangedViews, acceptsChanged: Bool
  ) throws -> [Int: View] {
    let now: Planner.Result
    do { now = try job.plannedAnew(registry: registry) } catch let error as any Failure {
      if error.isTransient { throw error }
      throw JobError.changed(
        job: job.title, differences: described.lines + ["the job cannot be planned with it: \(error.description)"],
        advice: error.hint.isEmpty ? nil : error.hint)
    }
    var differences = PlanDifferences.views(of: job, views, in: now, others: others, atMost: ChangeCheck.listedAtMost)
    if differences.isEmpty { differences = try PlanDifferences.plan(of: job, in: now) }
    guard differences.isEmpty else {
      throw JobError.changed(
        job: job.title, differences: described.lines + differences,
        advice: "with this image it would be another job: submit a new one, or restore the image")
    }
    var images: [Int: View] = [:]
    for number in others {
      let image = now.views[number]
      // what was planned with is what is there
      let (_, since) = try Retry.standard.transient { try image.retaken() }
      guard since.isEmpty, acceptsChanged || views.views[number].isSameImage(as: image) else {
        let command = ChangeAdvice.retry([image.name], of: job.record.id).dropLast()
        throw JobError.changed(
          job: job.title, differences: described.lines,
          advice: since.isEmpty
            ? "\(command) --accept-changed` takes another shape, type or place, too; or restore the image"
            : "the image is being written; do the same again when it is whole")
      }
      images[number] = image
    }
    return images
  }

  /// What any of these states of the views touches.
  private func touching(_ numbers: Set<Int>, of job: LoadedJob, _ states: [LoadedViews]) throws -> JobStore.Touching {
    let touched = try states.map { try TouchedBlocks(by: numbers, of: $0, plan: job.plan, registry: registry) }
    return JobStore.Touching(
      mayMeet: { brick in touched.contains { $0.mayMeet(brick) } }, contains: { block in touched.contains { $0.contains(block) } })
  }
}
