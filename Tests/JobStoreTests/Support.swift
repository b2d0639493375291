import Foundation
import Geometry
import JobStore

/// A folder of its own for a test, removed when the test drops it.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "blockfuse-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  }

  func file(_ name: String) -> String { path + "/" + name }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A store in a folder of its own.
struct Scene {
  let folder: TemporaryFolder
  let store: JobStore

  init() throws {
    folder = try TemporaryFolder()
    store = try JobStore.open(folder.file("jobs.sqlite"), mode: .create)
  }

  var path: String { folder.file("jobs.sqlite") }

  func reopened(_ mode: JobStore.Mode = .existing) throws -> JobStore {
    try JobStore.open(path, mode: mode)
  }

  /// A pending job whose levels have these grids; blocks of 4 x 4 x 4 voxels, factor 2 from level to level.
  func job(_ grids: [TCZYX], name: String? = nil) throws -> JobID {
    let id = try store.createJob(NewJob(description: .sample(name: name), views: [], levels: layouts(grids)))
    try store.markReady(id)
    return id
  }
}

func layouts(_ grids: [TCZYX]) -> [LevelLayout] {
  grids.enumerated().map { level, grid in
    let shape = TCZYX(t: grid.t, c: grid.c, zyx: grid.zyx &* 4)
    let factor = Index3(repeating: level == 0 ? 1 : 2)
    return LevelLayout(
      level: level, shape: shape, chunk: TCZYX(z: 4, y: 4, x: 4), shard: nil, factor: factor,
      absoluteFactor: Index3(repeating: 1 << level))
  }
}

extension JobDescription {
  static func sample(name: String? = nil) -> JobDescription {
    JobDescription(
      name: name, uuid: UUID().uuidString, datasetPath: "/data/dataset.json", datasetDigest: "d1",
      outputPath: "/data/out.ome.zarr", options: #"{"b": 1,  "a": [2.50]}"#, programVersion: "1.0", voxelRevision: 7,
      codecLibraries: "zstd 1.5.4",
      transformKey: "registered", fusionFunction: "weighted_average_fusion", weightsFunction: "content_based",
      elementType: .uint16, spacing: Vector3(2, 0.5, 0.5), origin: Vector3(-1, 0.1, 1e9), ngffVersion: "0.4",
      details: #"{"channels": ["a"]}"#)
  }
}

extension WorkerInfo {
  static func sample(_ pid: Int = 1) -> WorkerInfo {
    WorkerInfo(
      host: "here", bootID: "boot", pid: pid, command: "blockfuse run",
      startedAt: Date(timeIntervalSince1970: 1_700_000_000))
  }
}

extension BlockCursor {
  mutating func all() throws -> [BlockEntry] {
    var entries: [BlockEntry] = []
    while let entry = try next() { entries.append(entry) }
    return entries
  }
}

extension JobStore {
  func allBlocks(of job: JobID, _ filter: BlockFilter = BlockFilter()) throws -> [BlockEntry] {
    var cursor = try blocks(of: job, filter)
    return try cursor.all()
  }
}

extension Run {
  /// Claims up to `limit` blocks and records the same for each.
  @discardableResult
  func work(level: Int, limit: Int, _ outcome: BlockResult.Outcome = .done) throws -> Int {
    let claims = try claim(level: level, limit: limit)
    let results = claims.flatMap { claim in
      claim.positions.map { BlockResult(claim: claim.id, position: $0, outcome: outcome) }
    }
    try record(results)
    return results.count
  }
}

func place(_ z: Int, _ y: Int, _ x: Int, t: Int = 0, c: Int = 0) -> TCZYX { TCZYX(t: t, c: c, z: z, y: y, x: x) }

func size(_ z: Int, _ y: Int, _ x: Int) -> TCZYX { TCZYX(z: z, y: y, x: x) }
