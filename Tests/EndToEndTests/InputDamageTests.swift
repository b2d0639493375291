import Foundation
import JSON
import Testing
import Zarr

/// Input that is damaged after the job was submitted, in each way that files go bad: the blocks that need it fail with a
/// message that names view, chunk and file, and no others.
@Suite struct InputDamageTests {
  /// What is done to a file, and what becomes of it.
  struct Damage: CustomTestStringConvertible, Sendable {
    let testDescription: String
    /// The file, in the folder of the array.
    let file: String
    let code: String
    /// What the message must name: the chunk or shard.
    let place: String
    let failedCount: Int
    let apply: @Sendable (inout Data) throws -> Void
  }

  /// Chunks of 16 voxels a side in shards of 16 x 32 x 32: four in a file, and the index of 4 * 16 + 4 bytes at its end.
  private static let chunksPerShard = 4
  private static let indexByteCount = chunksPerShard * 16 + 4

  static let shardDamage: [Damage] = [
    Damage(
      testDescription: "truncated", file: "c/0/0/0/1/0", code: "shard-damaged", place: "[0, 0, 0, 1, 0]", failedCount: 4
    ) { $0.removeLast($0.count / 2) },
    Damage(
      testDescription: "zero bytes", file: "c/0/0/0/0/1", code: "shard-damaged", place: "[0, 0, 0, 0, 1]", failedCount: 4
    ) { $0.removeAll() },
    Damage(
      testDescription: "bad crc32c of the index", file: "c/0/0/0/1/1", code: "shard-damaged", place: "[0, 0, 0, 1, 1]",
      failedCount: 4
    ) { $0[$0.count - 1] ^= 0x40 },
    Damage(
      testDescription: "an index that points outside the file", file: "c/0/0/0/0/0", code: "chunk-damaged",
      place: "[0, 0, 0, 0, 1]", failedCount: 3
    ) { bytes in
      // valid in itself: the first chunk where it was, the others far beyond the end
      let start = bytes.count - InputDamageTests.indexByteCount
      let first = bytes[(start + 8)..<(start + 16)].reversed().reduce(0) { $0 << 8 | Int($1) }
      var builder = ShardBuilder(chunkCount: InputDamageTests.chunksPerShard)
      builder.append(encodedByteCount: first)
      for _ in 1..<InputDamageTests.chunksPerShard { builder.append(encodedByteCount: 1 << 40) }
      bytes.replaceSubrange(start..., with: try builder.finish())
    },
    Damage(
      testDescription: "one bit of a chunk altered", file: "c/0/0/0/1/1", code: "chunk-damaged", place: "[0, 0, 0, 2, 2]",
      failedCount: 1
    ) { $0[40] ^= 1 },
  ]

  /// One file a chunk.
  static let chunkDamage: [Damage] = [
    Damage(
      testDescription: "truncated", file: "0/0/0/1/2", code: "chunk-damaged", place: "[0, 0, 0, 1, 2]", failedCount: 1
    ) { $0.removeLast(7) },
    Damage(
      testDescription: "one bit altered", file: "0/0/0/3/3", code: "chunk-damaged", place: "[0, 0, 0, 3, 3]",
      failedCount: 1
    ) { $0[$0.count / 2] ^= 1 },
    Damage(
      testDescription: "zero bytes", file: "0/0/0/0/3", code: "chunk-damaged", place: "[0, 0, 0, 0, 3]", failedCount: 1
    ) { $0.removeAll() },
  ]

