/// A view that a dataset lists and whose image is not there, or cannot be opened.
public struct MissingView: Sendable, Codable, Hashable {
  public let name: String
  /// A message on which view it is, and what is wrong.
  public let reason: String
}
