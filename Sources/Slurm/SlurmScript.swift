import Foundation
import JobStore

/// What is handed to `sbatch`: the arguments and the script of one array, or of the end.
package struct SlurmScript {
  /// The tasks of an array: shares of level `level`, which is cut into `shareCount`; those of `indices`, which count from `offset`.
  package struct Array: Equatable {
    package let level: Int
    package let shareCount: Int
    package let offset: Int
    package let indices: IndexSet

    package init(level: Int, shareCount: Int, offset: Int, indices: IndexSet) {
      (self.level, self.shareCount, self.offset, self.indices) = (level, shareCount, offset, indices)
    }
  }

  /// What of a submission is the same for all its jobs.
  package struct Setting {
    var program: String
    /// The order's folder.
    var order: String
    var orderUUID: String
    var job: Int
    var database: String
    var workers: Int?
    var memory: String?
    /// Tasks of an array that may run at the same time; nil: as many as there is room for.
    var atOnce: Int?
    /// A task's limit, as Slurm writes it.
    var time: String?
    /// For `sbatch`, as they were given.
    var options: [String]

    package init(
      program: String, order: String, orderUUID: String, job: Int, database: String, workers: Int? = nil,
      memory: String? = nil, atOnce: Int? = nil, time: String? = nil, options: [String] = []
    ) {
      (self.program, self.order, self.orderUUID, self.job, self.database) = (program, order, orderUUID, job, database)
      (self.workers, self.memory, self.atOnce, self.time, self.options) = (workers, memory, atOnce, time, options)
    }
  }

  /// Begins the names of all jobs of an order.
  package static func namePrefix(job: Int, orderUUID: String) -> String { "blockfuse-\(job)-\(orderUUID.prefix(8))-" }

  static func namePrefix(_ order: OrderRecord) -> String { namePrefix(job: order.job, orderUUID: order.uuid) }

  package let arguments: [String]
  package let text: String

  package init(_ array: Array, after ids: [String], _ setting: Setting) {
    let limit = setting.atOnce.map { "%\($0)" } ?? ""
    arguments = Self.arguments(
      setting, name: Self.name(array, setting), after: ids, log: "level-\(array.level)/%A_%a.out",
      [
        "--array=\(Self.list(array.indices))\(limit)",
        // to the batch shell, which is the program
        "--signal=B:TERM@\(Self.warningSeconds(limit: setting.time))", "--requeue",
      ])
    var words = ["work", quoted(setting.order), "--level", "\(array.level)", "--tasks", "\(array.shareCount)"]
    words += ["--task", array.offset == 0 ? "\"$SLURM_ARRAY_TASK_ID\"" : "\"$((SLURM_ARRAY_TASK_ID + \(array.offset)))\""]
    if let workers = setting.workers { words += ["--workers", "\(workers)"] }
    if let memory = setting.memory { words += ["--memory", quoted(memory)] }
    text = Self.script(setting, words)
  }

  /// The collecting end.
  package init(endAfter ids: [String], _ setting: Setting) {
    arguments = Self.arguments(
      setting, name: Self.endName(setting), after: ids, log: "collect-%j.out", ["--requeue"], isEnd: true)
    text = Self.script(
      setting, ["collect", "\(setting.job)", "--order", quoted(setting.order), "--db", quoted(setting.database)])
  }

  package static func name(_ array: Array, _ setting: Setting) -> String {
    namePrefix(job: setting.job, orderUUID: setting.orderUUID) + "level-\(array.level)-of-\(array.shareCount)-from-\(array.offset)"
  }

  package static func endName(_ setting: Setting) -> String {
    namePrefix(job: setting.job, orderUUID: setting.orderUUID) + "collect"
  }

  /// What the name of an array says: its level, into how many shares that is cut, and what its indices count from.
  package static func place(ofName name: String, prefix: String) -> (level: Int, shareCount: Int, offset: Int)? {
    guard name.hasPrefix(prefix + "level-") else { return nil }
    let words = name.dropFirst(prefix.count).split(separator: "-")
    guard words.count == 6, words[2] == "of", words[4] == "from", let level = Int(words[1]), let count = Int(words[3]),
      let offset = Int(words[5]), count > 0
    else { return nil }
    return (level, count, offset)
  }

  /// How long before its limit a task is asked to stop: long enough to write what it has in hand, and a small part of
  /// a short limit.
  package static func warningSeconds(limit: String?) -> Int {
    guard let limit, let seconds = length(of: limit) else { return 120 }
    return max(1, min(120, seconds / 10))
  }

  /// The seconds of a time as Slurm takes it: `minutes`, `minutes:seconds`, `hours:minutes:seconds`, `days-hours`,
  /// `days-hours:minutes` or `days-hours:minutes:seconds`.
  static func length(of limit: String) -> Int? {
    let parts = limit.split(separator: "-", omittingEmptySubsequences: false)
    let fields = (parts.last ?? "").split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count <= 2, fields.count <= 3, !fields.contains(nil) else { return nil }
    let numbers = fields.compactMap { $0 }
    func at(_ i: Int) -> Int { i < numbers.count ? numbers[i] : 0 }
    if parts.count == 2 {
      guard let days = Int(parts[0]) else { return nil }
      return ((days * 24 + at(0)) * 60 + at(1)) * 60 + at(2)
    }
    return numbers.count == 3 ? (at(0) * 60 + at(1)) * 60 + at(2) : at(0) * 60 + at(1)
  }

  /// `0-3,7`.
  package static func list(_ indices: IndexSet) -> String {
    indices.rangeView.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound - 1)" }
      .joined(separator: ",")
  }

  private static func arguments(
    _ setting: Setting, name: String, after ids: [String], log: String, _ own: [String], isEnd: Bool = false
  ) -> [String] {
    let folder = setting.order.replacingOccurrences(of: "%", with: "%%")
    var all = ["--parsable", "--job-name=\(name)", "--open-mode=append", "--output=\(folder)/slurm/\(log)"]
    // whatever became of the others: what can be done is done, what cannot be ends at once, and nothing waits for ever
    if !ids.isEmpty { all += ["--dependency=afterany:\(ids.joined(separator: ":"))", "--kill-on-invalid-dep=yes"] }
    // what the user gave comes last, and wins
    return all + own + (isEnd ? EndOptions(setting.options).words : setting.options)
  }

  /// The program takes the place of the shell, and so gets the signals that Slurm sends.
  private static func script(_ setting: Setting, _ words: [String]) -> String {
    "#!/bin/sh\nexec \(quoted(setting.program)) \(words.joined(separator: " "))\n"
  }
}

/// One word for a shell.
func quoted(_ word: String) -> String {
  let plain = word.utf8.allSatisfy { c in
    (48...57).contains(c) || (65...90).contains(c) || (97...122).contains(c) || "/._-+:=,@%".utf8.contains(c)
  }
  return plain && !word.isEmpty ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
}
