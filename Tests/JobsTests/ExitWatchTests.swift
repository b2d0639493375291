import Diagnostics
import Foundation
import Geometry
import JobStore
import Jobs
import TestSupport
import Testing

/// The exit status of a job, and when a watch for it ends, by what was last done for the job: how records of each kind count. The
/// states that users know are in `Tests/EndToEndTests/ExitWatchTests.swift`.
@Suite struct ExitWatchTests {
  /// A job of eight blocks in a database of its own.
  private final class Scene {
    let folder: TemporaryFolder
    let store: JobStore
    let job: JobID

    init() throws {
      folder = try TemporaryFolder()
      store = try JobStore.open(folder.path + "/jobs.sqlite", mode: .create)
      let description = JobDescription(
        uuid: UUID().uuidString, datasetPath: "/d.json", datasetDigest: "", outputPath: "/o", options: "{}", programVersion: "1",
        voxelRevision: 1, codecLibraries: "", fusionFunction: "f", elementType: .uint8, spacing: Vector3(1, 1, 1), origin: .zero)
      let level = LevelLayout(
        level: 0, shape: TCZYX(z: 8, y: 8, x: 8), chunk: TCZYX(z: 4, y: 4, x: 4), shard: nil, factor: Index3(1, 1, 1),
        absoluteFactor: Index3(1, 1, 1))
      job = try store.createJob(NewJob(description: description, views: [], levels: [level]))
      try store.markReady(job)
    }

    deinit { folder.remove() }

    func begin(join: Bool = false) throws -> Run { try store.beginRun(job: job, join: join, info: .current(command: "run")) }
    /// Whatever is done next is done later by the clock of the record, which counts milliseconds.
    var status: Diagnostics.ExitStatus {
      get throws {
        defer { usleep(2000) }
        return try store.progress(of: job).exitStatus
      }
    }

    /// Whether a watch that looks now, and then so often again, ends by the last look.
    func ends(within looks: Int = 5) throws -> Bool {
      var watch = ExitWatch()
      for _ in 0..<looks where watch.isOver(try store.progress(of: job)) { return true }
      return false
    }
  }

  @Test func whatWasDoneLastCounts() throws {
    let scene = try Scene()
    #expect(try scene.status == .notYet && scene.ends() == false)
    // refused before it was ever run, and then run
    try scene.store.noteRefusal(of: scene.job, exitStatus: .usage, message: "too little memory")
    #expect(try scene.status == .usage && scene.ends())
    try scene.begin().end(.interrupted, exitStatus: .stopped(signal: SIGTERM))
    #expect(try scene.status == .stopped(signal: SIGTERM) && scene.ends())
    try scene.store.noteRefusal(of: scene.job, exitStatus: .changed, message: "another image")
    #expect(try scene.status == .changed && scene.ends())
    #expect(try scene.store.progress(of: scene.job).refusal?.message == "another image")
    // an order that was out after that, and was taken back, waits for somebody who runs the job
    let order = try scene.store.beginOrder(
      OrderRecord(id: 0, job: scene.job, uuid: "u", path: "/order", madeAt: Date())
    ).begun
    #expect(try scene.status == .notYet && scene.ends() == false)
    try scene.store.closeOrder(order.id)
    #expect(try scene.status == .notYet && scene.ends() == false)
    try scene.begin().end(.interrupted, exitStatus: .done)
    #expect(try scene.status == .done && scene.ends())
    try scene.begin().end(.error(message: "the disk is full"), exitStatus: .unexpected)
    #expect(try scene.status == .unexpected && scene.ends())
    // a version that did not record it
    try scene.begin().end(.interrupted)
    #expect(try scene.status == .notYet && scene.ends() == false)
  }

  /// Whether somebody has written it down or not.
  @Test func aProcessThatDied() throws {
    let scene = try Scene()
    var run: Run? = try scene.begin()
    #expect(try scene.status == .notYet && scene.ends() == false)
    #expect(run != nil)
    run = nil
    #expect(try scene.store.progress(of: scene.job).runs[0].outcome == nil)
    #expect(try scene.status == .unexpected && scene.ends())
    try scene.store.noteRefusal(of: scene.job, exitStatus: .changed, message: "")
    // nobody was at work when that was refused
    #expect(try scene.status == .changed && scene.ends())
  }

  /// Of several that shared the job the one that was last at work counts, and not the one that began last.
  @Test func severalProcesses() throws {
    let scene = try Scene()
    let first = try scene.begin()
    try scene.begin(join: true).end(.interrupted, exitStatus: .done)
    #expect(try scene.status == .notYet && scene.ends() == false)
    try first.end(.interrupted, exitStatus: .stopped(signal: SIGINT))
    #expect(try scene.status == .stopped(signal: SIGINT) && scene.ends())
    var dying: Run? = try scene.begin()
    #expect(dying != nil)
    try scene.begin(join: true).end(.interrupted, exitStatus: .done)
    dying = nil
    #expect(try scene.status == .unexpected && scene.ends())
  }

  /// What failed was set to pending: that the run before ended with 3 is old news.
  @Test func whatIsToBeDoneAnew() throws {
    let scene = try Scene()
    let run = try scene.begin()
    let claims = try run.claim(level: 0, limit: 8)
    try run.record(
      claims.flatMap { claim in
        claim.positions.map { BlockResult(claim: claim.id, position: $0, outcome: .failed(code: "c", message: "m")) }
      })
    try run.end(.finished, exitStatus: .someFailed)
    #expect(try scene.status == .someFailed && scene.ends(within: 1))
    _ = try scene.store.retry(scene.job)
    #expect(try scene.status == .notYet && scene.ends() == false)
  }

  @Test func aWatchThatSawSomebodyAtWork() throws {
    let scene = try Scene()
    var watch = ExitWatch()
    func isOver() throws -> Bool {
      defer { usleep(2000) }
      return watch.isOver(try scene.store.progress(of: scene.job))
    }
    #expect(try !isOver() && !isOver())
    // one that began and ended between two looks
    try scene.begin().end(.interrupted, exitStatus: .done)
    #expect(try isOver())
    // an order that is taken back while the job is watched
    watch = ExitWatch()
    let order = try scene.store.beginOrder(OrderRecord(id: 0, job: scene.job, uuid: "u", path: "/order", madeAt: Date())).begun
    #expect(try !isOver() && !isOver())
    try scene.store.closeOrder(order.id)
    #expect(try isOver() && scene.status == .notYet)
    // at the first look the last one has ended, and a run that was started with the watch is about to begin
    try scene.begin().end(.interrupted, exitStatus: .done)
    watch = ExitWatch()
    #expect(try !isOver())
    let run = try scene.begin()
    #expect(try !isOver())
    try run.end(.interrupted, exitStatus: .stopped(signal: SIGTERM))
    #expect(try isOver() && scene.status == .stopped(signal: SIGTERM))
  }
}
