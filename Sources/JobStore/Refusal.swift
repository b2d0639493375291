import Diagnostics
import Foundation
import GRDB

/// A run that was refused before it began: it did nothing, and is none of the job's runs. Of each job the last one is kept.
public struct Refusal: Hashable, Sendable {
  public let at: Date
  /// What its process ended with.
  public let exitStatus: Int
  public let message: String
}

extension JobStore {
  /// Notes that a run was refused, and how its process ends, in place of what was noted before.
  public func noteRefusal(of job: JobID, exitStatus: ExitStatus, message: String) throws(JobStoreError) {
    try write { db in
      _ = try self.storedState(db, job)
      try db.run(
        """
        INSERT INTO refusal (job, at_ms, exit_status, message) VALUES (?, ?, ?, ?)
        ON CONFLICT (job) DO UPDATE SET at_ms = excluded.at_ms, exit_status = excluded.exit_status, message = excluded.message
        """, [job, Date().milliseconds, Int(exitStatus.code), message])
    }
  }

  static func refusal(_ db: Database, of job: JobID) throws -> Refusal? {
    try db.row("SELECT at_ms, exit_status, message FROM refusal WHERE job = ?", [job]).map { row in
      Refusal(at: try row.date("at_ms"), exitStatus: try row.integer("exit_status"), message: try row.text("message"))
    }
  }
}
