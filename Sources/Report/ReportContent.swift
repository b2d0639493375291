import Foundation
import Geometry
import JobStore
import Jobs
import Output
import Planning
import Views

/// All that a report says of a job, read from the database and the output at one moment. Small for a job of any size.
package struct ReportContent: Sendable {
  /// Failures that are shown with their messages.
  static let failureLimit = 2000
  static let viewTableLimit = 200

  package let progress: JobProgress
  package let plan: JobPlan
  package let views: [ReportView]
  /// One for each level, seen along z.
  package let maps: [BlockMap]
  package let failures: [BlockFailure]
  package let failureCounts: [(code: String, count: Int)]
  package let outputProblem: String?

  package init(_ job: LoadedJob, in store: JobStore) throws {
    var watch = JobWatch()
    let progress = try watch.progress(of: job.record.id, in: store)
    try self.init(job, views: ReportView.all(of: job, in: store), progress: progress, store: store)
  }

  /// - Parameter views: the job's views, which never change after it was submitted.
  package init(_ job: LoadedJob, views: [ReportView], progress: JobProgress, store: JobStore) throws {
    (self.progress, self.views) = (progress, views)
    plan = job.plan
    let id = progress.job.id
    maps = try progress.levels.map { try store.blockMap(of: id, level: $0.layout.level) }
    failures = try store.failures(of: id, limit: ReportContent.failureLimit)
    failureCounts = try store.failureCounts(of: id)
    outputProblem = progress.job.outputProblem(job.details)
  }

  var job: JobRecord { progress.job }
  /// Blocks that the record says are done, without what only logs say: those of the maps and pictures.
  var recordedDone: Int { maps.reduce(0) { $0 + $1.cells.reduce(0) { $0 + $1.counts.done } } }
  var title: String { job.description.name ?? "job \(job.id)" }
  /// Axes of the output's space.
  var axes: [Axis] { plan.spatialAxes }
}

/// A view as it is drawn and listed.
package struct ReportView: Sendable {
  let name: String
  let path: String
  let shape: Index3
  let elementType: String
  /// Corners of its outline seen along z, at the first time point, in world coordinates (y, x).
  let outline: [SIMD2<Double>]

  package static func all(of job: LoadedJob, in store: JobStore) throws -> [ReportView] {
    let loaded = try job.views(in: store)
    return zip(loaded.views, loaded.transforms).map { view, maps in
      let level = view.levels[0]
      let affine = maps.first ?? .identity
      let corners = (0..<8).map { corner in
        let at = Vector3(Double(corner >> 2 & 1), Double(corner >> 1 & 1), Double(corner & 1))
        // from edge to edge of the voxels, not from centre to centre
        let p = affine((at * Vector3(level.stack.shape) - 0.5) * level.stack.spacing + level.stack.origin)
        return SIMD2(p[1], p[2])
      }
      return ReportView(
        name: view.name, path: view.path, shape: level.stack.shape, elementType: level.elementType.rawValue,
        outline: convexHull(corners))
    }
  }
}

/// The corners of the smallest convex outline of some points, in order (Andrew's monotone chain).
package func convexHull(_ points: [SIMD2<Double>]) -> [SIMD2<Double>] {
  let sorted = points.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
  func half(_ points: [SIMD2<Double>]) -> [SIMD2<Double>] {
    var chain: [SIMD2<Double>] = []
    for p in points {
      while chain.count > 1 {
        let (a, b) = (chain[chain.count - 2], chain[chain.count - 1])
        let (u, v) = (b - a, p - b)
        if u.x * v.y - u.y * v.x > 0 { break }
        chain.removeLast()
      }
      chain.append(p)
    }
    return chain.dropLast()
  }
  let hull = half(sorted) + half(sorted.reversed())
  return hull.isEmpty ? Array(sorted.prefix(1)) : hull
}
