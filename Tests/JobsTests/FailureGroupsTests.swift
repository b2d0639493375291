import Foundation
import Geometry
import JobStore
import Jobs
import TestSupport
import Testing

/// What a run says at its end of blocks that failed.
@Suite struct FailureGroupsTests {
  private func groups(_ failures: [(code: String, message: String)]) throws -> FailureGroups {
    let folder = try TemporaryFolder()
    let store = try JobStore.open(folder.path + "/jobs.sqlite", mode: .create)
    let layout = LevelLayout(
      level: 0, shape: TCZYX(z: 4, y: 4, x: 4 * max(1, failures.count)), chunk: TCZYX(z: 4, y: 4, x: 4), shard: nil,
      factor: Index3(1, 1, 1),
      absoluteFactor: Index3(1, 1, 1))
    let description = JobDescription(
      name: nil, uuid: UUID().uuidString, datasetPath: "/d", datasetDigest: "d", outputPath: "/o", options: "{}", programVersion: "1",
      voxelRevision: 1, codecLibraries: "", transformKey: nil, fusionFunction: "f", weightsFunction: nil, elementType: .uint16,
      spacing: Vector3(1, 1, 1), origin: Vector3(0, 0, 0), ngffVersion: "0.4", details: "{}")
    let job = try store.createJob(NewJob(description: description, views: [], levels: [layout]))
    try store.markReady(job)
    let worker = WorkerInfo(host: "h", bootID: "b", pid: 1, command: "c", startedAt: Date())
    let run = try store.beginRun(job: job, info: worker)
    for (code, message) in failures {
      let claim = try #require(try run.claim(level: 0, limit: 1).first)
      try run.record(claim.positions.map { BlockResult(claim: claim.id, position: $0, outcome: .failed(code: code, message: message)) })
    }
    return try FailureGroups(of: job, in: store)
  }

  @Test func blocksOfOneViewAndCauseAreALine() throws {
    let groups = try groups([
      ("io-failed", "/out/0: no space"), ("chunk-damaged", "view \"tile_06\": /d/0.0: zstd says no"),
      ("chunk-damaged", "view \"tile_06\": /d/0.1: zstd says no"), ("chunk-damaged", "view \"tile_06\": /d/0.0: zstd says no"),
      ("input-missing", "view \"tile_07\": there is nothing"), ("input-missing", "view \"tile_07\": there is nothing"),
    ])
    #expect(
      groups.lines(atMost: 10) == [
        "3 blocks: view \"tile_06\": chunk damaged (/d/0.0: zstd says no, and others)",
        "2 blocks: view \"tile_07\": input missing (there is nothing)", "1 block: io failed (/out/0: no space)",
      ])
    #expect(groups.views == ["tile_06", "tile_07"])
  }

  @Test func manyGroupsAreCut() throws {
    let groups = try groups((0..<13).map { ("chunk-damaged", "view \"v\($0)\": bad") })
    #expect(groups.lines(atMost: 10).count == 10 && groups.all.count == 13)
    #expect(try self.groups([]).all.isEmpty)
  }
}
