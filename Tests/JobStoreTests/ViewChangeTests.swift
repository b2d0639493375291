import Foundation
import Geometry
import JobStore
import Testing

/// Views that are taken as they are now.
@Suite struct ViewChangeTests {
  /// Blocks with x below a number are those that the view touches.
  private func touching(below x: Int) -> JobStore.Touching {
    JobStore.Touching(mayMeet: { $0.blocks.lower[2] < x }, contains: { $0.x < x })
  }

  /// A pending job with one view.
  private func job(_ scene: Scene, _ grids: [TCZYX]) throws -> JobID {
    let view = ViewRecord(
      ordinal: 0, name: "a", path: "/data/a", shape: TCZYX(z: 4, y: 4, x: 4), elementType: "uint16", spacing: .one, origin: .zero,
      details: "{}", fingerprint: #"{"file a":"first"}"#, transforms: [.init(affine: .identity)])
    let id = try scene.store.createJob(NewJob(description: .sample(), views: [view], levels: layouts(grids)))
    try scene.store.markReady(id)
    return id
  }

  private func take(_ scene: Scene, _ job: JobID, as kind: ViewChangeKind = .image, touched: JobStore.Touching?) throws -> Int {
    let was = try scene.store.views(of: job)[0]
    var now = was
    now.fingerprint = #"{"file a":"\#(try scene.store.viewChanges(of: job).count)"}"#
    return try scene.store.take([TakenView(was: was, becomes: now)], of: job, as: kind, touched: touched)
  }

  @Test func blocksOfAllLevelsBecomePendingAndTheSumsAreRight() throws {
    let scene = try Scene()
    let job = try job(scene, [size(4, 4, 4), size(2, 2, 2)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    while try run.work(level: 0, limit: 64) > 0 {}
    while try run.work(level: 1, limit: 64) > 0 {}
    #expect(throws: JobStoreError.self, "a run lives") { _ = try take(scene, job, touched: nil) }
    #expect(try run.end(.finished) == .complete)
    let old = try scene.store.views(of: job)[0].fingerprint
    #expect(try take(scene, job, touched: touching(below: 1)) == 16 + 4)
    #expect(try scene.store.levels(of: job).map(\.counts.settled) == [48, 4])
    #expect(try scene.store.job(job).state == .interrupted)
    #expect(try scene.store.integrityCheck() == [])
    #expect(try scene.store.views(of: job)[0].fingerprint != old)
    // times only: no block
    #expect(try take(scene, job, as: .times, touched: nil) == 0)
    let changes = try scene.store.viewChanges(of: job)
    #expect(changes.map(\.kind) == ["image", "times"] && changes[0].was == old && changes[0].became == changes[1].was)
    #expect(try scene.store.integrityCheck() == [])
  }

  @Test func whileTasksMayBeAtWorkNothingIsTaken() throws {
    let scene = try Scene()
    let job = try job(scene, [size(4, 4, 4)])
    _ = try scene.store.beginOrder(OrderRecord(id: 0, job: job, uuid: "u", path: "/out/order-1", madeAt: Date()))
    #expect(throws: JobStoreError.orderOut(job: job, order: "/out/order-1")) { _ = try take(scene, job, touched: nil) }
  }

  @Test func whatAnotherProcessTookIsNotTakenOver() throws {
    let scene = try Scene()
    let job = try job(scene, [size(4, 4, 4)])
    let was = try scene.store.views(of: job)[0]
    #expect(try take(scene, job, touched: nil) == 0)
    var now = was
    now.fingerprint = "{}"
    #expect(throws: JobStoreError.self) { _ = try scene.store.take([TakenView(was: was, becomes: now)], of: job, as: .image, touched: nil) }
    #expect(try scene.store.viewChanges(of: job).count == 1)
  }
}
