import Geometry
import JobStore
import Jobs

extension Report {
  /// What went wrong, with what to do about it.
  func failures() -> HTML? {
    let total = content.failureCounts.reduce(0) { $0 + $1.count }
    if total == 0 { return nil }
    let groups: [HTML] = content.failureCounts.map { code, count in
      "<li><strong>\(count.grouped)</strong> × <code>\(code)</code>: \(failureHint(code))</li>"
    }
    let rows: [HTML] = content.failures.map { failure in
      let p = failure.block.position
      let position = content.plan.is3D ? p.array : [p.t, p.c, p.y, p.x]
      return """
        <tr><td>\(failure.block.level)</td><td>\(position.map(String.init).joined(separator: ","))</td>\
        <td class="message">\(failure.message)</td><td>\(failure.attempts)</td><td>\(timeText(failure.at))</td></tr>
        """
    }
    let rest = total - rows.count
    let more: HTML? = rest > 0
      ? "<p>\(rest.grouped) more: <code>blockfuse blocks \(content.job.id) --state failed</code></p>" : nil
    return """
      <section><h2>Failures</h2><ul class="failures">\(groups)</ul>
      <p>When it is mended, <code>blockfuse retry \(content.job.id)</code> and <code>blockfuse run \(content.job.id)</code> \
      try them again.</p>
      <div class="wide"><table><thead><tr><th>level</th><th>block</th><th>why</th><th>times</th><th>last</th></tr></thead>\
      <tbody>\(rows)</tbody></table></div>\(more)</section>
      """
  }
}
