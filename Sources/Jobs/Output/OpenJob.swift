import Foundation
import Geometry
import JobStore
import Threads
import Views
import Zarr

/// A job read back from its record, with its output: without its dataset, and without its views, which may be many.
public struct LoadedJob: Sendable {
  public let record: JobRecord
  public let details: JobDetails
  private(set) var output: OutputFolder

  public static func load(_ selector: String?, in store: JobStore) throws -> LoadedJob {
    try LoadedJob(store.job(selector))
  }

  /// - Parameter mark: see `OutputFolder`.
  public init(_ record: JobRecord, mark: String = "") throws {
    self.record = record
    details = try record.details()
    output = try record.outputFolder(details, mark: mark)
  }

  public var plan: JobPlan { details.plan }
  /// The job's number, and its name if it has one.
  public var title: String { record.title }

  /// The same job with its output held, for whoever writes into it.
  func holdingOutput() throws -> LoadedJob {
    var job = self
    job.output = try output.held(by: title)
    return job
  }

  /// The path of a block's file, whether it is there or not.
  public func file(of block: BlockID) -> String { output.file(of: block.position, level: block.level) }

  /// Reads the job's views: nearly all the time that a task with a hundred thousand of them takes to begin.
  public func views(in store: JobStore) throws -> LoadedViews { try LoadedViews(of: record, in: store) }
}

extension JobRecord {
  /// The job's number, and its name if it has one.
  var title: String { description.name.map { "\(id) (\($0))" } ?? "\(id)" }

  /// Everything that was decided beyond the options when the job was submitted.
  public func details() throws -> JobDetails {
    do {
      return try JSONDecoder().decode(JobDetails.self, from: Data(description.details.utf8))
    } catch {
      throw JobError.unexpected("the record of job \(id) cannot be read: \(error)")
    }
  }

  func outputFolder(_ details: JobDetails, mark: String = "") throws -> OutputFolder {
    try OutputFolder(
      path: description.outputPath, plan: details.plan, uuid: description.uuid, provenance: details.provenance.value,
      mark: mark)
  }

  /// Why the output folder is not this job's: it is gone, or another job's by now; nil if it is, or if
  /// nobody knows.
  public func outputProblem(_ details: JobDetails?) -> String? {
    details.flatMap { try? outputFolder($0) }?.foreignness()
  }
}

/// What a job's record keeps beside its columns.
public struct JobDetails: Sendable, Codable {
  public var plan: JobPlan
  /// What the output's metadata say of where it came from.
  public var provenance: JSONText
  /// The options file that was given, and what it said.
  public var optionsFile: String?
  public var optionsFileContent: JSONText?
  /// Views that were chosen and whose images could not be opened; nil: none, as in all records from before it was asked.
  public var missingViews: [MissingView]?
  /// Names of views that no voxel of the output comes from, and of how many; nil: none.
  public var viewsWithoutVoxels: [String]?
  public var viewCount: Int?
}
