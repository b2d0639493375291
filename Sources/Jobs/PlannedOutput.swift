import Diagnostics
import Files
import JobStore
import Output
import Planning
import Store
import Views

/// What submit would say of the place of an output, and how much room there is: looked at, never refused.
package struct PlannedOutput: Sendable {
  package let path: String
  package let exists: Bool
  /// Why submit would refuse the place, and what to do.
  package let problem: (what: String, hint: String)?
  /// Of the disk; nil where nobody says.
  package let freeByteCount: Int?

  /// - Parameter store: the job database, where there is one.
  package init(
    _ address: String, options: JobOptions, dataset: Dataset, result: Planner.Result, databasePath: String, store: JobStore?
  ) throws {
    var resolver = PathResolver()
    path = resolver.resolve(address: address)
    let place = Place(path)
    exists = place.isThere
    freeByteCount = place.filePath.flatMap { FileStatus.freeByteCount(at: $0) }
    let rules = OutputRules(path: path)
    do {
      if let store { try rules.check(against: store) }
      try rules.check(overwrite: options.overwrite)
      try rules.check(against: result.views)
      if let folder = dataset.listedFolder { try rules.check(beside: resolver.resolve(address: folder)) }
      try rules.check(againstDatabase: resolver.resolve(databasePath))
      problem = nil
    } catch let error as any Failure {
      problem = (error.description, error.hint)
    }
  }

  /// What is worth a word: a place that is refused, and too little room for so many bytes.
  package func notes(neededByteCount: Int) -> [String] {
    var notes: [String] = []
    if let problem { notes.append("submit would refuse this: \(problem.what); \(problem.hint)") }
    if let free = freeByteCount, free < neededByteCount {
      notes.append(
        "the disk of \(path) has \(byteText(free)) free; the output takes up to \(byteText(neededByteCount)) before compression")
    }
    return notes
  }
}
