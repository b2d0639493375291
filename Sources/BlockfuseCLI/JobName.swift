import Foundation

/// What a job may be called: what people can see, tell from others and type again, and nothing that could be taken for a number
/// or that a terminal obeys.
enum JobName {
  private static let maximumCount = 100

  /// What is wrong with a name, to follow the word that it is about; nil if nothing is.
  static func problem(_ name: String) -> String? {
    let marks = name.unicodeScalars
    if marks.isEmpty { return ": the name is empty" }
    if let mark = marks.first(where: isControl) { return ": the name has a control character (\(number(mark))); leave it out" }
    if marks.allSatisfy(\.properties.isWhitespace) { return ": the name has nothing but blanks" }
    if let mark = marks.first(where: isHidden) { return ": the name has a character that is not seen (\(number(mark))); leave it out" }
    if let mark = marks.first(where: { $0 != " " && $0.properties.isWhitespace }) {
      return ": the name has a blank that is no plain one (\(number(mark))); use a plain one"
    }
    if name.hasPrefix(" ") || name.hasSuffix(" ") { return ": the name begins or ends with a blank; leave it out" }
    guard marks.count <= maximumCount else { return ": the name has \(marks.count) characters; at most \(maximumCount) may be" }
    guard Int(name) == nil, !marks.allSatisfy({ $0.properties.generalCategory == .decimalNumber }) else {
      return " \(name): a number would be mistaken for that of a job"
    }
    return nil
  }

  private static func number(_ mark: Unicode.Scalar) -> String { "U+\(String(format: "%04X", mark.value))" }

  /// What a terminal obeys, or breaks a line at.
  private static func isControl(_ character: Unicode.Scalar) -> Bool {
    [.control, .lineSeparator, .paragraphSeparator].contains(character.properties.generalCategory)
  }

  /// What takes no room, or turns the order of a text. What joins letters or chooses how one looks belongs to scripts.
  private static func isHidden(_ character: Unicode.Scalar) -> Bool {
    if ["\u{200C}", "\u{200D}", "\u{FE0E}", "\u{FE0F}"].contains(character) { return false }
    return character.properties.generalCategory == .format || character.properties.isDefaultIgnorableCodePoint
  }
}
