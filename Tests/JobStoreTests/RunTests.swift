import Foundation
import Geometry
import JobStore
import Testing

@Suite struct RunTests {
  @Test func oneRunAtATimeUnlessJoined() throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    let other = try scene.reopened()
    let run = try scene.store.beginRun(job: job, info: .sample(11))
    #expect(throws: JobStoreError.alreadyRunning(job: job, holder: .sample(11))) {
      _ = try other.beginRun(job: job, info: .sample(12))
    }
    #expect(throws: JobStoreError.alreadyRunning(job: job, holder: .sample(11))) { try other.delete(job) }
    let joined = try other.beginRun(job: job, join: true, info: .sample(12))
    #expect(try other.holders(of: job) == [.sample(11), .sample(12)])
    #expect(try run.end(.interrupted) == .running, "the other one still works")
    #expect(try other.job(job).state == .running)
    #expect(try joined.end(.interrupted) == .interrupted)
    #expect(try other.job(job).state == .interrupted)
    #expect(try other.holders(of: job) == [])
  }

  @Test func aDeadRunIsInterruptedAndItsClaimsAreFreeAtOnce() throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    let other = try scene.reopened()
    var dying: Run? = try scene.store.beginRun(job: job, info: .sample(11))
    let claims = try #require(dying).claim(level: 0, limit: 8)
    #expect(claims.map(\.positions.count) == [8])
    #expect(try other.job(job).counts.running == 8)
    dying = nil  // its lock goes as when the process dies; the rows stay
    #expect(try other.job(job).state == .interrupted)
    #expect(try other.job(job).counts == BlockCounts(total: 8))
    #expect(try other.state(of: job, block: BlockID(level: 0, position: .zero)) == .pending)
    #expect(try other.integrityCheck() == [])
    let run = try other.beginRun(job: job, info: .sample(12))
    #expect(try run.work(level: 0, limit: 8) == 8)
    #expect(try run.end(.finished) == .complete)
    let runs = try other.runs(of: job)
    #expect(runs.map(\.outcome) == [.died, .finished])
    #expect(runs.map(\.isLive) == [false, false])
  }

  @Test func aJoinedRunFreesTheClaimsOfOneThatDiesBesideIt() throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    let other = try scene.reopened()
    var dying: Run? = try scene.store.beginRun(job: job, info: .sample(11))
    let run = try other.beginRun(job: job, join: true, info: .sample(12))
    #expect(try #require(dying).claim(level: 0, limit: 6).count == 1)
    #expect(try run.work(level: 0, limit: 8) == 2)
    #expect(try run.claim(level: 0, limit: 8) == [])
    dying = nil
    #expect(try run.work(level: 0, limit: 8) == 6)
    #expect(try run.end(.finished) == .complete)
  }

  @Test func aLateFinisherCannotRecordWhatItLost() throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    let late = try scene.store.beginRun(job: job, info: .sample(11))
    let claims = try late.claim(level: 0, limit: 4)
    // Somebody removes the lock file: the run looks dead, and its blocks go to others.
    try FileManager.default.removeItem(atPath: scene.path + ".lock")
    let other = try scene.reopened()
    let run = try other.beginRun(job: job, info: .sample(12))
    let again = try run.claim(level: 0, limit: 8)
    #expect(again.flatMap(\.positions).count == 8)
    let results = claims[0].positions.map { BlockResult(claim: claims[0].id, position: $0, outcome: .done) }
    #expect(throws: JobStoreError.claimLost([claims[0].id])) { try late.record(results) }
    #expect(throws: JobStoreError.runEnded(late.id)) { _ = try late.claim(level: 0, limit: 1) }
    #expect(try other.job(job).counts.done == 0)
    try late.end(.interrupted)
    #expect(try other.job(job).state == .running)
    try run.record(again.flatMap { c in c.positions.map { BlockResult(claim: c.id, position: $0, outcome: .done) } })
    #expect(try run.end(.finished) == .complete)
    // nor can it say how the job ended
    #expect(try late.end(.error(message: "late")) == .complete)
    #expect(try other.job(job).state == .complete)
    #expect(try other.integrityCheck() == [])
  }

  @Test func endFreesClaimsAndSetsTheStateThatTheCountsSay() throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2), size(1, 1, 1)])
    var run = try scene.store.beginRun(job: job, info: .sample())
    _ = try run.claim(level: 0, limit: 5)
    try run.heartbeat(RunProgress(blocks: 1, voxels: 2, bytes: 3))
    #expect(
      try run.end(.error(message: "no space"), progress: RunProgress(blocks: 4, voxels: 5, bytes: 6)) == .interrupted)
    #expect(try scene.store.job(job).counts == BlockCounts(total: 9))
    var record = try #require(try scene.store.runs(of: job).first)
    #expect(record.outcome == .error(message: "no space"))
    #expect(record.progress == RunProgress(blocks: 4, voxels: 5, bytes: 6))

    run = try scene.store.beginRun(job: job, info: .sample())
    try run.work(level: 0, limit: 7)
    try run.work(level: 0, limit: 1, .failed(code: "input-missing", message: "gone"))
    #expect(try run.claim(level: 0, limit: 8) == [])
    #expect(try run.claim(level: 1, limit: 8) == [], "its source has failed")
    #expect(try run.end(.finished) == .failed)
    #expect(try scene.store.job(job).finishedAt != nil)

    #expect(try scene.store.retry(job) == 1)
    #expect(try scene.store.job(job).state == .interrupted)
    #expect(try scene.store.job(job).finishedAt == nil)
    run = try scene.store.beginRun(job: job, info: .sample())
    #expect(try run.work(level: 0, limit: 8) == 1)
    #expect(try run.work(level: 1, limit: 8, .empty) == 1)
    #expect(try run.end(.finished) == .complete)
    record = try #require(try scene.store.runs(of: job).last)
    #expect(record.endedAt != nil)
    #expect(try scene.store.job(job).counts == BlockCounts(total: 9, done: 8, empty: 1))
    #expect(throws: JobStoreError.wrongState(job: job, state: .complete, action: "set it to running")) {
      try scene.store.setState(job, .running)
    }
    try scene.store.setState(job, .interrupted)
    #expect(try scene.store.job(job).state == .interrupted)
  }

  @Test func workerInfoNamesThisProcess() {
    let info = WorkerInfo.current(command: "blockfuse run 3")
    #expect(info.pid == Int(ProcessInfo.processInfo.processIdentifier))
    #expect(!info.host.isEmpty && !info.bootID.isEmpty && info.bootID != "unknown")
    #expect(info.description.contains("process \(info.pid)") && info.description.contains("blockfuse run 3"))
  }
}
