import Foundation
import JobStore
import Planning

/// How fast earlier runs on this host were, of jobs of a database that fuse in the same way.
package struct EarlierRuns: Sendable {
  package let runCount: Int
  /// Of blocks that have a file.
  package let voxelsPerSecond: Double

  /// Those that count: the newest, and those that worked long enough to say something.
  private static let (jobLimit, runLimit, shortestSeconds) = (50, 10, 1.0)

  /// Nil where there are none.
  package init?(in store: JobStore, like plan: JobPlan, host: String = ProcessInfo.processInfo.hostName) throws {
    var (seconds, voxels, count) = (0.0, 0.0, 0)
    for number in try store.jobNumbers().suffix(Self.jobLimit).reversed() where count < Self.runLimit {
      let progress = try store.progress(of: number)
      let job = progress.job.description
      guard job.fusionFunction == plan.fusion.function, job.weightsFunction == plan.fusion.weights else { continue }
      for run in progress.runs.reversed() where count < Self.runLimit && run.worker.host == host && run.progress.writtenVoxels > 0 {
        let own = progress.seconds(of: run)
        guard own >= Self.shortestSeconds else { continue }
        (seconds, voxels, count) = (seconds + own, voxels + Double(run.progress.writtenVoxels), count + 1)
      }
    }
    guard count > 0, voxels > 0 else { return nil }
    (runCount, voxelsPerSecond) = (count, voxels / seconds)
  }
}
