import Diagnostics
import Foundation
import Geometry
import JobStore
import Orders
import Output
import Planning

/// What would be submitted, as a script for a shell that does the same.
extension SlurmJobs {
  /// Nothing is written anywhere. Where Slurm cannot be asked, nothing counts as submitted before.
  ///
  /// - Parameter here: the program as this host sees it.
  package func dryRun(_ selector: String?, _ request: Request, here: String) throws -> String {
    let record = try store.job(selector)
    guard record.state != .complete else { return "# job \(record.id) is complete: there is nothing to submit\n" }
    let orders = try store.orders(of: record.id)
    let all = (try? queue.tasks(named: orders.map(SlurmScript.namePrefix))) ?? []
    let known = try taskCount(request, orders, all)
    var notes = ["job \(record.id), \(record.description.outputPath)"]
    if orders.contains(where: \.isOpen) { notes.append("what is missing is known as of the last `blockfuse collect`") }
    let usable = try usableOrder(record) { notes.append($0) }
    let maker = OrderMaker(store: store, registry: registry)
    let output = record.description.outputPath
    let path = try usable?.path ?? "\(WorkOrder.folder(ofOutput: output))/order-\(maker.nextNumber(output, job: record.id))"
    let uuid = usable?.uuid ?? UUID().uuidString.lowercased()
    let prefix = SlurmScript.namePrefix(job: record.id, orderUUID: uuid)
    let active = all.filter { $0.name.hasPrefix(prefix) }
    let job = try LoadedJob(record)
    let levels = job.plan.levels
    let ordered = try usable.map { try WorkOrder(path: $0.path).store }
    let newCosts = usable == nil ? try maker.costs(of: job, job.views(in: store)) : []
    func costs(_ level: Int) throws -> [(brick: Int, costs: [UInt32])] {
      try ordered?.costs(level: level) ?? newCosts.filter { $0.level == level }.map { ($0.brick, $0.costs) }
    }
    let tasks = try known ?? proposed(request, levels[0], costs: costs(0))
    if known == nil { notes.append("--tasks is not given: \(counted(tasks, "task")), of about an hour each at most") }
    try check(active, prefix, levels, tasks, record.id)
    let missing = try MissingShares(levels: levels, job: record.id, record: store)
    let plan = try SlurmPlan(levels: levels, tasks: tasks, active: active, prefix: prefix) { layout, count in
      try missing.of(layout, count: count, costs: costs(layout.level))
    }
    if !plan.levels.isEmpty { notes.append(try expectation(request, plan, costs: costs).text) }
    var text = "#!/bin/sh\n" + notes.map(Self.comment).joined()
    let isDone = plan.levels.isEmpty && (plan.kept.isEmpty || Self.isEndWaiting(active))
    if isDone { return text + Self.comment("nothing more is missing that could be done") }
    text += """
      set -e
      # half a pyramid would only be in the way of the next try
      submitted=
      trap '[ $? = 0 ] || [ -z "$submitted" ] || scancel $submitted' EXIT

      """
    if usable == nil {
      text += "\n# the order; good for once\norder=$(\(quoted(here)) order \(record.id) --uuid \(uuid) --db \(quoted(store.path)))\n"
      text += "[ \"$order\" = \(quoted(path)) ] || { echo 'another order was made since this script: make it anew' >&2; exit 1; }\n"
    }
    let outdated = unique(all.filter { !$0.name.hasPrefix(prefix) }.map(\.id))
    if !outdated.isEmpty { text += "scancel \(outdated.joined(separator: " ")) || true\n" }
    if !plan.replaced.isEmpty { text += "scancel --state=PENDING \(plan.replaced.joined(separator: " "))\n" }
    let folders = ["\(path)/slurm"] + plan.levels.map { "\(path)/slurm/level-\($0.level)" }
    text += "mkdir -p \(folders.map(quoted).joined(separator: " "))\n"
    text += "echo \(tasks) > \(quoted(Self.taskCountFile(path)))\n"
    let setting = setting(request, order: path, uuid: uuid, job: record.id)
    plan.eachScript(setting, largestIndex: (try? queue.largestIndex()) ?? 1000) { script, array, _ in
      let variable = array.map { "level_\($0.level)_\($0.offset)" } ?? "the_end"
      let what = array.map { "level \($0.level): \($0.indices.count) of \(counted($0.shareCount, "task"))" } ?? "the end"
      text += "\n" + Self.comment(what) + Self.inShell(script, variable: variable)
      return "$" + variable
    }
    return text
  }

  private static func comment(_ words: String) -> String {
    "# \(words.split(whereSeparator: \.isNewline).joined(separator: " "))\n"
  }

  private static func inShell(_ script: SlurmScript, variable: String) -> String {
    // ids of jobs that are not there yet are variables
    let words = script.arguments.map { word in
      word.hasPrefix("--dependency=") ? "\"\(word)\"" : quoted(word)
    }
    // with several clusters: the number, then the cluster
    return "\(variable)=$(sbatch \(words.joined(separator: " ")) <<'END'\n\(script.text)END\n)\n"
      + "\(variable)=${\(variable)%%;*}\nsubmitted=\"$submitted $\(variable)\"\n"
  }
}
