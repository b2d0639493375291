import Foundation

/// What is to go wrong where, as the environment variable `BLOCKFUSE_FAULT` says. For tests only.
///
/// `trace` names each point on stderr as it is reached. Else a list, separated by commas, of `POINT=ACTION`,
/// `POINT=ACTION@3` (the third time only) or `POINT=ACTION@3+` (from the third time on), where an action is `kill`,
/// `wait:MILLISECONDS`, `hold:FILE` (waits as long as there is such a file), or the name of an error such as `ENOSPC`. Each
/// fault says on stderr that it was made. `patience:SECONDS` in the list makes a run wait no longer for what does not answer.
package struct FaultPlan: Sendable {
  package enum Action: Sendable, Equatable {
    case kill
    case wait(milliseconds: UInt32)
    case hold(file: String)
    case error(Int32)
  }

  package struct Fault: Sendable, Equatable {
    package var point: FaultPoint
    package var action: Action
    /// From 1.
    package var first: Int
    package var isLasting: Bool

    package init(point: FaultPoint, action: Action, first: Int = 1, isLasting: Bool = false) {
      (self.point, self.action, self.first, self.isLasting) = (point, action, first, isLasting)
    }

    package func applies(_ count: Int) -> Bool { isLasting ? count >= first : count == first }
  }

  package var isTracing = false
  package var faults: [Fault] = []
  package var patienceSeconds: Double?

  /// Nil where the text is not understood: a test that asks for what does not exist must not pass.
  package init?(_ text: String) {
    if text == "trace" {
      isTracing = true
      return
    }
    for part in text.split(separator: ",") {
      if part.hasPrefix("patience:") {
        guard let seconds = Double(part.dropFirst("patience:".count)), seconds >= 0 else { return nil }
        patienceSeconds = seconds
        continue
      }
      let sides = part.split(separator: "=", maxSplits: 1)
      guard sides.count == 2, let point = FaultPoint(rawValue: String(sides[0])) else { return nil }
      let words = sides[1].split(separator: "@", maxSplits: 1)
      guard let action = Self.action(words[0]) else { return nil }
      var fault = Fault(point: point, action: action)
      if words.count > 1 {
        fault.isLasting = words[1].hasSuffix("+")
        guard let first = Int(fault.isLasting ? words[1].dropLast() : words[1]), first > 0 else { return nil }
        fault.first = first
      }
      faults.append(fault)
    }
  }

  private static let errors: [Substring: Int32] = [
    "EACCES": EACCES, "EDQUOT": EDQUOT, "EIO": EIO, "EMFILE": EMFILE, "ENOENT": ENOENT, "ENOMEM": ENOMEM,
    "ENOSPC": ENOSPC, "EPERM": EPERM, "EROFS": EROFS, "ESTALE": ESTALE,
  ]

  private static func action(_ text: Substring) -> Action? {
    if text == "kill" { return .kill }
    if text.hasPrefix("wait:") { return UInt32(text.dropFirst(5)).map { .wait(milliseconds: $0) } }
    if text.hasPrefix("hold:/") { return .hold(file: String(text.dropFirst(5))) }
    return errors[text].map { .error($0) }
  }
}
