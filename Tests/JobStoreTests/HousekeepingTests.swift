import Diagnostics
import Foundation
import GRDB
import Geometry
import JobStore
import Testing

/// Jobs as a whole: refused while somebody works on them, and whole afterwards.
@Suite struct HousekeepingTests {
  private func view(_ ordinal: Int) -> ViewRecord {
    ViewRecord(
      ordinal: ordinal, name: "v\(ordinal)", path: "/data/v\(ordinal)", shape: size(4, 5, 6), elementType: "uint16",
      spacing: Vector3(2, 0.5, 0.5), origin: .zero, details: "{}", fingerprint: "{}",
      transforms: [.init(affine: AffineMap(rows: [Vector3(1, 0, 0), Vector3(0, 1, 0), Vector3(0, 0, 1)], translation: .zero))])
  }

  private func job(_ scene: Scene) throws -> JobID {
    let id = try scene.store.createJob(
      NewJob(description: .sample(), views: [view(0), view(1)], levels: layouts([size(4, 4, 4)])))
    try scene.store.markReady(id)
    return id
  }

  private func places(formerPath: String = "/data/v1") -> JobPlaces {
    JobPlaces(
      datasetPath: "/new/dataset.json", outputPath: "/new/out.ome.zarr", details: #"{"a":1}"#,
      views: [JobPlaces.MovedView(ordinal: 1, formerPath: formerPath, path: "/new/v1", details: "{}", fingerprint: "{}")])
  }

  private func relocate(_ scene: Scene, _ id: JobID, _ places: JobPlaces) throws {
    try scene.store.relocate(id, to: places, outputs: { _ in false }, checking: { _ in })
  }

  /// The sums over what never changes are those of the new paths, and of nothing that was damaged before.
  @Test func relocatedRowsAreSealed() throws {
    let scene = try Scene()
    let id = try job(scene)
    try relocate(scene, id, places())
    #expect(try scene.store.job(id).description.outputPath == "/new/out.ome.zarr")
    #expect(try scene.store.job(id).description.datasetPath == "/new/dataset.json")
    #expect(try scene.store.views(of: id).map(\.path) == ["/data/v0", "/new/v1"])
    #expect(try scene.store.integrityCheck() == [])
  }

  @Test func damageIsNotSealed() throws {
    let scene = try Scene()
    let id = try job(scene)
    try scene.store.write { db in try db.execute(sql: "UPDATE view_transform SET m_xx = 1.5 WHERE view = 1") }
    let error = #expect(throws: JobStoreError.self) { try relocate(scene, id, places()) }
    #expect(error?.code == .databaseDamaged)
    #expect(try scene.store.job(id).description.outputPath == "/data/out.ome.zarr")
  }

  /// All or nothing.
  @Test func aViewThatWasMovedMeanwhile() throws {
    let scene = try Scene()
    let id = try job(scene)
    #expect(throws: JobStoreError.self) { try relocate(scene, id, places(formerPath: "/other")) }
    #expect(try scene.store.job(id).description.outputPath == "/data/out.ome.zarr")
    #expect(try scene.store.integrityCheck() == [])
  }

  @Test func notWhileSomebodyWorks() throws {
    let scene = try Scene()
    let id = try job(scene)
    let run = try scene.store.beginRun(job: id, info: .sample(11))
    let other = try scene.reopened()
    for change in changes(other, id) {
      let error = #expect(throws: JobStoreError.self) { try change() }
      #expect(error?.code == .alreadyRunning)
    }
    _ = try run.end(.interrupted)
    _ = try scene.store.beginOrder(OrderRecord(id: 0, job: id, uuid: "o", path: "/data/order-1", madeAt: Date()))
    for change in changes(other, id) {
      let error = #expect(throws: JobStoreError.self) { try change() }
      #expect(error?.code == .orderOut && error?.exitStatus == .usage && error?.hint.contains("order \(id) --withdraw") == true)
    }
    try scene.store.closeOrder(scene.store.openOrder(of: id)?.id ?? 0)
    for change in changes(other, id) { try change() }
    #expect(try scene.store.jobs().isEmpty)
  }

  private func changes(_ store: JobStore, _ id: JobID) -> [() throws -> Void] {
    [
      { try store.setName(id, to: "b") }, { try store.whileIdle(id) {} },
      { try store.relocate(id, to: places(), outputs: { _ in false }, checking: { _ in }) }, { try store.delete(id) },
    ]
  }

  @Test func whatIsAgainstItLeavesTheJob() throws {
    struct Refused: Error {}
    let scene = try Scene()
    let id = try job(scene)
    #expect(throws: Refused.self) { try scene.store.delete(id) { throw Refused() } }
    #expect(throws: Refused.self) {
      try scene.store.relocate(id, to: places(), outputs: { _ in false }, checking: { _ in throw Refused() })
    }
    #expect(try scene.store.job(id).description.outputPath == "/data/out.ome.zarr")
  }

  /// More than are held at a time, in order, with those that were tried again.
  @Test func allFailuresOneByOne() throws {
    let scene = try Scene()
    let id = try scene.job([size(20, 20, 20), size(2, 2, 2)])
    let run = try scene.store.beginRun(job: id, info: .sample(11))
    while true {
      let claims = try run.claim(level: 0, limit: 4096)
      if claims.isEmpty { break }
      try run.record(
        claims.flatMap { claim in
          claim.positions.map { BlockResult(claim: claim.id, position: $0, outcome: .failed(code: "io-failed", message: "x")) }
        })
    }
    _ = try run.end(.finished)
    var cursor = try scene.store.failureCursor(of: id)
    var found: [TCZYX] = []
    while let failure = try cursor.next() { found.append(failure.block.position) }
    #expect(found.count == 8000 && Set(found).count == 8000)
    _ = try scene.store.retry(id)
    var again = try scene.store.failureCursor(of: id)
    #expect(try again.next()?.isFailed == false)
  }
}
