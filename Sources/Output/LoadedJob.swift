import Diagnostics
import Foundation
import Geometry
import JobStore
import Planning
import Threads
import Views
import Zarr

/// A job read back from its record, with its output: without its dataset, and without its views, which may be many.
package struct LoadedJob: Sendable {
  package let record: JobRecord
  package let details: JobDetails
  package private(set) var output: OutputFolder

  package static func load(_ selector: String?, in store: JobStore) throws -> LoadedJob {
    try LoadedJob(store.job(selector))
  }

  /// - Parameter mark: see `OutputFolder`.
  package init(_ record: JobRecord, mark: String = "") throws {
    self.record = record
    details = try record.details()
    output = try record.outputFolder(details, mark: mark)
  }

  package var plan: JobPlan { details.plan }
  /// The job's number, and its name if it has one.
  package var title: String { record.title }

  /// The same job with its output held, for whoever writes into it.
  package func holdingOutput() throws -> LoadedJob {
    var job = self
    job.output = try output.held(by: title)
    return job
  }

  /// The error for an output that is not this job's, as `OutputFolder.foreignness` says why.
  package func error(foreignOutput why: String) -> JobError {
    let id = record.id
    let advice =
      OutputRemoval(of: output)?.isBegun == true
      ? "`blockfuse remove \(id) --output` finishes the removal"
      : "put the image of this job back, or mount its disk; if it was moved, `blockfuse relocate \(id) --output NEW_PATH` tells the job; "
        + "if it is lost, submit a new job"
    return .changed(job: title, differences: [why], advice: advice)
  }

  /// The path of a block's file, whether it is there or not.
  package func file(of block: BlockID) -> String { output.file(of: block.position, level: block.level) }

  /// Reads the job's views: nearly all the time that a task with a hundred thousand of them takes to begin.
  package func views(in store: JobStore) throws -> LoadedViews { try LoadedViews(of: record, in: store) }
}

extension JobRecord {
  /// The job's number, and its name if it has one.
  package var title: String { description.name.map { "\(id) (\($0))" } ?? "\(id)" }

  /// Everything that was decided beyond the options when the job was submitted.
  package func details() throws -> JobDetails {
    do {
      return try JSONDecoder().decode(JobDetails.self, from: Data(description.details.utf8))
    } catch {
      throw JobError.unexpected("the record of job \(id) cannot be read: \(errorWords(error))")
    }
  }

  func outputFolder(_ details: JobDetails, mark: String = "") throws -> OutputFolder {
    try OutputFolder(
      path: description.outputPath, plan: details.plan, uuid: description.uuid, provenance: details.provenance.value,
      mark: mark)
  }

  /// Why the output folder is not this job's: it is gone, or another job's by now, or does not answer; nil if it is, or if
  /// nobody knows.
  package func outputProblem(_ details: JobDetails?) -> String? {
    guard let output = details.flatMap({ try? outputFolder($0) }) else { return nil }
    do throws(ZarrError) {
      guard let why = try output.foreignness() else { return nil }
      return OutputRemoval(of: output)?.isBegun == true ? "\(why): `blockfuse remove \(id) --output` finishes that" : why
    } catch {
      return error.description
    }
  }

  /// Whether a removal of the output was begun and has not come to its end; what is left lies beside its place.
  package func isHalfRemoved(_ details: JobDetails?) -> Bool {
    details.flatMap { try? outputFolder($0) }.flatMap(OutputRemoval.init)?.isBegun == true
  }

  /// Whether this job was submitted after another, with the same place for its output.
  package func replacesOutput(of job: JobRecord) -> Bool {
    id > job.id && description.outputPath == job.description.outputPath
  }
}
