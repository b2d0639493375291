import Engine
import Files
import Foundation
import JobStore
import Orders
import Output
import Planning
import Store
import Zarr

/// Removes a job from the database, and its output from the disk if that is asked for.
///
/// The output goes first, the record last: stopped anywhere, what is left to do is found by the job's number, and the same
/// command does it. Only files with names that this program gives are removed; all others are put back where they were.
package struct Remover {
  package struct Removed: Sendable {
    package let job: JobRecord
    /// Files of the output that were removed; nil where the output was not to be, or was gone.
    package let extent: OwnFiles.Extent?
    /// What others put into the output, or beside it, and stays.
    package let others: [String]
  }

  private let store: JobStore
  private let note: (String) -> Void

  /// - Parameter note: told what is worth a word.
  package init(store: JobStore, note: @escaping (String) -> Void) { (self.store, self.note) = (store, note) }

  /// Removes the record, and leaves the output as it is.
  package func forget(_ selector: String) throws -> Removed {
    let record = try store.onlyJob(selector)
    try store.whileIdle(record.id) {}
    if let job = try? LoadedJob(record), OutputRemoval(of: job.output)?.isBegun == true {
      throw JobError.invalid(
        what: "the output \(record.description.outputPath) is half removed",
        hint: "`blockfuse remove \(record.id) --output` ends that")
    }
    return try forget(record, extent: nil, others: [])
  }

  /// Removes the output, then the record; nil where that is not agreed to.
  ///
  /// - Parameter agree: asked once it is known what would be removed.
  package func removeWithOutput(_ selector: String, agree: (OwnFiles.Extent, String) throws -> Bool) throws -> Removed? {
    let record = try store.onlyJob(selector)
    try store.whileIdle(record.id) {}
    let job = try LoadedJob(record)
    guard let removal = OutputRemoval(of: job.output) else {
      throw JobError.invalid(
        what: "the output \(job.output.path) is in a store in which blockfuse removes nothing", hint: "remove it there, then the job alone")
    }
    var (extent, others): (OwnFiles.Extent?, [String]) = (nil, [])
    if try removal.isBegun || isThere(job, removal) {
      let found = try removal.extent()
      if let readers = try ImageReaders(of: job.output.path, in: store, but: record.id) { note(readers.note) }
      guard try agree(found, job.output.path) else { return nil }
      if !removal.isBegun { try begin(removal, of: job) }
      (extent, others) = (found, try removal.finish())
    }
    // where somebody has made another output there, what lies beside is that one's
    if !removal.isBegun, !holdsAnImage(job) { others += try removeWhatLiesBeside(job) }
    return try forget(record, extent: extent, others: others)
  }

  // MARK: -

  private func forget(_ record: JobRecord, extent: OwnFiles.Extent?, others: [String]) throws -> Removed {
    // what a submit that was killed at its very end had left of the output that it replaced
    let placement = placement(ofOutput: record.description.outputPath, uuid: record.description.uuid)
    if let left = placement.removeAside() { note("\(Submitter.cannotRemove) \(left)") }
    try store.delete(record.id)
    return Removed(job: record, extent: extent, others: others)
  }

  /// False where nothing of it is there any more; throws where it is not known to be this job's.
  private func isThere(_ job: LoadedJob, _ removal: OutputRemoval) throws -> Bool {
    let path = job.output.path
    guard let foreign = try Retry.standard.transient({ try job.output.foreignness() }) else { return true }
    switch OutputAbsence(of: path) {
    case .gone(let inEmptyFolder):
      note(
        "the output \(path) was not there any more"
          + (inEmptyFolder ? "; its folder is empty: if a disk belongs there and is not mounted, the image is still on it" : ""))
      return false
    case .unknown(let why):
      throw JobError.output(
        "nobody can say whether the output \(path) is gone: \(why)",
        hint: "mount its disk, then do the same again; without --output the job alone is removed")
    case .there:
      // as when all that is left of it is what others had put there
      if !holdsAnImage(job), try removal.extent().fileCount == 0 {
        note("nothing of the job was in \(path) any more")
        return false
      }
      throw JobError.foreignOutput(foreign, hint: "it is left as it is; without --output the job alone is removed")
    }
  }

  /// Whether there is Zarr in the place of the output, of whatever job.
  private func holdsAnImage(_ job: LoadedJob) -> Bool {
    ZarrFileName.all.contains { (job.output.place / $0).isThere }
  }

  private func begin(_ removal: OutputRemoval, of job: LoadedJob) throws {
    let hold = try OutputHold.take(job.output, of: store.identity(), database: store.path, for: .alone, note: note)
    defer { withExtendedLifetime(hold) {} }
    try store.whileIdle(job.record.id) {
      // it may have been replaced since it was looked at
      if let foreign = try job.output.foreignness() { throw JobError.foreignOutput(foreign, hint: "it is left as it is") }
      try removal.begin()
    }
  }

  /// The owner's note, the lock and the work orders of an output that is gone.
  private func removeWhatLiesBeside(_ job: LoadedJob) throws -> [String] {
    let path = job.output.path
    if let owner = try OutputOwner.read(ofOutput: path), owner.job != job.record.description.uuid { return [] }
    let exclusion = try OutputHold.excludeWriters(ofOutput: path)
    defer { withExtendedLifetime(exclusion) {} }
    return try OwnFiles(in: Place(OutputOwner.folder(ofOutput: path)), names: WorkOrder.namesBesideOutput).remove()
  }
}
