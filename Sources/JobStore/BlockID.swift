import Geometry

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
