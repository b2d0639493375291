import Foundation

/// What a job may be called: nothing that could be taken for a number, or that a terminal obeys.
enum JobName {
  /// What is wrong with a name, to follow the word that it is about; nil if nothing is.
  static func problem(_ name: String) -> String? {
    if name.isEmpty { return ": the name is empty" }
    if let mark = name.unicodeScalars.first(where: isControl) {
      return ": the name has a control character (U+\(String(format: "%04X", mark.value))); leave it out"
    }
    return Int(name) == nil ? nil : " \(name): a number would be mistaken for that of a job"
  }

  /// What a terminal obeys, or breaks a line at.
  private static func isControl(_ character: Unicode.Scalar) -> Bool {
    [.control, .lineSeparator, .paragraphSeparator].contains(character.properties.generalCategory)
  }
}
