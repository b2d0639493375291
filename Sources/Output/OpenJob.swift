import Foundation
import Geometry
import JobStore
import Planning
import Threads
import Views
import Zarr

/// A job read back from its record: all that is needed to run or check it, without its dataset.
package struct OpenJob: Sendable {
  package let record: JobRecord
  package let plan: JobPlan
  /// With the one level that is used.
  package let views: [View]
  /// One transform for all time points, or one for each.
  package let transforms: [[AffineMap]]
  package let details: JobDetails
  package private(set) var output: OutputFolder

  package static func open(_ selector: String?, in store: JobStore) throws -> OpenJob {
    try OpenJob(store.job(selector), in: store)
  }

  package init(_ record: JobRecord, in store: JobStore) throws { try self.init(record, in: store, mark: "") }

  /// - Parameter mark: see `OutputFolder`.
  package init(_ record: JobRecord, in store: JobStore, mark: String) throws {
    self.record = record
    (details, output) = try record.openOutput(mark: mark)
    plan = details.plan
    do {
      let records = try store.views(of: record.id)
      // nearly all the time that a task with a hundred thousand views takes to begin
      let decoded = parallelMap(count: records.count, threads: ProcessInfo.processInfo.activeProcessorCount) { i in
        Result { try Self.view(records[i]) }
      }
      views = try decoded.map { try $0.get() }
      transforms = records.map { $0.transforms.sorted { ($0.t ?? 0) < ($1.t ?? 0) }.map(\.affine) }
    } catch let error as DecodingError {
      throw JobError.unexpected("the record of job \(record.id) cannot be read: \(error)")
    }
  }

  private static func view(_ record: ViewRecord) throws -> View {
    let decoder = JSONDecoder()
    return View(
      name: record.name, path: record.path, transforms: [:],
      details: try decoder.decode(ViewDetails.self, from: Data(record.details.utf8)),
      fingerprint: try decoder.decode(Fingerprint.self, from: Data(record.fingerprint.utf8)))
  }

  /// The job's number, and its name where it has one.
  package var title: String { record.title }

  /// For whoever writes into the output.
  package func holdingOutput() throws -> OpenJob {
    var job = self
    job.output = try output.held(by: title)
    return job
  }

  /// The path of a block's file, whether it is there or not.
  package func file(of block: BlockID) -> String { output.file(of: block.position, level: block.level) }

  /// The names of the views that may have a value in a block of level 0, or in what a block above is made of.
  package func viewNames(touching block: BlockID) throws -> [String] {
    let layout = plan.levels[block.level]
    let box = layout.grid.box(of: block.position)
    let base = Box3(lower: box.lower &* layout.absoluteFactor, upper: box.upper &* layout.absoluteFactor)
      .intersection(Box3(shape: plan.stack.shape))
    var names: [String] = []
    for (view, maps) in zip(views, transforms) where view.isPart(t: block.position.t, c: block.position.c) {
      let affine = maps.count > 1 ? maps[block.position.t] : maps[0]
      let own = try PixelMap(
        affine: affine, viewSpacing: view.level.stack.spacing, viewOrigin: view.level.stack.origin,
        outputSpacing: plan.stack.spacing, outputOrigin: plan.stack.origin)
      let map = own.onNearestPlane(shape: view.level.stack.shape) ?? own
      let (lower, upper) = map.bounds(of: base)
      let last = Vector3(view.level.stack.shape &- 1)
      let edge = map.edgeTolerance(shape: view.level.stack.shape)
      if all(lower .<= last + edge) && all(upper .>= -edge) { names.append(view.name) }
    }
    return names
  }
}

extension JobRecord {
  /// The job's number, and its name where it has one.
  package var title: String { description.name.map { "\(id) (\($0))" } ?? "\(id)" }

  /// The output and what is planned for it, without a look at the views, which may be many.
  package func openOutput(mark: String = "") throws -> (details: JobDetails, folder: OutputFolder) {
    do {
      let details = try JSONDecoder().decode(JobDetails.self, from: Data(description.details.utf8))
      return (
        details,
        try OutputFolder(
          path: description.outputPath, plan: details.plan, uuid: description.uuid, provenance: details.provenance.value,
          mark: mark))
    } catch let error as DecodingError {
      throw JobError.unexpected("the record of job \(id) cannot be read: \(error)")
    }
  }

  /// What `run` decided beyond the options, without the views.
  package var jobDetails: JobDetails? {
    try? JSONDecoder().decode(JobDetails.self, from: Data(description.details.utf8))
  }

  /// What is wrong with the output folder: gone, or another job's by now; nil where it is this job's.
  package var outputProblem: String? {
    guard let details = jobDetails else { return nil }
    return (try? OutputFolder(
      path: description.outputPath, plan: details.plan, uuid: description.uuid, provenance: details.provenance.value))?
      .foreignness()
  }
}
