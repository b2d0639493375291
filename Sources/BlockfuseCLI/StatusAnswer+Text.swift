import Diagnostics
import Foundation
import Geometry
import JobStore
import Jobs
import Orders

/// A job's status for people: what it is, how far it is, what it does now, and a row for each level.
extension StatusAnswer {
  /// - Parameter width: columns of the terminal; nil: as wide as need be.
  func text(width: Int?) -> String {
    let d = job.description
    let counts = progress.counts
    var lines = [
      "job \(job.id)\(d.name.map { " (\($0))" } ?? "")  \(job.state.rawValue)",
      "  \(d.datasetPath) -> \(d.outputPath)",
    ]
    if let problem = outputProblem { lines.append("  WARNING: \(problem)") }
    lines.append("")
    var line = "  \(bar(progress.settledShare, width: 30))  \(percentText(counts.settled, of: counts.total))"
    line += "  \(counts.settled.grouped) of \(counted(counts.total, "block"))"
    if counts.failed > 0 { line += ", \(counts.failed.grouped) failed" }
    lines.append(line)
    lines += activity.map { "  " + $0 }
    lines = lines.map(\.printableLine)
    lines.append("")
    lines.append(levelTable(width: width))
    if let hint { lines += ["", hint] }
    return lines.joined(separator: "\n")
  }

  /// Who works on it, or did; how fast, and how long it will take.
  private var activity: [String] {
    let live = progress.runs.filter(\.isLive)
    var lines: [String] = []
    if !live.isEmpty {
      var line =
        live.count == 1
        ? "process \(live[0].worker.pid) on \(live[0].worker.host)"
        : "\(live.count) processes, the first \(live[0].worker.pid) on \(live[0].worker.host)"
      line += ", for \(durationText(live.map { progress.seconds(of: $0) }.max() ?? 0))"
      if let rate = progress.voxelsPerSecond { line += ", \(rateText(rate))" }
      if let left = progress.secondsLeft { line += ", about \(durationText(left)) left" }
      lines.append(line)
    } else if let last = progress.runs.last {
      let runs = progress.runs.count == 1 ? "one run" : counted(progress.runs.count, "run")
      lines.append("\(runs) so far, \(durationText(progress.workedSeconds)) in all; the last \(ending(of: last))")
    }
    if let refusal = progress.refusal, live.isEmpty, job.state != .complete,
      progress.runs.allSatisfy({ ($0.endedAt ?? $0.heartbeatAt) <= refusal.at })
    {
      lines.append("a run was refused \(ago(refusal.at)): \(refusal.message.split(separator: "\n").joined(separator: " "))")
    }
    if let order {
      lines.append("work order \(order.record.path)")
      let collected =
        order.record.collectedAt.map { at in
          "collected \(durationText(max(0, progress.readAt.timeIntervalSince(at)))) ago from \(counted(order.logs.count, "log")), "
            + counted(order.logs.endedCount, "of which has ended", "of which have ended")
        } ?? "not collected yet"
      lines.append("  \(collected)")
      if let tasks = progress.tasks { lines += texts(tasks).map { "  " + $0 } }
    }
    return lines
  }

  /// What logs say beyond the record.
  private func texts(_ tasks: TaskWork) -> [String] {
    var lines: [String] = []
    if tasks.atWork > 0 {
      var line = counted(tasks.atWork, "task is at work", "tasks are at work")
      if let rate = progress.voxelsPerSecond { line += ", \(rateText(rate))" }
      if let left = progress.secondsLeft { line += ", about \(durationText(left)) left" }
      lines.append(line)
    } else {
      lines.append("no task is at work")
    }
    if tasks.grownLogs > 0 {
      let ago = tasks.writtenAt.map { ", last written to \(durationText(max(0, progress.readAt.timeIntervalSince($0)))) ago" } ?? ""
      lines.append("counted with what \(counted(tasks.grownLogs, "log says", "logs say")) since\(ago)")
    } else {
      lines.append("nothing was logged since")
    }
    // also where nothing is wrong: what is shown is what logs said then
    if let asOf = tasks.asOf {
      if progress.readAt.timeIntervalSince(asOf) > 5 {
        lines.append("logs as of \(momentText(asOf)): reading all of them takes longer than a look")
      }
    } else {
      lines.append(
        "the logs of \(tasks.readFolders.grouped) of \(counted(tasks.folders, "share")) were read in this second; `--watch` reads on")
    }
    return lines
  }

