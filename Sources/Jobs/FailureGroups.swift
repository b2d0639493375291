import Diagnostics
import Foundation
import JobStore

/// Why blocks of a job failed, for people: blocks of one view and one cause are one line, the most frequent first.
package struct FailureGroups: Sendable {
  package struct Group: Sendable {
    /// Nil where no view is named.
    package let view: String?
    package let code: String
    /// The first message, without the view's name.
    package let message: String
    package fileprivate(set) var blockCount: Int
    /// Whether there were other messages, too.
    fileprivate(set) var hasOthers: Bool
  }

  private struct Key: Hashable {
    let view: String?
    let code: String
  }

  package let all: [Group]

  package init(of job: JobID, in store: JobStore) throws {
    var groups: [Key: Group] = [:]
    var order: [Key] = []
    try store.eachFailure(of: job) { code, message in
      let (view, rest) = Self.split(message)
      let key = Key(view: view, code: code)
      if groups[key] == nil {
        groups[key] = Group(view: view, code: code, message: rest, blockCount: 0, hasOthers: false)
        order.append(key)
      }
      groups[key]?.blockCount += 1
      if groups[key]?.message != rest { groups[key]?.hasOthers = true }
    }
    all = order.compactMap { groups[$0] }.enumerated()
      .sorted { ($1.element.blockCount, $0.offset) < ($0.element.blockCount, $1.offset) }.map(\.element)
  }

  /// The views that are named.
  package var views: [String] {
    var seen: Set<String> = []
    return all.compactMap(\.view).filter { seen.insert($0).inserted }
  }

  /// `3 blocks: view "tile_06": chunk damaged (…)`.
  package func lines(atMost limit: Int) -> [String] {
    all.prefix(limit).map { group in
      let cause = group.code.split(separator: "-").joined(separator: " ")
      let view = group.view.map { "view \"\($0)\": " } ?? ""
      return
        "\(counted(group.blockCount, "block")): \(view)\(cause) (\(group.message)\(group.hasOthers ? ", and others" : ""))"
    }
  }

  /// The name of the view that a message begins with, and what follows.
  private static func split(_ message: String) -> (view: String?, rest: String) {
    let mark = "view \""
    guard message.hasPrefix(mark), let end = message.range(of: "\": ") else { return (nil, message) }
    return (String(message[message.index(message.startIndex, offsetBy: mark.count)..<end.lowerBound]), String(message[end.upperBound...]))
  }
}
