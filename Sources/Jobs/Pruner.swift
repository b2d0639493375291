import JobStore
import Output

/// Finds jobs whose outputs are gone, and forgets them.
package struct Pruner {
  package struct Finding: Sendable {
    package let job: JobRecord
    /// What is known of its output.
    package let why: String
  }

  private let store: JobStore

  package init(store: JobStore) { self.store = store }

  /// Jobs that can be forgotten, and those whose outputs are not where they should be and that are kept all the same.
  package func look() throws -> (gone: [Finding], kept: [Finding]) {
    let jobs = try store.jobs()
    var (gone, kept): ([Finding], [Finding]) = ([], [])
    for job in jobs {
      switch try standing(of: job, among: jobs) {
      case .there: continue
      case .kept(let why): kept.append(Finding(job: job, why: why))
      case .gone(let why):
        if let inUse = try use(of: job) {
          kept.append(Finding(job: job, why: "\(why), but \(inUse)"))
        } else {
          gone.append(Finding(job: job, why: why))
        }
      }
    }
    return (gone, kept)
  }

  /// Forgets a job, unless its output is there again; false then.
  package func forget(_ finding: Finding) throws -> Bool {
    let jobs = try store.jobs()
    do {
      try store.delete(finding.job.id) {
        guard case .gone = try standing(of: finding.job, among: jobs) else { throw StillThere() }
      }
      return true
    } catch is StillThere {
      return false
    }
  }

  private struct StillThere: Error {}

  private enum Standing {
    case there
    case gone(String)
    case kept(String)
  }

  /// Asks the disk alone.
  private func standing(of job: JobRecord, among jobs: [JobRecord]) throws -> Standing {
    let output = try LoadedJob(job).output
    switch OutputAbsence(of: output.path) {
    case .there:
      guard let later = jobs.last(where: { $0.replacesOutput(of: job) }), try output.foreignness() != nil else { return .there }
      return gone(job, output, "its output was replaced by that of job \(later.id)")
    case .gone(inEmptyFolder: true):
      return .kept("its folder is empty, as a place is where no disk is mounted: `blockfuse remove \(job.id)` forgets it all the same")
    case .gone(inEmptyFolder: false): return gone(job, output, "its output is gone")
    case .unknown(let why): return .kept("nobody can say whether its output is gone: \(why)")
    }
  }

  /// Unless something of it lies beside its place, which nobody would find without the record.
  private func gone(_ job: JobRecord, _ output: OutputFolder, _ why: String) -> Standing {
    if OutputRemoval(of: output)?.isBegun == true {
      return .kept("its output is half removed: `blockfuse remove \(job.id) --output` ends that")
    }
    if let old = placement(ofOutput: output.path, uuid: job.description.uuid).keptAside {
      return .kept("\(why), but what it had replaced is still at \(old): `blockfuse remove \(job.id)` deletes that, and forgets the job")
    }
    return .gone(why)
  }

  /// Who may be working on it.
  private func use(of job: JobRecord) throws -> String? {
    if let holder = try store.holders(of: job.id).first { return "\(holder) runs it" }
    return try store.openOrder(of: job.id).map { "tasks of the work order \($0.path) may be at work" }
  }
}
