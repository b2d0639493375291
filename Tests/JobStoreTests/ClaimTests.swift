import Diagnostics
import GRDB
import Geometry
import JobStore
import Testing

@Suite struct ClaimTests {
  @Test func claimsAreDisjointAndCompactAlsoWithinOneBrick() throws {
    let scene = try Scene()
    let job = try scene.job([size(8, 8, 8)])
    let other = try scene.reopened()
    let a = try scene.store.beginRun(job: job, info: .sample(1))
    let b = try other.beginRun(job: job, join: true, info: .sample(2))
    var seen: Set<TCZYX> = []
    for turn in 0..<64 {
      let claims = try (turn % 2 == 0 ? a : b).claim(level: 0, limit: 8)
      let positions = claims.flatMap(\.positions)
      #expect(positions.count == 8)
      let corner = positions.map(\.zyx).reduce(Index3(9, 9, 9)) { pointwiseMin($0, $1) }
      #expect(positions.allSatisfy { all(($0.zyx &- corner) .< Index3(2, 2, 2)) }, "a cube of two")
      #expect(seen.isDisjoint(with: positions))
      seen.formUnion(positions)
    }
    #expect(seen.count == 512)
    #expect(try a.claim(level: 0, limit: 1) == [])
    #expect(try other.job(job).counts.running == 512)
    #expect(try other.integrityCheck() == [])
  }

  @Test func aClaimGoesOnInTheNextBrick() throws {
    let scene = try Scene()
    let job = try scene.job([size(1, 64, 200)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    #expect(try run.claim(level: 0, limit: 4090).map(\.positions.count) == [4090])
    #expect(try run.claim(level: 0, limit: 10).map(\.positions.count) == [6, 4])
    #expect(try run.claim(level: 0, limit: 100_000).flatMap(\.positions).count == 64 * 200 - 4100)
    #expect(try run.claim(level: 0, limit: 1) == [])
    try run.end(.interrupted)
    #expect(try scene.store.integrityCheck() == [])
  }

  @Test func blocksOfAnEndedRunAreHandedOutAgain() throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    let claims = try run.claim(level: 0, limit: 8)
    let first = try #require(claims.first)
    try run.record([BlockResult(claim: first.id, position: first.positions[0], outcome: .done)])
    try run.end(.interrupted)
    #expect(try scene.store.job(job).counts == BlockCounts(total: 8, done: 1))
    let other = try scene.store.beginRun(job: job, info: .sample(2))
    #expect(try other.claim(level: 0, limit: 8).flatMap(\.positions) == Array(first.positions.dropFirst()))
    #expect(throws: JobStoreError.claimLost([first.id])) {
      try other.record([BlockResult(claim: first.id, position: first.positions[1], outcome: .done)])
    }
  }

  /// As a page of another time brings it about: the run is in its table, and not in the index by which the dead are found.
  @Test func aHolderThatTheIndexOfRunsLacksIsDamageAndNotWaitedFor() throws {
    let scene = try Scene()
    let job = try scene.job([size(2, 2, 2)])
    let holder = try scene.store.beginRun(job: job, info: .sample())
    #expect(try holder.claim(level: 0, limit: 8).count == 1)
    let other = try scene.store.beginRun(job: job, join: true, info: .sample(2))
    #expect(try other.expectsMore(level: 0))
    let queue = try DatabaseQueue(path: scene.path)
    try queue.writeWithoutTransaction { db in
      let index = try #require(try String.fetchOne(db, sql: "SELECT sql FROM sqlite_schema WHERE name = 'run_open'"))
      try db.execute(sql: "DROP INDEX run_open; \(index) AND id > 1; PRAGMA writable_schema = ON")
      try db.execute(sql: "UPDATE sqlite_schema SET sql = ? WHERE name = 'run_open'", arguments: [index])
    }
    try queue.close()
    let error = #expect(throws: JobStoreError.self) { try other.expectsMore(level: 0) }
    #expect(error?.code == .databaseDamaged)
  }

  /// A pyramid block comes when, and only when, all blocks below that its voxels average are settled.
  @Test func pyramidBlocksWaitForTheirSources() throws {
    let scene = try Scene()
    let job = try scene.job([size(1, 4, 6), size(1, 2, 3), size(1, 1, 2)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    var settled: Set<TCZYX> = []
    var made: Set<TCZYX> = []
    while true {
      let claims = try run.claim(level: 0, limit: 1)
      guard let claim = claims.first else { break }
      let position = claim.positions[0]
      let isEmpty = settled.count % 3 == 0
      try run.record([BlockResult(claim: claim.id, position: position, outcome: isEmpty ? .empty : .done)])
      settled.insert(position)
      for ready in try run.claim(level: 1, limit: 10).flatMap(\.positions) {
        for y in 0..<2 {
          for x in 0..<2 { #expect(settled.contains(place(0, ready.y * 2 + y, ready.x * 2 + x))) }
        }
        #expect(made.insert(ready).inserted)
      }
      let expected = (0..<6).filter { i in
        (0..<4).allSatisfy { settled.contains(place(0, i / 3 * 2 + $0 / 2, i % 3 * 2 + $0 % 2)) }
      }
      #expect(made.count == expected.count)
    }
    #expect(settled.count == 24 && made.count == 6)
    #expect(try run.claim(level: 2, limit: 1) == [], "level 1 is claimed, not made")
  }

  @Test func aJobOfTwoDimensionsTimePointsAndChannelsIsClaimedWhole() throws {
    let scene = try Scene()
    let job = try scene.job([TCZYX(t: 3, c: 2, z: 1, y: 5, x: 7)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    var seen: Set<TCZYX> = []
    while let claim = try run.claim(level: 0, limit: 13).first {
      seen.formUnion(claim.positions)
      #expect(claim.positions.allSatisfy { place(0, $0.y, $0.x, t: $0.t, c: $0.c) == $0 })
    }
    #expect(seen.count == 3 * 2 * 5 * 7)
  }

  @Test func levelsThatAreNotThereAreRefused() throws {
    let scene = try Scene()
    let job = try scene.job([size(1, 1, 1)])
    let run = try scene.store.beginRun(job: job, info: .sample())
    #expect(throws: JobStoreError.invalid("job \(job) has no level 1")) { _ = try run.claim(level: 1, limit: 1) }
    #expect(throws: JobStoreError.invalid("job \(job) has no level -1")) { _ = try run.claim(level: -1, limit: 1) }
    #expect(try run.claim(level: 0, limit: 0) == [])
  }
}
