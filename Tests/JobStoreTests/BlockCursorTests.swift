import Foundation
import GRDB
import Geometry
import JobStore
import Testing

@Suite struct BlockCursorTests {
  /// A job with blocks in every state, on two levels, with several bricks of unequal size.
  private func sample() throws -> (Scene, JobID, Run) {
    let scene = try Scene()
    let job = try scene.job([TCZYX(t: 2, c: 1, z: 3, y: 40, x: 70), TCZYX(t: 2, c: 1, z: 1, y: 20, x: 35)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    try run.settleEmpty(level: 0, bricks: [3])
    let outcomes: [BlockResult.Outcome] = [.done, .empty, .done, .failed(code: "c", message: "m")]
    for turn in 0..<12 { try run.work(level: 0, limit: 400 + turn, outcomes[turn % 4]) }
    try run.work(level: 0, limit: 5000)
    _ = try run.claim(level: 0, limit: 77)
    try run.work(level: 1, limit: 50)
    return (scene, job, run)
  }

  @Test func theListingAgreesWithTheSQLViewAndIsInOrder() throws {
    let (scene, job, run) = try sample()
    let entries = try scene.store.allBlocks(of: job)
    #expect(entries.count == 2 * 3 * 40 * 70 + 2 * 20 * 35)
    let keys = entries.map { [$0.block.level] + $0.block.position.array }
    #expect(keys == keys.sorted { $0.lexicographicallyPrecedes($1) })
    #expect(Set(entries.map(\.state)) == Set(BlockState.allCases))
    for entry in entries where entry.state == .failed { #expect(entry.failure?.code == "c") }
    let queue = try DatabaseQueue(path: scene.path)
    let lines = try queue.read { db in
      try String.fetchAll(
        db,
        sql: """
          SELECT level || ' ' || t || ' ' || c || ' ' || z || ' ' || y || ' ' || x || ' ' || state
          FROM block_status WHERE job = \(job) ORDER BY level, t, c, z, y, x
          """)
    }
    let expected = zip(keys, entries).map { key, entry in
      key.map(String.init).joined(separator: " ") + " " + entry.state.rawValue
    }
    #expect(lines.count == expected.count)
    let different = zip(lines, expected).filter { $0 != $1 }
    #expect(different.isEmpty, "\(different.prefix(5))")
    _ = run.id
  }

  @Test(arguments: BlockState.allCases)
  func filtersSelectWhatAFullListingHas(state: BlockState) throws {
    let (scene, job, run) = try sample()
    let entries = try scene.store.allBlocks(of: job)
    #expect(try scene.store.allBlocks(of: job, BlockFilter(state: state)) == entries.filter { $0.state == state })
    let box = Box3(lower: Index3(1, 5, 30), upper: Index3(9, 37, 66))
    let region = BlockFilter(level: 0, state: state, t: 1..<5, region: box)
    let inside = entries.filter {
      $0.block.level == 0 && $0.state == state && $0.block.position.t == 1
        && box.contains(Box3(lower: $0.block.position.zyx, upper: $0.block.position.zyx &+ 1))
    }
    #expect(try scene.store.allBlocks(of: job, region) == inside)
    let one = try #require(entries.first { $0.state == state })
    #expect(try scene.store.allBlocks(of: job, BlockFilter(one.block)) == [one])
    _ = run.id
  }

  @Test func regionsOutsideAreEmptyAndLevelsOutsideAnError() throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    let far = Box3(lower: Index3(5, 0, 0), upper: Index3(9, 2, 2))
    #expect(try scene.store.allBlocks(of: job, BlockFilter(region: far)) == [])
    #expect(try scene.store.allBlocks(of: job, BlockFilter(c: 1..<2)) == [])
    #expect(try scene.store.allBlocks(of: job).count == 8)
    #expect(throws: JobStoreError.invalid("job \(job) has no level 1")) {
      _ = try scene.store.blocks(of: job, BlockFilter(level: 1))
    }
    #expect(throws: JobStoreError.noSuchJob(selector: "9", path: scene.store.path)) {
      _ = try scene.store.blocks(of: 9)
    }
  }
}
