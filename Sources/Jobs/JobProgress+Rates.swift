import Engine
import Foundation
import Geometry
import JobStore

/// Rates and times of a job, as people ask for them; also while it runs.
extension JobProgress {
  package var settledShare: Double { Double(counts.settled) / Double(max(1, counts.total)) }
  package var isRunning: Bool { runs.contains(where: \.isLive) || (tasks?.atWork ?? 0) > 0 }

  /// How long a run worked, without the time in which its machine slept; one that died, until it was last heard of.
  package func seconds(of run: RunRecord) -> Double {
    if let worked = run.progress.workedSeconds {
      // heartbeats come every two seconds
      return worked + (run.isLive ? min(3, max(0, readAt.timeIntervalSince(run.heartbeatAt))) : 0)
    }
    let end = run.isLive ? readAt : run.outcome == .died || run.endedAt == nil ? run.heartbeatAt : run.endedAt ?? run.heartbeatAt
    return max(0, end.timeIntervalSince(run.worker.startedAt))
  }

  /// How long a run had worked when a sample was taken.
  package func workedSeconds(at sample: RunSample, of run: RunRecord) -> Double {
    sample.progress.workedSeconds ?? sample.at.timeIntervalSince(run.worker.startedAt)
  }

  package var workedSeconds: Double { runs.reduce(0) { $0 + seconds(of: $1) } }

  /// Voxels a second that live processes and tasks have looked at of late; nil before there is anything to say.
  package var voxelsPerSecond: Double? {
    lately.flatMap { $0.seconds > 0 ? Double($0.voxels) / $0.seconds : nil }
  }

  /// The time that the job still takes; nil unless it runs.
  package var secondsLeft: Double? {
    guard let lately else { return nil }
    return TimeLeft.seconds(
      levels: levels.map { TimeLeft.Level(counts: $0.counts, voxelsPerBlock: $0.layout.grid.block.product) },
      lately: lately)
  }

  /// The rates of processes that share a job, and of tasks of its work order, add up, over whatever time each is known.
  private var lately: TimeLeft.Lately? {
    var sum = TimeLeft.Lately(seconds: 1, voxels: 0, writtenVoxels: 0)
    for run in runs where run.isLive {
      guard let own = lately(of: run) ?? earlier(than: run), own.seconds > 0 else { continue }
      // not more than fits, whatever the record says
      sum.voxels += Int(min(1e15, Double(own.voxels) / own.seconds))
      sum.writtenVoxels += Int(min(1e15, Double(own.writtenVoxels) / own.seconds))
    }
    if let tasks, tasks.voxels > 0 {
      sum.voxels += Int(Double(tasks.voxels) / tasks.seconds)
      sum.writtenVoxels += Int(Double(tasks.writtenVoxels) / tasks.seconds)
    }
    return sum.voxels > 0 ? sum : nil
  }

  /// The work of a live run in its last two minutes; nil before it has written anything.
  private func lately(of run: RunRecord) -> TimeLeft.Lately? {
    let worked = run.progress.workedSeconds ?? run.heartbeatAt.timeIntervalSince(run.worker.startedAt)
    let first = samples.last { $0.run == run.id && worked - workedSeconds(at: $0, of: run) >= 120 }
    let seconds = worked - (first.map { workedSeconds(at: $0, of: run) } ?? 0)
    let (now, then) = (run.progress, first?.progress ?? RunProgress())
    guard seconds > 1, now.writtenVoxels > then.writtenVoxels else { return nil }
    return TimeLeft.Lately(
      seconds: seconds, voxels: now.voxels - then.voxels, writtenVoxels: now.writtenVoxels - then.writtenVoxels)
  }

  /// The work of the newest earlier run that wrote something: what a resumed run goes by at first.
  private func earlier(than run: RunRecord) -> TimeLeft.Lately? {
    guard let last = runs.last(where: { !$0.isLive && $0.id < run.id && $0.progress.writtenVoxels > 0 }) else { return nil }
    return TimeLeft.Lately(
      seconds: seconds(of: last), voxels: last.progress.voxels, writtenVoxels: last.progress.writtenVoxels)
  }
}
