import Files
import JobStore
import Orders
import Output
import Planning
import Store

/// Makes a copy of a job database the database, and the owner of the outputs of its jobs.
///
/// The database that was left behind finds outputs that are not its own any more. Tasks of work orders are told to stop: a
/// copy does not know which of them it had made.
package struct Restorer {
  private let note: (String) -> Void

  /// - Parameter note: told what is worth a word.
  package init(note: @escaping (String) -> Void) { self.note = note }

  /// Puts a copy in the place of the database at a path, which may be the copy itself.
  package func restore(_ file: String, to path: String) throws {
    let store = try JobStore.restore(file, to: path) { copy in
      // refused as long as anybody writes to one of its outputs, and taken only then
      try outputs(of: copy).map { job in
        _ = try OutputHold.excludeWriters(ofOutput: job.output.path)
        guard let owner = try OutputOwner.read(ofOutput: job.output.path), owner.job == job.record.description.uuid else { return 0 }
        return owner.generation
      }.max() ?? 0
    }
    for job in try outputs(of: store) {
      _ = try OutputHold.take(job.output, of: store.identity(), database: store.path, for: .takingOver, note: note)
      try withdrawOrders(of: job)
    }
    try store.close()
  }

  /// The jobs whose outputs are theirs and are where they were, with something noted beside them.
  private func outputs(of store: JobStore) throws -> [LoadedJob] {
    try store.jobs().compactMap { record in
      let job = try LoadedJob(record)
      let hasRecords = Place(OutputOwner.folder(ofOutput: job.output.path)).isFolder
      return try hasRecords && job.output.foreignness() == nil ? job : nil
    }
  }

  private func withdrawOrders(of job: LoadedJob) throws {
    for path in try WorkOrder.all(ofOutput: job.output.path) where WorkOrder.withdrawal(path) == nil {
      try WorkOrder.withdraw(path)
      note("the work order \(path) is withdrawn: its tasks stop, and `blockfuse order \(job.record.id)` makes a new one")
    }
  }
}
