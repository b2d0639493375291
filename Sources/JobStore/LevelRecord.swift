import Geometry

/// A level, and how many of its blocks are in which state.
public struct LevelRecord: Hashable, Sendable {
  public let layout: LevelLayout
  public let counts: BlockCounts
}
