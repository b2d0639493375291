/// A job with all that changes while it runs, as it stood at one moment.
public struct JobSnapshot: Sendable {
  public let job: JobRecord
  public let levels: [LevelRecord]
  /// Oldest first.
  public let runs: [RunRecord]
  public let samples: [RunSample]
}

extension JobStore {
  /// In one transaction: what is recorded meanwhile is in all of it or in nothing of it.
  public func snapshot(of job: JobID) throws(JobStoreError) -> JobSnapshot {
    try read { db in
      let runs = try self.runRecords(db, where: "job = ? ORDER BY id", job)
      // asked once: a process may end between two questions
      let live = Set(runs.filter(\.isLive).map(\.id))
      guard let record = try self.records(db, where: "id = ? AND state <> 'creating'", [job], live: live).first else {
        throw JobStoreError.noSuchJob(selector: String(job), path: self.path)
      }
      return JobSnapshot(
        job: record, levels: try self.levelRecords(db, job, live: live), runs: runs,
        samples: try self.sampleRecords(db, job))
    }
  }
}
