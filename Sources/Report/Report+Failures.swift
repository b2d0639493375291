import Diagnostics
import Engine
import Geometry
import JobStore
import Planning

extension Report {
  /// Messages that are shown, and blocks that are named for each.
  private static let messageLimit = 30
  private static let blockLimit = 6

  /// What went wrong, with what to do about it. Blocks that failed for one reason are one row.
  func failures() -> HTML? {
    let total = content.failureCounts.reduce(0) { $0 + $1.count }
    if total == 0 { return nil }
    let groups: [HTML] = content.failureCounts.map { code, count in
      "<li><strong>\(count.grouped)</strong> × <code>\(code)</code>: \(FailureCode(rawValue: code)?.hintForBlocks ?? FailureCode.hintForUnknownBlocks)</li>"
    }
    var reasons: [(message: String, failures: [BlockFailure])] = []
    var places: [String: Int] = [:]
    for failure in content.failures {
      if let place = places[failure.message] {
        reasons[place].failures.append(failure)
      } else {
        places[failure.message] = reasons.count
        reasons.append((failure.message, [failure]))
      }
    }
    let shown = reasons.prefix(Self.messageLimit)
    let rows: [HTML] = shown.map { message, failures in
      let last = failures.map(\.at).max().map(momentText)
      return """
        <tr><td class="message">\(message)</td><td>\(failures.count.grouped)</td><td class="list">\(names(failures))</td>\
        <td>\(last)</td></tr>
        """
    }
    let rest = total - shown.reduce(0) { $0 + $1.failures.count }
    let more: HTML? =
      rest > 0
      ? "<p>\(rest.grouped) more: <code>blockfuse blocks \(content.job.id) --state failed</code></p>" : nil
    return """
      <section><h2>Failures</h2><ul class="failures">\(groups)</ul>
      <p>Once the cause is removed, <code>blockfuse retry \(content.job.id)</code> and then <code>blockfuse run \(content.job.id)</code> \
      try these blocks again. If an image was restored or replaced, add <code>--view NAME</code> to the first.</p>
      <div class="wide"><table><thead><tr><th>why</th><th>blocks</th><th>level: position</th><th>last</th></tr></thead>\
      <tbody>\(rows)</tbody></table></div>\(more)</section>
      """
  }

  /// A name is never broken: `0: 0,0,0,2,8 · 0: 0,0,0,2,9 · and 3 more`.
  private func names(_ failures: [BlockFailure]) -> String {
    var names = failures.prefix(Self.blockLimit).map { failure in
      let position = failure.block.position.values(is3D: content.plan.is3D)
      return "\(failure.block.level):\u{a0}\(position.map(String.init).joined(separator: ","))"
    }
    if failures.count > names.count { names.append("and \((failures.count - names.count).grouped) more") }
    return names.joined(separator: " · ")
  }
}
