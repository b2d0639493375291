import Diagnostics
import Foundation
import Geometry
import JobStore
import Jobs
import Planning

extension Report {
  /// What the job is, and how far.
  func summary() -> HTML {
    let (progress, job) = (content.progress, content.job)
    let counts = progress.counts
    let d = job.description
    var facts: [(String, HTML)] = [
      ("done", "\(counts.done.grouped)"), ("empty", "\(counts.empty.grouped)"), ("pending", "\(counts.pending.grouped)"),
    ]
    if counts.running > 0 { facts.append(("running", "\(counts.running.grouped)")) }
    if counts.failed > 0 { facts.append(("failed", "<strong class=\"bad\">\(counts.failed.grouped)</strong>")) }
    if let tasks = progress.tasks { facts.append((tasks.atWork == 1 ? "task at work" : "tasks at work", "\(tasks.atWork.grouped)")) }
    if let rate = progress.voxelsPerSecond { facts.append(("rate", "\(rateText(rate))")) }
    if let left = progress.secondsLeft { facts.append(("left, about", "\(durationText(left))")) }
    if !progress.runs.isEmpty { facts.append(("worked", "\(durationText(progress.workedSeconds))")) }
    let written = progress.runs.reduce(0) { $0 + $1.progress.bytes }
    if written > 0 { facts.append(("written", "\(byteText(written))")) }
    let items: [HTML] = facts.map { "<div><dt>\($0.0)</dt><dd>\($0.1)</dd></div>" }
    let percent = percentText(counts.settled, of: counts.total)
    return """
      <header>
      <p class="kicker">blockfuse · job \(job.id)</p>
      <h1>\(content.title) <span class="state \(job.state.rawValue)">\(job.state.rawValue)</span></h1>
      <p class="paths"><span>\(d.datasetPath)</span> → <span>\(d.outputPath)</span></p>
      \(content.outputProblem.map { "<p class=\"warning\">\($0)</p>" as HTML })
      <div class="progress" role="img" aria-label="\(percent) of \(counted(counts.total, "block")) finished">
      \(progressBar(counts))</div>
      <p class="share"><strong>\(percent)</strong> of \(counted(counts.total, "block is", "blocks are")) done, or empty (background only, no file)</p>
      <dl class="facts">\(items)</dl>
      \(progress.tasks.map { "<p class=\"logs\">\(logs($0))</p>" as HTML })
      <div class="wide">\(levelTable())</div>
      </header>
      """
  }

  /// How far the logs of a work order's tasks are in what is shown.
  private func logs(_ tasks: TaskWork) -> HTML {
    let logs: HTML =
      tasks.grownLogs == 0
      ? "A work order is out; its tasks have logged nothing that is not recorded yet"
      : "A work order is out; the numbers here include what \(counted(tasks.grownLogs, "log says", "logs say")) beyond the record"
    guard let asOf = tasks.asOf else {
      return "\(logs). The logs of \(tasks.readFolders.grouped) of \(counted(tasks.folders, "share")) were read so far."
    }
    return """
      \(logs), as of \(momentText(asOf)). Pictures, maps and failures show what the last \
      <code>blockfuse collect \(content.job.id)</code> recorded.
      """
  }

  private func progressBar(_ counts: BlockCounts) -> HTML {
    let parts = [("done", counts.done), ("empty", counts.empty), ("failed", counts.failed), ("running", counts.running)]
    let total = Double(max(1, counts.total))
    return """
      \(parts.filter { $0.1 > 0 }.map { name, count in
        "<i class=\"\(name)\" style=\"width:\(coordinate(100 * Double(count) / total))%\"></i>"
      } as [HTML])
      """
  }

  private func levelTable() -> HTML {
    let is3D = content.plan.is3D
    func size(_ v: TCZYX) -> String {
      v.spaceValues(is3D: is3D).map(\.grouped).joined(separator: " × ")
    }
    // states that no block is in are not worth a column
    let all = content.progress.counts
    let states: [(name: String, count: (BlockCounts) -> Int)] = [
      ("done", { $0.done }), ("empty", { $0.empty }), ("failed", { $0.failed }), ("running", { $0.running }),
      ("pending", { $0.pending }),
    ].filter { $0.1(all) > 0 }
    let rows: [HTML] = content.progress.levels.map { level in
      let (c, shape) = (level.counts, level.layout.shape)
      let leading = shape.t * shape.c > 1 ? "\(shape.t) t × \(shape.c) c × " : ""
      let cells: [HTML] = states.map { state in
        let count = state.count(c)
        return state.name == "failed" && count > 0
          ? "<td><strong class=\"bad\">\(count.grouped)</strong></td>" : "<td>\(count.grouped)</td>"
      }
      return """
        <tr><th scope="row">\(level.layout.level)</th><td>\(percentText(c.settled, of: c.total))</td>\
        <td>\(c.total.grouped)</td>\(cells)<td>\(leading)\(size(shape))</td><td>\(size(level.layout.grid.block))</td></tr>
        """
    }
    return """
      <table class="levels"><thead><tr><th>level</th><th>finished</th><th>blocks</th>\
      \(states.map { "<th>\($0.name)</th>" } as [HTML])<th>voxels (\(content.axes.map(\.rawValue).joined(separator: " × ")))</th>\
      <th>voxels of a block</th></tr></thead><tbody>\(rows)</tbody></table>
      """
  }
}
