import Diagnostics
import Files
import Foundation
import Fusion
import Geometry
import JobStore
import Planning
import Threads
import Views

/// The views of a job, read back from its record.
package struct LoadedViews: Sendable {
  /// The views with the one level that is used.
  package var views: [View] { watched.views }
  /// The same, as they are looked at while they are read.
  package let watched: WatchedViews
  /// One transform of each view for all time points, or one for each.
  package let transforms: [[AffineMap]]

  init(of job: JobRecord, in store: JobStore) throws {
    do {
      let records = try store.views(of: job.id)
      let decoded = parallelMap(count: records.count, threads: ProcessLimits.current.processors.value) { i in
        Result { try Self.view(records[i]) }
      }
      watched = WatchedViews(try decoded.map { try $0.get() })
      transforms = try records.map { record in
        let maps = record.transforms.sorted { ($0.t ?? 0) < ($1.t ?? 0) }
        // one for all time points, or one for each
        guard maps.count == 1 || maps.enumerated().allSatisfy({ $0.element.t == $0.offset }) else {
          throw JobStoreError.damaged(path: store.path, why: "a matrix of view \(record.ordinal) of job \(job.id) is not there")
        }
        return maps.map(\.affine)
      }
    } catch let error as DecodingError {
      throw JobError.unexpected("the record of job \(job.id) cannot be read: \(errorWords(error))")
    }
  }

  private init(_ views: [View], _ transforms: [[AffineMap]]) { (watched, self.transforms) = (WatchedViews(views), transforms) }

  /// The same with other images for some views, by their numbers, at the same matrices.
  package func replacing(_ others: [Int: View]) -> LoadedViews {
    LoadedViews(views.indices.map { others[$0] ?? views[$0] }, transforms)
  }

  private static func view(_ record: ViewRecord) throws -> View {
    let decoder = JSONDecoder()
    return View(
      name: record.name, path: record.path, transforms: [:],
      details: try decoder.decode(ViewDetails.self, from: Data(record.details.utf8)),
      fingerprint: try decoder.decode(Fingerprint.self, from: Data(record.fingerprint.utf8)))
  }

  /// The names of the views that may have a value in a block of level 0, or in what a block above is made of.
  package func names(touching block: BlockID, plan: JobPlan) throws -> [String] {
    let layout = plan.levels[block.level]
    let box = layout.grid.box(of: block.position)
    let base = Box3(lower: box.lower &* layout.absoluteFactor, upper: box.upper &* layout.absoluteFactor)
      .intersection(Box3(shape: plan.stack.shape))
    var names: [String] = []
    for (view, maps) in zip(views, transforms) where view.isPart(t: block.position.t, c: block.position.c) {
      guard let affine = maps.count > 1 ? maps.dropFirst(block.position.t).first : maps.first else { continue }
      if try PlacedViews.place(view, number: 0, affine, in: plan).mayHaveSamples(in: base) { names.append(view.name) }
    }
    return names
  }
}
