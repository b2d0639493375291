import Diagnostics
import Foundation
import GRDB
import Geometry
import JobStore
import Testing

/// What never changes of a job: damage to it is found by whoever reads it.
@Suite struct FixedRowsTests {
  private func job(_ scene: Scene, views count: Int = 3) throws -> JobID {
    let views = (0..<count).map { i in
      ViewRecord(
        ordinal: i, name: "v\(i)", path: "/data/v\(i)", shape: size(4, 5, 6), elementType: "uint16", spacing: Vector3(2, 0.5, 0.5),
        origin: Vector3(0, 1, Double(i)), details: "{}", fingerprint: "{}",
        transforms: (0..<2).map { t in
          .init(
            t: t, affine: AffineMap(rows: [Vector3(1, 0, 0), Vector3(0, 1, 0), Vector3(0, 0, 1)], translation: Vector3(0, Double(i), 0.1)))
        })
    }
    let id = try scene.store.createJob(
      NewJob(description: .sample(), views: views, levels: layouts([size(4, 4, 4), size(2, 2, 2)])))
    try scene.store.markReady(id)
    return id
  }

  private func change(_ scene: Scene, _ sql: String) throws {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    let queue = try DatabaseQueue(path: scene.path, configuration: configuration)
    try queue.write { db in try db.execute(sql: sql) }
  }

  @Test(arguments: [
    "UPDATE job SET origin_x = origin_x + 1e-3", "UPDATE job SET options = '{}'", "UPDATE job SET weights_func = NULL",
    "UPDATE job SET output_path = output_path || '2'", "UPDATE level SET factor_x = 1 WHERE level = 1",
    "DELETE FROM level WHERE level = 1",
  ])
  func ofTheJobAndItsLevels(sql: String) throws {
    let scene = try Scene()
    let id = try job(scene)
    _ = try scene.store.job(id)
    try change(scene, sql)
    for ask in [
      { _ = try scene.store.job(id) }, { _ = try scene.store.progress(of: id) }, { _ = try scene.store.jobs() },
    ] as [() throws -> Void] {
      let error = #expect(throws: JobStoreError.self) { try ask() }
      #expect(error?.code == .databaseDamaged)
    }
    #expect(try scene.store.integrityCheck().count == 1)
  }

  @Test(arguments: [
    "UPDATE view_transform SET m_xx = 1.0000000000000002 WHERE view = 2", "UPDATE view SET path = '/data/v2' WHERE ordinal = 1",
    "DELETE FROM view WHERE ordinal = 2", "DELETE FROM view WHERE ordinal = 0", "DELETE FROM view_transform WHERE view = 1 AND t = 1",
    "UPDATE view_transform SET t = NULL WHERE t = 1", "UPDATE view SET fingerprint = '[]' WHERE ordinal = 0", "DELETE FROM view",
  ])
  func ofTheViews(sql: String) throws {
    let scene = try Scene()
    let id = try job(scene)
    #expect(try scene.store.views(of: id).count == 3)
    try change(scene, sql)
    let error = #expect(throws: JobStoreError.self) { _ = try scene.store.views(of: id) }
    #expect(error?.code == .databaseDamaged)
    #expect(try !scene.store.integrityCheck().isEmpty)
    // nobody reads them for this
    #expect(try scene.store.job(id).state == .pending)
  }

  /// A row that is not there leaves the ones behind it in other places, also where nobody has summed them up.
  @Test func gapsAreFoundWithoutSums() throws {
    for sql in ["DELETE FROM view WHERE ordinal = 0", "DELETE FROM view_transform WHERE view = 2"] {
      let scene = try Scene()
      let id = try job(scene)
      try change(scene, "\(sql); UPDATE job SET fixed_sum = NULL, views_sum = NULL")
      #expect(throws: JobStoreError.self) { _ = try scene.store.views(of: id) }
    }
    let scene = try Scene()
    let id = try job(scene)
    try change(scene, "DELETE FROM level WHERE level = 0; UPDATE job SET fixed_sum = NULL, views_sum = NULL")
    #expect(throws: JobStoreError.self) { _ = try scene.store.levels(of: id) }
  }

  /// What changes while a job runs is in no sum.
  @Test func workLeavesTheSums() throws {
    let scene = try Scene()
    let id = try job(scene)
    let run = try scene.store.beginRun(job: id, info: .sample())
    while try run.work(level: 0, limit: 9) > 0 {}
    try run.work(level: 1, limit: 3, .failed(code: "c", message: "m"))
    try run.end(.finished)
    _ = try scene.store.retry(id)
    #expect(try scene.store.integrityCheck() == [])
    #expect(try scene.store.views(of: id).count == 3)
  }

  @Test func claimsOfNobodyAreFoundWhenTheDatabaseIsOpened() throws {
    for sql in ["DELETE FROM run", "UPDATE run SET ended_ms = 5, outcome = 'finished'", "DELETE FROM brick"] {
      let scene = try Scene()
      let id = try job(scene)
      let run = try scene.store.beginRun(job: id, info: .sample())
      _ = try run.claim(level: 0, limit: 2)
      _ = try scene.reopened()
      try change(scene, sql)
      let error = #expect(throws: JobStoreError.self) { _ = try scene.reopened() }
      #expect(error?.code == .databaseDamaged)
      // to look is no harm
      _ = try scene.reopened(.readOnly).jobs()
    }
  }

  /// An error of the disk while SQLite looks through the file is no damage.
  @Test func aPageThatCannotBeReadIsNoDamage() {
    #expect(JobStore.readError("Tree 4 page 7: unable to get the page. error code=8458") == 8458)
    #expect(JobStore.readError("Tree 4 page 7: unable to get the page. error code=266") == 266)
    #expect(JobStore.readError("Tree 4 page 7: unable to get the page. error code=11") == nil)
    #expect(JobStore.readError("wrong # of entries in index brick_pending") == nil)
  }
}
