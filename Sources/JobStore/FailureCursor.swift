import GRDB

extension JobStore {
  /// All failures of a job, by level, then by place in the record, read while they are asked for; also those of blocks that
  /// were tried again since.
  public func failureCursor(of job: JobID) throws(JobStoreError) -> FailureCursor {
    let levels = try read { db in
      _ = try self.storedState(db, job)
      return try LevelRow.all(db, job: job)
    }
    return FailureCursor(self, job, levels)
  }
}

/// Streams the failures of a job; holds some thousand at a time. What fails meanwhile may be among them or not.
public struct FailureCursor {
  private static let pageSize = 4096

  private let store: JobStore
  private let job: JobID
  private let levels: [LevelRow]
  /// The last first.
  private var page: [BlockFailure] = []
  /// Level, brick and block of the last one that was read.
  private var last = (-1, -1, -1)
  private var isAtEnd = false

  init(_ store: JobStore, _ job: JobID, _ levels: [LevelRow]) { (self.store, self.job, self.levels) = (store, job, levels) }

  public mutating func next() throws(JobStoreError) -> BlockFailure? {
    if page.isEmpty, !isAtEnd { try readPage() }
    return page.popLast()
  }

  private mutating func readPage() throws(JobStoreError) {
    let (job, levels, after) = (job, levels, last)
    let (failures, end) = try store.read { db in
      let rows = try db.rows(
        """
        SELECT \(FailureRow.columns) FROM failure WHERE job = ? AND (level, brick, block) > (?, ?, ?)
        ORDER BY level, brick, block LIMIT ?
        """, [job, after.0, after.1, after.2, Self.pageSize])
      let end = try rows.last.map { (try $0.integer("level"), try $0.integer("brick"), try $0.integer("block")) }
      return (try rows.map { try BlockFailure($0, levels: levels) }, end)
    }
    page = failures.reversed()
    isAtEnd = failures.count < Self.pageSize
    last = end ?? last
  }
}
