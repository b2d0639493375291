import Foundation
import Geometry

/// How a block stands.
public enum BlockState: String, CaseIterable, Sendable, Codable {
  case pending, running
  /// It has a file.
  case done
  /// It holds nothing but the fill value and has no file.
  case empty
  case failed

  /// Whether a block is done or empty, so that one of the level above may be made from it.
  public var isSettled: Bool { self == .done || self == .empty }
}

/// How many blocks are in which state; the five add up to `total`.
public struct BlockCounts: Hashable, Sendable, Codable {
  public var total: Int
  public var done: Int
  public var empty: Int
  public var failed: Int
  /// Blocks in the hands of a live process.
  public var running: Int

  public init(total: Int = 0, done: Int = 0, empty: Int = 0, failed: Int = 0, running: Int = 0) {
    (self.total, self.done, self.empty, self.failed, self.running) = (total, done, empty, failed, running)
  }

  public var pending: Int { total - done - empty - failed - running }
  /// Blocks that are done or empty.
  public var settled: Int { done + empty }
  public var isSettled: Bool { settled == total }

  public static func + (a: BlockCounts, b: BlockCounts) -> BlockCounts {
    BlockCounts(
      total: a.total + b.total, done: a.done + b.done, empty: a.empty + b.empty, failed: a.failed + b.failed,
      running: a.running + b.running)
  }
}

/// A level, and how many of its blocks are in which state.
public struct LevelRecord: Hashable, Sendable {
  public let layout: LevelLayout
  public let counts: BlockCounts
}

/// One block of a job: its level, and its position in the level's grid.
public struct BlockID: Hashable, Sendable, CustomStringConvertible {
  public var level: Int
  public var position: TCZYX

  public init(level: Int, position: TCZYX) {
    (self.level, self.position) = (level, position)
  }

  public var description: String {
    "\(level)/[\(position.array.map(String.init).joined(separator: ", "))]"
  }
}

/// The last failure of a block.
public struct BlockFailure: Hashable, Sendable {
  public let block: BlockID
  public let code: String
  public let message: String
  public let attempts: Int
  public let at: Date
  /// False if the block was, or is to be, tried again.
  public let isFailed: Bool
}

/// One line of `JobStore.blocks`.
public struct BlockEntry: Hashable, Sendable {
  public let block: BlockID
  public let state: BlockState
  /// The checksum of the file of a block that is done, if one was recorded.
  public let checksum: UInt32?
  /// The last failure of a block that failed, now or earlier.
  public let failure: BlockFailure?
}

/// Blocks that a run holds, all of one brick: neighbours in space, in the order in which they are best done.
public struct Claim: Hashable, Sendable, Identifiable {
  public typealias ID = Int64

  /// Never used twice in a database: a claim that was lost cannot be mistaken for a later one.
  public let id: ID
  public let level: Int
  public let positions: [TCZYX]

  public init(id: ID, level: Int, positions: [TCZYX]) {
    (self.id, self.level, self.positions) = (id, level, positions)
  }
}

/// The result for one claimed block.
public struct BlockResult: Hashable, Sendable {
  public enum Outcome: Hashable, Sendable {
    /// Its bytes are durable.
    case done
    case empty
    case failed(code: String, message: String)
  }

  public var claim: Claim.ID
  public var position: TCZYX
  public var outcome: Outcome
  /// The checksum of the file of a block that is done, if its codecs have none of their own. Not 0.
  public var checksum: UInt32?

  public init(claim: Claim.ID, position: TCZYX, outcome: Outcome, checksum: UInt32? = nil) {
    (self.claim, self.position, self.outcome, self.checksum) = (claim, position, outcome, checksum)
  }
}

/// A brick's number in its level and the blocks that it holds, in grid positions.
public struct BrickRegion: Hashable, Sendable, Identifiable {
  public let id: Int
  public let t: Range<Int>
  public let c: Range<Int>
  public let blocks: Box3

  public init(id: Int, t: Range<Int>, c: Range<Int>, blocks: Box3) {
    (self.id, self.t, self.c, self.blocks) = (id, t, c, blocks)
  }
}
