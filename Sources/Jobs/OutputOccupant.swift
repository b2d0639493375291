import Diagnostics
import Engine
import JobStore
import Output
import Planning
import Store

/// The job whose output is in the place of a new one, though the database has no job with its output there: one of another
/// database, or one whose output was moved or copied to it.
struct OutputOccupant {
  private let path: String
  private let uuid: String
  /// Of the database in use.
  private let job: JobRecord?
  private let owner: OutputOwner?

  /// Nil where nothing is there, or no job says that it made that.
  init?(of path: String, in store: JobStore?) throws {
    let uuid = try Retry.standard.transient { try OutputFolder.uuid(at: Place(path)) }
    guard let uuid else { return nil }
    (self.path, self.uuid) = (path, uuid)
    job = try store?.jobs().first { $0.description.uuid == uuid }
    owner = (try? OutputOwner.read(ofOutput: path)).flatMap { $0?.job == uuid ? $0 : nil }
  }

  /// The error for a new job in its place.
  var isInTheWay: JobError {
    let other = "for a new job choose another place, or add --overwrite to replace it"
    let exists = "the output \(path) exists: it is"
    if let job {
      let recorded = "which is recorded at \(job.description.outputPath)"
      return .invalid(
        what: "\(exists) that of job \(job.title), \(recorded)",
        hint:
          "`blockfuse relocate \(job.id) --output \(shellWord(path))` records that it was moved, then `blockfuse run \(job.id)` goes on; \(other)"
      )
    }
    guard let owner else { return .invalid(what: "\(exists) that of a job which this database does not know (\(uuid))", hint: other) }
    guard let job = job(in: owner.path) else {
      return .invalid(
        what: "\(exists) that of a job of the database \(owner.path) (\(uuid))", hint: "go on with --db \(shellWord(owner.path)); \(other)")
    }
    return .invalid(
      what: "\(exists) that of job \(job.title) of the database \(owner.path)",
      hint: "the same command with --db \(shellWord(owner.path)) goes on with it, if it is the same job; \(other)")
  }

  /// As another database has it, if that can be looked at.
  private func job(in database: String) -> JobRecord? {
    guard let store = try? JobStore.open(database, mode: .readOnly) else { return nil }
    return (try? store.jobs())?.first { $0.description.uuid == uuid }
  }
}
