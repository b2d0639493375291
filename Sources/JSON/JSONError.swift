import Diagnostics

/// A text that is not valid JSON.
public struct JSONError: Failure, Equatable, Sendable {
  public let byteOffset: Int
  public let reason: String

  public init(byteOffset: Int, reason: String) {
    (self.byteOffset, self.reason) = (byteOffset, reason)
  }

  public var code: FailureCode { .jsonInvalid }
  public var hint: String { "the metadata were altered or written wrongly; restore or rewrite them" }
  public var description: String { "not valid JSON at byte \(byteOffset): \(reason)" }
}
