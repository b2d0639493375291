import Foundation

/// Names come from files, metadata and users, and may hold what a terminal obeys: colours, moves of the cursor, commands; or
/// what changes the order in which a line is read.
extension String {
  /// The same with every such character written as its number, `\u001b`: nothing is obeyed, and nothing is hidden. A line may
  /// end, and be set in by a tab. JSON stays JSON, with the same values.
  public var printable: String {
    if !utf8.contains(where: Self.mayBeginCommand) { return self }
    var text = ""
    text.unicodeScalars.reserveCapacity(unicodeScalars.count)
    for scalar in unicodeScalars {
      if Self.isCommand(scalar) {
        let number = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - number.utf8.count) + number
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  /// The same for a text of one line: the end of a line and a tab in it come from a name, and are written as their numbers,
  /// so that no name looks like a line of its own. The items of a list have their lines, `\n  - `.
  public var printableLine: String {
    let text = printable
    guard text.utf8.contains(where: { $0 == 0x0A || $0 == 0x09 }) else { return text }
    return text.components(separatedBy: Self.item).map { part in
      part.replacingOccurrences(of: "\n", with: "\\u000a").replacingOccurrences(of: "\t", with: "\\u0009")
    }.joined(separator: Self.item)
  }

  private static let item = "\n  - "

  /// The first byte of such a character, or of one of many others.
  private static func mayBeginCommand(_ byte: UInt8) -> Bool {
    (byte < 0x20 && byte != 0x0A && byte != 0x09) || byte == 0x7F || byte == 0xC2 || byte == 0xE2
  }

  private static func isCommand(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A: false
    // control characters of ASCII and Latin-1
    case 0..<0x20, 0x7F..<0xA0: true
    // ends of lines and paragraphs, and what turns the order of a text
    case 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
