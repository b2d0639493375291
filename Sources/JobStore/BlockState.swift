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
