import Foundation
import GRDB
import JobStore
import Testing

/// Samples of a run's progress: few, however long it lasts.
@Suite struct SampleScheduleTests {
  @Test func heartbeatsLeaveSamples() throws {
    let scene = try Scene()
    let job = try scene.job([size(4, 4, 4)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    let progress = RunProgress(blocks: 2, voxels: 128, writtenVoxels: 64, bytes: 100, workedSeconds: 1.5)
    try run.heartbeat(progress)
    // sooner than the next sample is due
    try run.heartbeat(RunProgress(blocks: 3, voxels: 192, writtenVoxels: 64, bytes: 100))
    #expect(try scene.store.samples(of: job).map(\.progress) == [progress])
    try run.end(.finished, progress: RunProgress(blocks: 4, voxels: 256, writtenVoxels: 128, bytes: 200))
    #expect(try scene.store.runs(of: job)[0].progress.writtenVoxels == 128)
    try scene.store.delete(job)
    let queue = try DatabaseQueue(path: scene.path)
    #expect(try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM run_sample") } == 0)
  }

  @Test func aLongRunKeepsAFewHundred() throws {
    let scene = try Scene()
    let job = try scene.job([size(4, 4, 4)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    var schedule = SampleSchedule()
    let start = Date(timeIntervalSince1970: 1_700_000_000)
    // two days of heartbeats
    try scene.store.write { db in
      for i in 0..<86_400 {
        try schedule.add(db, run: run.id, RunProgress(blocks: i), at: start + 2 * Double(i))
      }
    }
    let samples = try scene.store.samples(of: job)
    #expect((128...256).contains(samples.count))
    #expect(samples.first?.progress.blocks == 0)
    #expect((samples.last?.progress.blocks ?? 0) > 85_000)
    let gaps = zip(samples, samples.dropFirst()).map { $1.at.timeIntervalSince($0.at) }
    #expect((gaps.max() ?? 0) <= 2.2 * (gaps.min() ?? 0))
  }

  /// A run that an earlier version recorded: all that it did counts as written.
  @Test func runsOfEarlierVersions() throws {
    let scene = try Scene()
    let job = try scene.job([size(4, 4, 4)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    try run.end(.finished, progress: RunProgress(blocks: 1, voxels: 64, writtenVoxels: 0, bytes: 9))
    try DatabaseQueue(path: scene.path).write { try $0.execute(sql: "UPDATE run SET written_voxels = NULL") }
    let progress = try scene.store.runs(of: job)[0].progress
    #expect(progress == RunProgress(blocks: 1, voxels: 64, writtenVoxels: 64, bytes: 9, workedSeconds: nil))
  }
}
