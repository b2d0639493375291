import Diagnostics
import Foundation
import Geometry
import JobStore
import Testing

@Suite struct JobsTests {
  @Test func aJobComesBackAsItWasGiven() throws {
    let scene = try Scene()
    let affine = AffineMap(
      rows: [Vector3(1, 0.1, -0.2), Vector3(0.3, 1.5, 0), Vector3(0, 1e-17, 3)], translation: Vector3(0.1, -7, 1e300))
    let views = [
      ViewRecord(
        ordinal: 0, name: "tile \"0\"", path: "/data/tile_0.zarr", shape: TCZYX(t: 2, c: 3, z: 4, y: 5, x: 6),
        elementType: "uint16", spacing: Vector3(2, 0.65, 0.65), origin: Vector3(0, -3.25, 1e6),
        details: "{\"a\": 1.50}",
        fingerprint: "[1,  2]", transforms: [.init(t: 1, affine: .identity), .init(t: 7, affine: affine)]),
      ViewRecord(
        ordinal: 1, name: "π", path: "b", shape: TCZYX(z: 1, y: 1, x: 1), elementType: "float32",
        spacing: Vector3(1, 1, 1), origin: .zero, details: "", fingerprint: "", transforms: [.init(affine: affine)]),
    ]
    let levels = levelLayouts(
      shape: TCZYX(t: 2, c: 3, z: 100, y: 500, x: 501), chunk: Index3(8, 32, 32), shard: Index3(16, 64, 64),
      pyramid: Pyramid())
    let description = JobDescription.sample(name: "mine")
    let job = try scene.store.createJob(NewJob(description: description, views: views, levels: levels))
    try scene.store.markReady(job)
    let store = try scene.reopened()
    let record = try store.job(job)
    #expect(record.description == description)
    #expect(record.state == .pending)
    #expect(abs(record.createdAt.timeIntervalSinceNow) < 60)
    #expect(record.finishedAt == nil)
    #expect(try store.views(of: job) == views)
    #expect(try store.levels(of: job).map(\.layout) == levels)
    #expect(record.counts == BlockCounts(total: levels.reduce(0) { $0 + $1.grid.total }))
  }

  @Test func jobsAreFoundByNumberNameAndAge() throws {
    let scene = try Scene()
    let store = scene.store
    #expect(throws: JobStoreError.noSuchJob(selector: "", path: store.path)) { _ = try store.job(nil) }
    let grid = [size(1, 1, 1)]
    let a = try scene.job(grid, name: "a")
    let b = try scene.job(grid, name: "b")
    let secondA = try scene.job(grid, name: "a")
    let numbered = try scene.job(grid, name: "77")
    #expect(try store.job(nil).id == numbered)
    #expect(try store.job("a").id == secondA)
    #expect(try store.job("b").id == b)
    #expect(try store.job(String(a)).id == a)
    #expect(try store.job("77").id == numbered)
    #expect(try store.jobs().map(\.id) == [a, b, secondA, numbered])
    #expect(throws: JobStoreError.noSuchJob(selector: "c", path: store.path)) { _ = try store.job("c") }
    try store.delete(secondA)
    #expect(try store.job("a").id == a)
    #expect(try scene.job(grid) > numbered, "numbers are never used twice")
  }