  private func ending(of run: RunRecord) -> String {
    let date = run.outcome == .died ? run.heartbeatAt : run.endedAt ?? run.heartbeatAt
    let at = ago(date)
    return switch run.outcome {
    case .finished: "finished \(at)"
    case .interrupted: "was stopped \(at)"
    case .error(let message): "ended \(at) with an error: \(message)"
    case .died, nil: "died, last heard of \(at)"
    }
  }

  private func ago(_ date: Date) -> String {
    "\(durationText(max(0, progress.readAt.timeIntervalSince(date)))) ago (\(momentText(date)))"
  }

  private func levelTable(width: Int?) -> String {
    // states that no block is in are not worth a column
    let all = progress.counts
    let states: [(name: String, count: (BlockCounts) -> Int)] = [
      ("done", { $0.done }), ("empty", { $0.empty }), ("failed", { $0.failed }), ("running", { $0.running }),
      ("pending", { $0.pending }),
    ].filter { $0.1(all) > 0 }
    var rows = [["level", "finished", "blocks"] + states.map(\.name) + ["voxels", "block"]]
    func row(_ name: String, _ shape: String, _ block: String, _ c: BlockCounts) -> [String] {
      [name, percentText(c.settled, of: c.total), c.total.grouped] + states.map { $0.count(c).grouped } + [shape, block]
    }
    func size(_ v: TCZYX) -> String { v.spaceValues(is3D: is3D).map(String.init).joined(separator: " x ") }
    for level in levels {
      let shape = level.layout.shape
      let leading = shape.t * shape.c > 1 ? "\(shape.t) t x \(shape.c) c x " : ""
      rows.append(row(String(level.layout.level), leading + size(shape), size(level.layout.grid.block), level.counts))
    }
    rows.append(row("all", "", "", progress.counts))
    // without the shapes where there is no room for them
    let tables = [0, 1, 2].lazy.map { dropped in table(rows.map { Array($0.dropLast(dropped)) }) }
    func fits(_ table: String) -> Bool { table.split(separator: "\n").allSatisfy { $0.count <= width ?? .max } }
    return tables.first(where: fits) ?? tables[2]
  }

  /// What to do next, where there is anything to do.
  private var hint: String? {
    // a run would refuse, and the warning says what is to be done
    if outputProblem != nil, job.state != .failed { return nil }
    if order != nil, [.pending, .interrupted, .failed].contains(job.state) { return orderHint }
    return switch job.state {
    case .pending: "`blockfuse run \(job.id)` begins"
    case .interrupted: "`blockfuse run \(job.id)` continues from here"
    case .failed where outputProblem != nil: "`blockfuse blocks \(job.id) --state failed` says why blocks failed"
    case .failed:
      "`blockfuse blocks \(job.id) --state failed` says why; `blockfuse retry \(job.id)` sets them to pending"
    case .complete, .running, .creating: nil
    }
  }

  private var orderHint: String {
    if progress.counts.isSettled { return "all blocks are done: `blockfuse collect \(job.id)` records that, and completes the output" }
    return "`blockfuse collect \(job.id)` reads what tasks have done; where they stopped before the end, the same command, or "
      + "`blockfuse slurm \(job.id)`, starts what is missing"
  }
}

/// `[############......]`.
func bar(_ share: Double, width: Int) -> String {
  // full only where all is done
  let full = share >= 1 ? width : min(width - 1, Int(share * Double(width)))
  return "[" + String(repeating: "#", count: full) + String(repeating: ".", count: width - full) + "]"
}

/// Columns as wide as they need; numbers to the right. A row is a line, whatever names are in it.
func table(_ rows: [[String]]) -> String {
  let rows = rows.map { $0.map(\.printableLine) }
  let widths = (0..<(rows.first?.count ?? 0)).map { column in rows.map { $0[column].count }.max() ?? 0 }
  return rows.map { row in
    zip(row, widths).enumerated().map { column, cell in
      let padding = String(repeating: " ", count: cell.1 - cell.0.count)
      let isNumber = rows.dropFirst().allSatisfy { $0[column].isEmpty || $0[column].first?.isNumber == true || $0[column].hasPrefix("< ") }
      return isNumber ? padding + cell.0 : (column == row.count - 1 ? cell.0 : cell.0 + padding)
    }.joined(separator: "  ").replacing(/[ ]+$/, with: "")
  }.joined(separator: "\n")
}
