import Diagnostics
import Foundation
import Geometry
import JobStore
import Output
import Pictures
import Planning
import Projections
import Report
import Synchronization

/// The projections of one job, made anew now and then while it changes; whoever asks meanwhile gets the former ones. Whoever
/// asks where there are none waits for them.
final class JobPictures: Sendable {
  struct Made: Sendable {
    var projections: [Projection] = []
    var files: [Axis: [UInt8]] = [:]
    var problem: String?
    fileprivate var uuid = ""
    fileprivate var settled = -1
    fileprivate var madeAt = Date.distantPast
    fileprivate var seconds = 0.0
    fileprivate var isBeingMade = false

    /// Names the job and the bytes: an address at which a browser never shows another picture, nor an old one.
    func name(along axis: Axis) -> String {
      let sum = (files[axis] ?? []).reduce(14_695_981_039_346_656_037 as UInt64) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
      return "\(axis.rawValue)-\(uuid.prefix(8))-\(String(sum, radix: 16)).png"
    }

    /// What makes a problem may have passed.
    fileprivate var isMissing: Bool {
      files.isEmpty && Date().timeIntervalSince(madeAt) > max(1, 20 * seconds)
    }
  }

  private let job: LoadedJob
  private let store: JobStore
  private let made: Mutex<Made>
  private let making = Mutex<Void>(())

  init(job: LoadedJob, store: JobStore) {
    (self.job, self.store) = (job, store)
    var none = Made()
    none.uuid = job.record.description.uuid
    made = Mutex(none)
  }

  /// The axis of a picture's name, where that is of a job's.
  static func axis(of name: String, uuid: String) -> Axis? {
    let parts = name.split(separator: "-")
    guard parts.count == 3, parts[1] == uuid.prefix(8) else { return nil }
    return Axis(rawValue: String(parts[0]))
  }

  func current(settled: Int) -> Made {
    let (isMissing, isDue) = made.withLock { made -> (Bool, Bool) in
      if made.isMissing { return (true, false) }
      // making them must cost little beside the job itself
      let isOld = Date().timeIntervalSince(made.madeAt) > max(5, 20 * made.seconds)
      let isDue = !made.isBeingMade && made.settled != settled && isOld
      if isDue { made.isBeingMade = true }
      return (false, isDue)
    }
    if isMissing {
      making.withLock { _ in
        // somebody else may have made them meanwhile
        if made.withLock({ $0.isMissing }) { make(settled: settled) }
      }
    } else if isDue {
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
    } catch JobError.changed(_, let differences, _) {
      fresh.problem = differences.joined(separator: "; ")
    } catch {
      fresh.problem = errorWords(error)
    }
    fresh.uuid = job.record.description.uuid
    (fresh.settled, fresh.madeAt, fresh.seconds) = (settled, Date(), Date().timeIntervalSince(start))
    made.withLock { $0 = fresh }
  }
}
