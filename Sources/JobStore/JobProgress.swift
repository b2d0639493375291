import Foundation
import GRDB

/// How a job stands, with all that changes while it runs, as it was at one moment.
public struct JobProgress: Sendable {
  public let job: JobRecord
  public let levels: [LevelRecord]
  /// Oldest first.
  public let runs: [RunRecord]
  public let samples: [RunSample]
  /// The last run that was refused before it began.
  public let refusal: Refusal?
  /// The newest work order, whether it is out or was taken back.
  public let newestOrder: OrderRecord?
  public let readAt: Date
  /// What tasks of a work order did beyond the record, which is then in the counts; nil where no order is out, or its logs were
  /// not read.
  package var tasks: TaskWork?

  /// The counts of all levels together.
  public var counts: BlockCounts { job.counts }
}

extension JobStore {
  /// The progress of a job by its number or name, as `job(_:)` finds it. Read in one transaction: what is recorded
  /// meanwhile is in all of it or in nothing of it.
  public func progress(of selector: String?) throws(JobStoreError) -> JobProgress {
    try read { db in try self.progress(db, selector) }
  }

  public func progress(of job: JobID) throws(JobStoreError) -> JobProgress { try progress(of: String(job)) }

  func progress(_ db: Database, _ selector: String?) throws -> JobProgress {
    let row = try self.find(db, selector)
    let job = try row.integer("id")
    try FixedRows.check(db, row)
    let runs = try self.runRecords(db, where: "job = ? ORDER BY id", job)
    // asked once: a process may end between two questions
    let live = Set(runs.filter(\.isLive).map(\.id))
    let levels = try self.levelRecords(db, job, live: live)
    return JobProgress(
      job: try JobRecord(row, levels: levels, isLive: !live.isEmpty), levels: levels, runs: runs,
      samples: try self.sampleRecords(db, job), refusal: try JobStore.refusal(db, of: job),
      newestOrder: try JobStore.orders(db, of: job).last, readAt: Date())
  }
}
