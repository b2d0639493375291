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
