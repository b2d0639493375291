import GRDB

/// The row of a run, for all that claims or records blocks in its name: which job it works on, and whether it still may.
struct RunRow: Sendable {
  let id: Int64
  let job: JobID
  let store: JobStore
  /// Layouts of the job's levels, and counts as they were when the run began.
  let levels: [LevelRow]

  func level(_ level: Int) throws(JobStoreError) -> LevelRow {
    guard levels.indices.contains(level) else { throw .invalid("job \(job) has no level \(level)") }
    return levels[level]
  }

  /// Throws if another process has declared this run dead: its claims are gone.
  func checkAlive(_ db: Database) throws {
    guard try isAlive(db) else { throw JobStoreError.runEnded(id) }
  }

  func isAlive(_ db: Database) throws -> Bool {
    try db.row("SELECT 1 FROM run WHERE id = ? AND ended_ms IS NULL", [id]) != nil
  }
}