  /// A tile as the program writes it, as the only view of a dataset.
  private func tile(_ flags: [String]) throws -> (folder: TestFolder, dataset: String, array: String) {
    let folder = try TestFolder()
    let mosaic = try folder.mosaic("--tiles", "1x1", "--shape", "16,64,64", "--chunk", "16,64,64")
    // at whole voxels, so that a block needs its own voxels only
    let origin = ["--output-origin", "z=0,y=0,x=0", "--output-shape", "z=16,y=64,x=64", "--output-chunksize", "16"]
    let made = try RunningProcess(
      "blockfuse", ["fuse", mosaic, "--output", "tile.ome.zarr", "--quiet"] + origin + flags, folder: folder.path
    ).wait()
    try #require(made.status == 0, "\(made.errors)")
    let dataset = folder.file("dataset.json")
    try Data(#"{"views": [{"name": "left upper", "path": "tile.ome.zarr"}]}"#.utf8).write(to: URL(fileURLWithPath: dataset))
    return (folder, dataset, folder.file("tile.ome.zarr/0"))
  }

  private func check(_ damage: Damage, flags: [String]) throws {
    let (folder, dataset, array) = try tile(flags)
    let common = ["--output-chunksize", "16", "--zarr-options", "ome_zarr=false"]
    func submit(_ output: String) throws {
      let end = try RunningProcess("blockfuse", ["submit", dataset, "--output", output] + common, folder: folder.path).wait()
      try #require(end.status == 0, "\(end.errors)")
    }
    try submit("whole.zarr")
    try #require(try folder.blockfuse("run", "2", "--quiet").status == 0)
    try submit("out.zarr")
    let file = URL(fileURLWithPath: array + "/" + damage.file)
    var bytes = try Data(contentsOf: file)
    try damage.apply(&bytes)
    try bytes.write(to: file)

    let end = try folder.blockfuse("run", "3", "--quiet")
    #expect(end.status == 3, "\(end.errors)")
    let blocks = try folder.status("3")["blocks"]
    #expect(blocks?["failed"]?.int == damage.failedCount)
    #expect(blocks?["done"]?.int == 16 - damage.failedCount)
    let failed = try folder.blockfuse("blocks", "3", "--state", "failed", "--json").output.split(separator: "\n")
      .map { try JSONValue.parse(String($0))["failure"] }
    let failures = failed.map { ($0?["code"]?.string ?? "", $0?["message"]?.string ?? "") }
    #expect(failures.count == damage.failedCount)
    for (code, message) in failures {
      #expect(code == damage.code)
      #expect(message.contains("\"left upper\"") && message.contains(file.path), "\(message)")
    }
    #expect(failures.contains { $0.1.contains(damage.place) }, "\(failures)")
    // all others are as if nothing had happened
    var same = 0
    for y in 0..<4 {
      for x in 0..<4 {
        guard let made = FileManager.default.contents(atPath: folder.file("out.zarr/0/0/0/\(y)/\(x)")) else { continue }
        #expect(made == FileManager.default.contents(atPath: folder.file("whole.zarr/0/0/0/\(y)/\(x)")))
        same += 1
      }
    }
    #expect(same == 16 - damage.failedCount)
  }

  @Test(arguments: shardDamage)
  func aShardOfTheInput(damage: Damage) throws {
    try check(damage, flags: ["--ngff-version", "0.5", "--shards", "z=16,y=32,x=32"])
  }

  @Test(arguments: chunkDamage)
  func aChunkOfTheInput(damage: Damage) throws {
    try check(damage, flags: [])
  }

  /// One that cannot be read fails its block; one that was never there is background, as to every reader of Zarr.
  @Test(arguments: [true, false]) func aChunkThatCannotBeRead(isThere: Bool) throws {
    let (folder, dataset, array) = try tile([])
    let chunk = array + "/0/0/0/1/2"
    if !isThere { try FileManager.default.removeItem(atPath: chunk) }
    let submit = try folder.blockfuse(
      "submit", dataset, "--output", "out.zarr", "--output-chunksize", "16", "--zarr-options", "ome_zarr=false")
    try #require(submit.status == 0, "\(submit.errors)")
    if isThere { try FileManager.default.removeItem(atPath: chunk) }
    // what not even root can read
    if isThere { try FileManager.default.createDirectory(atPath: chunk, withIntermediateDirectories: false) }
    let end = try folder.blockfuse("run", "2", "--quiet")
    #expect(end.status == (isThere ? 3 : 0), "\(end.errors)")
    let blocks = try folder.status("2")["blocks"]
    #expect(blocks?["done"]?.int == 15)
    #expect(blocks?[isThere ? "failed" : "empty"]?.int == 1)
    guard isThere else { return }
    let failed = try folder.blockfuse("blocks", "2", "--state", "failed").output
    #expect(failed.contains("\"left upper\"") && failed.contains(chunk), "\(failed)")
  }

  /// Every chunk of it would read as background.
  @Test func theFolderOfAnArrayIsGone() throws {
    let (folder, dataset, array) = try tile([])
    #expect(try folder.blockfuse("submit", dataset, "--output", "out.zarr").status == 0)
    try FileManager.default.removeItem(atPath: array)
    let end = try folder.blockfuse("run", "2", "--quiet")
    #expect(end.status == 4)
    #expect(end.errors.contains("\"left upper\"") && end.errors.contains("tile.ome.zarr"), "\(end.errors)")
    #expect(try folder.status("2")["blocks"]?["done"]?.int == 0)
    let submit = try folder.blockfuse("submit", dataset, "--output", "again.zarr")
    #expect(submit.status == 64)
    #expect(submit.errors.contains("\"left upper\"") && submit.errors.contains(array), "\(submit.errors)")
  }
}
