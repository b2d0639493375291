import Foundation

/// Seeds that are worth keeping: of each area, the first that led to each answer. A line a seed: area, seed, and the answer
/// with what differs from case to case left out.
struct Corpus {
  private let path: String
  private let area: String
  private var answers: Set<String>
  /// Answers that quote their input are of any number.
  private static let answersPerArea = 300

  init(path: String, area: String) {
    (self.path, self.area) = (path, area)
    answers = Set(Self.lines(path, area: area).compactMap { $0.count > 2 ? String($0[2]) : nil })
  }

  /// The seeds of an area, in rising order.
  static func seeds(_ path: String, area: String) -> [UInt64] {
    lines(path, area: area).compactMap { $0.count > 1 ? UInt64($0[1]) : nil }.sorted()
  }

  /// Notes a case that ended, with its error where it had one.
  mutating func note(_ seed: UInt64, _ error: (any Error)?) throws {
    let answer = error.map { Self.shape(of: "\($0)") } ?? "fine"
    guard answers.count < Self.answersPerArea, answers.insert(answer).inserted else { return }
    let fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    guard fd >= 0 else { throw CocoaError(.fileWriteUnknown) }
    defer { close(fd) }
    let line = Array("\(area) \(seed) \(answer)\n".utf8)
    _ = line.withUnsafeBytes { Foundation.write(fd, $0.baseAddress, $0.count) }
  }

  private static func lines(_ path: String, area: String) -> [[Substring]] {
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 2) }.filter { $0.first == area[...] }
  }

  /// The words of a message, without quotations, numbers and paths.
  private static func shape(of message: String) -> String {
    let plain = message.replacingOccurrences(of: #""[^"]*""#, with: "", options: .regularExpression)
    let words = plain.split { $0 == " " || $0 == "\n" }.filter { word in
      !word.contains("/") && word.contains { $0.isLetter } && word.allSatisfy { $0.isASCII && !$0.isNumber }
    }
    return words.prefix(12).joined(separator: " ")
  }
}
