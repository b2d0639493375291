import Diagnostics

/// A text that is not valid JSON, and the place in it at which that shows.
public struct JSONError: Failure, Equatable, Sendable {
  public let byteOffset: Int
  /// As editors count: from 1, a column a character.
  public let line: Int
  public let column: Int
  public let reason: String

  /// - Parameter text: the bytes of the whole text, up to the place at least.
  public init(byteOffset: Int, in text: some Collection<UInt8>, reason: String) {
    (self.byteOffset, self.reason) = (byteOffset, reason)
    var (line, column) = (1, 1)
    // a mark of the byte order is no column
    let mark = text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    for byte in text.prefix(byteOffset).dropFirst(mark) {
      if byte == UInt8(ascii: "\n") {
        (line, column) = (line + 1, 1)
      } else if byte & 0xC0 != 0x80, byte != UInt8(ascii: "\r") {
        // a character of several bytes is one column
        column += 1
      }
    }
    (self.line, self.column) = (line, column)
  }

  public var code: FailureCode { .jsonInvalid }
  public var hint: String { "the metadata were altered or written wrongly; restore or rewrite them" }
  public var description: String { "not valid JSON in line \(line), column \(column): \(reason)" }
}
