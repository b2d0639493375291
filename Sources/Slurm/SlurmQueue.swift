import Diagnostics
import Foundation
import Planning
import Synchronization
import Threads

/// Slurm as this program uses it: `sbatch`, `squeue`, `scancel` and `scontrol`, run as a user would run them.
package struct SlurmQueue: Sendable {
  /// One task of an array that waits or runs, or the whole of a job that is no array.
  package struct Task: Hashable, Sendable {
    /// The array's number.
    let id: String
    let index: Int?
    let name: String
    let isRunning: Bool
    /// Waits for what will never come, until somebody lends a hand.
    let isStuck: Bool

    package init(id: String, index: Int?, name: String, isRunning: Bool, isStuck: Bool) {
      (self.id, self.index, self.name, self.isRunning, self.isStuck) = (id, index, name, isRunning, isStuck)
    }
  }

  /// This user's tasks whose job has a name that begins with one of these.
  func tasks(named prefixes: [String]) throws(JobError) -> [Task] {
    if prefixes.isEmpty { return [] }
    let text = try call("squeue", ["-h", "-r", "-u", String(getuid()), "-o", "%F|%K|%T|%r|%j"])
    return text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: "|", maxSplits: 4, omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 5, prefixes.contains(where: fields[4].hasPrefix) else { return nil }
      let isStuck =
        fields[3] == "DependencyNeverSatisfied" || fields[3].hasSuffix("requeued held")
        || ["REQUEUE_HOLD", "SPECIAL_EXIT"].contains(fields[2])
      return Task(
        id: fields[0], index: Int(fields[1]), name: fields[4],
        isRunning: !["PENDING", "REQUEUE_HOLD", "SPECIAL_EXIT"].contains(fields[2]), isStuck: isStuck)
    }
  }

  /// The largest index that an array may have.
  func largestIndex() throws(JobError) -> Int {
    let text = try call("scontrol", ["show", "config"])
    for line in text.split(separator: "\n") where line.hasPrefix("MaxArraySize") {
      if let size = line.split(separator: "=").last.flatMap({ Int($0.trimmingCharacters(in: .whitespaces)) }), size > 1 {
        return size - 1
      }
    }
    return 1000
  }

  /// Returns the job's number.
  func submit(_ arguments: [String], script: String) throws(JobError) -> String {
    let text = try call("sbatch", arguments, input: script)
    // with several clusters: the number, then the cluster
    let id = text.split(whereSeparator: { $0 == ";" || $0.isNewline }).first.map(String.init) ?? ""
    guard Int(id) != nil else { throw .unexpected("sbatch answered \"\(text)\" in place of a job's number") }
    return id
  }

  func cancel(_ ids: [String]) throws(JobError) {
    if !ids.isEmpty { _ = try call("scancel", ids) }
  }

  /// Only what has not begun.
  func cancelWaiting(_ ids: [String]) throws(JobError) {
    if !ids.isEmpty { _ = try call("scancel", ["--state=PENDING"] + ids) }
  }

  private func call(_ name: String, _ arguments: [String], input: String = "") throws(JobError) -> String {
    do {
      return try Self.run(name, arguments, input: input)
    } catch let error as JobError {
      throw error
    } catch {
      throw .invalid(what: "cannot run \(name): \(errorWords(error))", hint: "is this a host from which Slurm jobs are submitted?")
    }
  }

  private static func run(_ name: String, _ arguments: [String], input: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [name] + arguments
    // what people have squeue and scancel leave out by default would be taken for gone
    process.environment = ProcessInfo.processInfo.environment.filter { variable, _ in
      !["SQUEUE_", "SCANCEL_"].contains(where: variable.hasPrefix)
    }
    let (from, to, errors) = (Pipe(), Pipe(), Pipe())
    (process.standardInput, process.standardOutput, process.standardError) = (from, to, errors)
    let said = Mutex(Data())
    try process.run()
    // beside the output: who fills one of the two waits until it is read
    let reader = try ThreadGroup(name: "blockfuse-errors", count: 1) { _ in
      said.withLock { $0 = errors.fileHandleForReading.readDataToEndOfFile() }
    }
    // a script is shorter than what a pipe holds
    try? from.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try? from.fileHandleForWriting.close()
    let output = to.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      reader.join()
      let why = said.withLock { String(decoding: $0, as: UTF8.self) }.trimmingCharacters(in: .whitespacesAndNewlines)
      if process.terminationStatus == 127 {
        throw JobError.invalid(
          what: "there is no `\(name)` here",
          hint: "run this on a host from which Slurm jobs are submitted; docs/clusters.md has other schedulers")
      }
      throw JobError.invalid(
        what: "\(name) refused (exit status \(process.terminationStatus)): \(why)",
        hint: "see the options that were passed on; `--dry-run` shows the scripts")
    }
    return String(decoding: output, as: UTF8.self)
  }
}
