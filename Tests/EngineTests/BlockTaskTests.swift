import Engine
import Foundation
import Geometry
import TestSupport
import Testing

@Suite struct BlockTaskTests {
  /// A shard's bytes, its parts made in some order; nil for parts of nothing but fill.
  private func shard(_ order: [Int], fill: Set<Int> = []) throws -> [UInt8]? {
    let scene = try EngineScene(shape: Index3(4, 4, 4), isSharded: true)
    let task = scene.task()
    for (i, part) in order.enumerated() {
      let isLast = try task.deliver(part, fill.contains(part) ? nil : EngineScene.bytes(0, part))
      #expect(isLast == (i == order.count - 1))
      #expect(task.appendedCount == (order.prefix(i + 1).sorted().enumerated().prefix { $0.offset == $0.element }).count)
    }
    #expect(task.waitingByteCount == 0)
    let file = try task.finish()
    #expect(file.map { (try? fileBytes(task.path).count) == $0.byteCount } ?? !FileManager.default.fileExists(atPath: task.path))
    return try file.map { _ in try fileBytes(task.path) }
  }

  @Test func aShardsBytesDoNotDependOnTheOrderOfItsParts() throws {
    let calm = try #require(try shard(Array(0..<8)))
    // eight parts, each with its crc32c, and an index of 16 bytes a part with its own
    #expect(calm.count == 8 * (8 + 4) + 8 * 16 + 4)
    var random = SeededRandom(7)
    for _ in 0..<20 { #expect(try shard(Array(0..<8).shuffled(using: &random)) == calm) }
    #expect(try shard([3, 1, 0, 2, 7, 5, 6, 4], fill: [1, 5]) == shard(Array(0..<8), fill: [1, 5]))
  }

  @Test func aBlockOfNothingButFillHasNoFile() throws {
    #expect(try shard(Array(0..<8), fill: Set(0..<8)) == nil)
    let scene = try EngineScene()
    let task = scene.task()
    #expect(try task.deliver(0, nil))
    #expect(!task.hasFile)
    #expect(try task.finish() == nil)
    #expect(scene.folder.files == [])
  }

  @Test func aBlockThatIsGivenUpLeavesNothing() throws {
    let scene = try EngineScene(shape: Index3(4, 4, 4), isSharded: true)
    let task = scene.task()
    _ = try task.deliver(0, EngineScene.bytes(0, 0))
    _ = try task.deliver(2, EngineScene.bytes(0, 2))
    #expect(task.giveUp())
    #expect(!task.giveUp(), "only one is to report it")
    #expect(task.isGivenUp)
    #expect(task.waitingByteCount == 0)
    // those who are late are not told
    #expect(try !task.deliver(1, EngineScene.bytes(0, 1)))
    #expect(scene.folder.files == [])
  }
}

/// Numbers that are the same each time (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
