import Geometry

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
