import Diagnostics
import Foundation
import GRDB
import Geometry
import JobStore
import Testing

/// Rows of levels that contradict themselves, which only a damaged file can have, are an error and no trap.
@Suite struct LevelRowTests {
  @Test(arguments: [
    "chunk_z = 0", "shape_x = -1", "shape_y = 1 << 60", "grid_z = 7", "brick_x = 0", "brick_x = 4097", "factor_y = 65",
    "absolute_z = 0", "shard_z = 4", "bricks = 2", "blocks = 9", "done = 9", "empty = -1", "failed = 100",
    "untouched = 2", "shape_t = 4096, shape_c = 4096, grid_t = 4096, grid_c = 4096",
  ])
  func contradictionsAreDamage(change: String) throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    let queue = try DatabaseQueue(path: scene.path)
    try queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA ignore_check_constraints = ON; UPDATE level SET \(change)")
    }
    try queue.close()
    let error = #expect(throws: JobStoreError.self) { try scene.reopened(.readOnly).levels(of: job) }
    #expect(error?.code.rawValue == "database-damaged")
  }

  /// What is stored is what comes back, shards and all.
  @Test func levelsComeBackAsTheyWereGiven() throws {
    let scene = try Scene()
    let layouts = levelLayouts(
      shape: TCZYX(t: 2, c: 3, z: 100, y: 500, x: 1000), chunk: Index3(16, 32, 64), shard: Index3(32, 128, 256), pyramid: Pyramid())
    let plain = levelLayouts(shape: TCZYX(z: 1, y: 450, x: 300), chunk: Index3(8, 64, 65), shard: nil, pyramid: Pyramid())
    for levels in [layouts, plain] {
      let job = try scene.store.createJob(NewJob(description: .sample(), views: [], levels: levels))
      try scene.store.markReady(job)
      #expect(try scene.store.levels(of: job).map(\.layout) == levels)
    }
  }

  /// A column of another type than the table promises: what a table that is not STRICT any more may hold.
  @Test func aValueOfAnotherTypeIsDamage() throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    _ = try scene.store.beginRun(job: job, info: .sample()).end(.interrupted)
    let queue = try DatabaseQueue(path: scene.path)
    try queue.writeWithoutTransaction { db in
      try db.execute(
        sql: """
          CREATE TABLE other AS SELECT * FROM run; UPDATE other SET pid = 'many';
          PRAGMA foreign_keys = OFF; DROP TABLE run; ALTER TABLE other RENAME TO run
          """)
    }
    try queue.close()
    let error = #expect(throws: JobStoreError.self) { try scene.reopened(.readOnly).runs(of: job) }
    #expect(error?.description.contains("column pid holds a value that it cannot have") == true)
  }
}
