import Foundation
import Geometry
import JobStore
import Testing

@Suite struct JobProgressTests {
  @Test func aJobIsReadWithAllThatChanges() throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2), size(1, 1, 1)], name: "a")
    _ = try scene.job([size(1, 1, 1)], name: "b")
    let run = try scene.store.beginRun(job: job, info: .sample())
    try run.work(level: 0, limit: 3)
    try run.work(level: 0, limit: 1, .failed(code: "c", message: "m"))
    _ = try run.claim(level: 0, limit: 2)
    try run.heartbeat(RunProgress(blocks: 3, voxels: 192, writtenVoxels: 64, bytes: 10))
    for selector in [String(job), "a"] {
      let progress = try scene.store.progress(of: selector)
      #expect(progress.job == (try scene.store.job(job)))
      #expect(progress.job.state == .running)
      #expect(progress.levels == (try scene.store.levels(of: job)))
      #expect(progress.levels.map(\.counts) == [BlockCounts(total: 8, done: 3, failed: 1, running: 2), BlockCounts(total: 1)])
      #expect(progress.counts == BlockCounts(total: 9, done: 3, failed: 1, running: 2))
      #expect(progress.runs == (try scene.store.runs(of: job)))
      #expect(progress.samples == (try scene.store.samples(of: job)) && progress.samples.count == 1)
    }
    #expect(try scene.store.progress(of: nil as String?).job.description.name == "b", "the newest")
    #expect(throws: JobStoreError.noSuchJob(selector: "c", path: scene.store.path, nearest: nil)) {
      _ = try scene.store.progress(of: "c")
    }
  }

  @Test func aJobWhoseProcessesAreDeadIsInterrupted() throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    var dying: Run? = try scene.store.beginRun(job: job, info: .sample())
    _ = try #require(dying).claim(level: 0, limit: 2)
    dying = nil
    let progress = try scene.store.progress(of: job)
    #expect(progress.job.state == .interrupted)
    #expect(progress.counts == BlockCounts(total: 8))
    #expect(progress.runs.map(\.isLive) == [false])
  }
}
