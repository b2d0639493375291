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

  package let reading: JobReading
  package let plan: JobPlan
  package let views: [ReportView]
  /// One for each level, seen along z.
  package let maps: [BlockMap]
  package let failures: [BlockFailure]
  package let failureCounts: [(code: String, count: Int)]
  package let outputProblem: String?

  package init(_ record: JobRecord, in store: JobStore) throws {
    self.init(try OpenJob(record, in: store), reading: try JobReading(record, in: store), try Counts(record, in: store))
  }

  /// - Parameter opened: a job never changes after it was submitted, so it need not be opened again.
  package init(_ opened: OpenJob, reading: JobReading, store: JobStore) throws {
    self.init(opened, reading: reading, try Counts(reading.job, in: store))
  }

  private struct Counts {
    let maps: [BlockMap]
    let failures: [BlockFailure]
    let codes: [(code: String, count: Int)]

    init(_ record: JobRecord, in store: JobStore) throws {
      maps = try store.levels(of: record.id).map { try store.blockMap(of: record.id, level: $0.layout.level) }
      failures = try store.failures(of: record.id, limit: ReportContent.failureLimit)
      codes = try store.failureCounts(of: record.id)
    }
  }

  private init(_ opened: OpenJob, reading: JobReading, _ counts: Counts) {
    self.reading = reading
    plan = opened.plan
    views = ReportView.all(opened)
    (maps, failures, failureCounts) = (counts.maps, counts.failures, counts.codes)
    outputProblem = reading.job.outputProblem
  }

  var job: JobRecord { reading.job }
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

  static func all(_ job: OpenJob) -> [ReportView] {
    zip(job.views, job.transforms).map { view, maps in
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
