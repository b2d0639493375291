import Foundation
import Geometry
import JobStore
import Jobs
import Pictures
import Report
import Synchronization

/// The projections of one job, made anew now and then while it changes; whoever asks meanwhile gets the former ones.
final class JobPictures: Sendable {
  struct Made: Sendable {
    var projections: [Projection] = []
    var files: [Axis: [UInt8]] = [:]
    var problem: String?
    /// Counts up: part of the pictures' addresses, so that a browser never shows an old one.
    var version = 0
    fileprivate var settled = -1
    fileprivate var madeAt = Date.distantPast
    fileprivate var seconds = 0.0
    fileprivate var isBeingMade = false
  }

  private let job: OpenJob
  private let store: JobStore
  private let made = Mutex(Made())

  init(job: OpenJob, store: JobStore) { (self.job, self.store) = (job, store) }

  func current(settled: Int) -> Made {
    let (isFirst, isDue) = made.withLock { made -> (Bool, Bool) in
      let isFirst = made.version == 0
      // making them must cost little beside the job itself
      let isOld = Date().timeIntervalSince(made.madeAt) > max(5, 20 * made.seconds)
      let isDue = !made.isBeingMade && (isFirst || made.settled != settled && isOld)
      if isDue { made.isBeingMade = true }
      return (isFirst, isDue)
    }
    if isDue && isFirst { make(settled: settled) }
    if isDue && !isFirst {
      Thread { [self] in make(settled: settled) }.start()
    }
    return made.withLock { $0 }
  }

  private func make(settled: Int) {
    let start = Date()
    var fresh = Made()
    do {
      fresh.projections = try Projection.make(job, store: store, axes: Report.axes(job.plan))
      for projection in fresh.projections { fresh.files[projection.axis] = PNG.encode(projection.picture) }
    } catch JobError.changed(_, let differences) {
      fresh.problem = differences.joined(separator: "; ")
    } catch {
      fresh.problem = "\(error)"
    }
    (fresh.settled, fresh.madeAt, fresh.seconds) = (settled, Date(), Date().timeIntervalSince(start))
    made.withLock { made in
      fresh.version = made.version + 1
      made = fresh
    }
  }
}