  @Test func aJobBeingCreatedIsHiddenAndHeldByItsCreator() throws {
    let scene = try Scene()
    let new = NewJob(description: .sample(name: "n"), views: [], levels: layouts([size(1, 1, 1)]))
    let other = try scene.reopened()
    let job = try scene.store.createJob(new)
    #expect(try other.jobs().isEmpty)
    #expect(try other.jobsInCreation().isEmpty, "its creator lives")
    #expect(throws: JobStoreError.noSuchJob(selector: "n", path: other.path)) { _ = try other.job("n") }
    #expect(throws: JobStoreError.wrongState(job: job, state: .creating, action: "run it")) {
      _ = try other.beginRun(job: job, info: .sample())
    }
    try scene.store.close()  // as if it were killed
    let left = try other.jobsInCreation()
    #expect(left.map(\.id) == [job])
    #expect(left.first?.description.uuid == new.description.uuid)
    try other.abandon(job)
    #expect(try other.jobsInCreation().isEmpty)
    #expect(throws: JobStoreError.noSuchJob(selector: String(job), path: other.path)) { try other.markReady(job) }
    // what another process left can also be finished
    let second = try other.createJob(NewJob(description: .sample(), views: [], levels: layouts([size(1, 1, 1)])))
    try other.close()
    let third = try scene.reopened()
    try third.markReady(second)
    #expect(try third.job(nil).state == .pending)
    #expect(throws: JobStoreError.wrongState(job: second, state: .pending, action: "abandon it")) {
      try third.abandon(second)
    }
  }

  /// Who finds a creation without a live creator may look between the creator's last two steps.
  @Test func onlyWhatIsStillInCreationIsFinished() throws {
    let scene = try Scene()
    let other = try scene.reopened()
    func create() throws -> JobID {
      try scene.store.createJob(NewJob(description: .sample(), views: [], levels: layouts([size(1, 1, 1)])))
    }
    let ended = try create()
    #expect(try other.finishCreation(ended) { .abandoned } == nil, "its creator lives")
    try scene.store.markReady(ended)
    #expect(try other.finishCreation(ended) { .abandoned } == nil)
    #expect(try other.job(ended).state == .pending)
    #expect(try other.finishCreation(ended + 1) { .ready } == nil)
    let (ready, abandoned) = (try create(), try create())
    try scene.store.close()
    #expect(try other.finishCreation(ready) { .ready } == .ready)
    #expect(try other.job(ready).state == .pending)
    #expect(try other.finishCreation(abandoned) { .open } == .open)
    #expect(try other.finishCreation(abandoned) { .abandoned } == .abandoned)
    #expect(try other.jobsInCreation().isEmpty)
  }

  /// What is found wrong at the last moment leaves all as it is, and is told as it is.
  @Test func nothingComesBetweenTheLastLookAndTheRecord() throws {
    struct Refusal: Error {}
    let scene = try Scene()
    let old = try scene.job([size(1, 1, 1)])
    let path = try scene.store.job(old).description.outputPath
    let run = try scene.reopened().beginRun(job: old, info: .sample(7))
    let new = try scene.store.createJob(NewJob(description: .sample(), views: [], levels: layouts([size(1, 1, 1)])))
    #expect(throws: Refusal.self) {
      try scene.store.markReady(new, outputs: { $0 == path }) { uses in
        #expect(uses.map(\.job) == [old])
        #expect(uses.first?.holder?.pid == 7)
        throw Refusal()
      }
    }
    try run.end(.interrupted)
    try scene.store.markReady(new, outputs: { _ in true }) { uses in #expect(uses.first?.holder == nil) }
    #expect(throws: Refusal.self) { _ = try scene.store.beginRun(job: new, info: .sample()) { throw Refusal() } }
    #expect(try scene.store.job(new).state == .pending)
    #expect(throws: Refusal.self) { _ = try scene.store.setPending(new, blocks: []) { _, _ in throw Refusal() } }
  }

  @Test func aRefusedJobLeavesNothing() throws {
    let scene = try Scene()
    let huge = LevelLayout(
      level: 0, shape: TCZYX(z: 1 << 30, y: 1 << 30, x: 1 << 30), chunk: TCZYX(z: 1, y: 1, x: 1), shard: nil,
      factor: Index3(1, 1, 1), absoluteFactor: Index3(1, 1, 1))
    let many = LevelLayout(
      level: 0, shape: TCZYX(z: 1 << 13, y: 1 << 13, x: 1 << 13), chunk: TCZYX(z: 1, y: 1, x: 1), shard: nil,
      factor: Index3(1, 1, 1), absoluteFactor: Index3(1, 1, 1))
    let zero = LevelLayout(
      level: 0, shape: TCZYX(z: 0, y: 1, x: 1), chunk: TCZYX(z: 1, y: 1, x: 1), shard: nil, factor: Index3(1, 1, 1),
      absoluteFactor: Index3(1, 1, 1))
    for levels in [[huge], [many], [zero], [], Array(layouts([size(1, 1, 1), size(1, 1, 1)]).reversed())] {
      let error = #expect(throws: JobStoreError.self) {
        _ = try scene.store.createJob(NewJob(description: .sample(), views: [], levels: levels))
      }
      #expect(error?.code.rawValue == "record-invalid")
    }
    #expect(try scene.store.jobsInCreation().isEmpty)
    #expect(try scene.store.jobs().isEmpty)
  }

  @Test func twoSubmitsAtOnceBothSucceed() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("jobs.sqlite")
    let ids = try await withThrowingTaskGroup(of: JobID.self) { group in
      for _ in 0..<4 {
        group.addTask {
          let store = try JobStore.open(path, mode: .create)
          let id = try store.createJob(
            NewJob(description: .sample(), views: [], levels: layouts([size(2, 2, 2)])))
          try store.markReady(id)
          return id
        }
      }
      return try await group.reduce(into: Set<JobID>()) { $0.insert($1) }
    }
    #expect(ids.count == 4)
    #expect(try JobStore.open(path, mode: .existing).jobs().count == 4)
  }
}
