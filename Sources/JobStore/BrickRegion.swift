import Geometry

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
