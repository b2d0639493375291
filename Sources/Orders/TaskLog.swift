import Diagnostics
import Faults
import Files
import Foundation
import Planning
import Store
import Synchronization

/// The log that one attempt at one share writes: objects of its own, so that no two processes ever share one, whatever a
/// scheduler starts twice. Records are appended; what counts is durable before `append` returns.
///
/// Where objects can grow, that is one file; after an error it is left as it is and the next record begins a new one: what
/// follows a torn record would never be read. Elsewhere each group of records that counts is an object of its own, which is
/// never written again, with a header and an end; what need not be durable is left out.
package final class TaskLog: Sendable {
  private struct State {
    var appender: (any ObjectAppender)?
    var number = 0
    var path = ""
  }

  package let header: LogHeader
  /// The folder of the share, which is made when the first record is written.
  private let folder: Place
  private let attempt: String
  private let state = Mutex(State())

  /// - Parameters:
  ///   - root: exists; all folders between it and `folder` are made.
  ///   - attempt: names this process's try, unlike any other.
  package init(folder: String, root: String, attempt: String, header: LogHeader) {
    (self.attempt, self.header) = (attempt, header)
    self.folder = Place(Place(folder).key, in: Place(root).forWriting.store)
  }

  /// - Parameter sync: whether the records are to survive a loss of power when this returns.
  package func append(_ records: [LogRecord], sync: Bool) throws(JobError) {
    try state.withLock { (state) throws(JobError) in
      do throws(StorageError) {
        if folder.store.abilities.contains(.appends) {
          try grow(&state, by: records, sync: sync)
        } else if sync {
          try put(records, &state)
        }
      } catch {
        // also one that was opened and not begun: a log without a header is never read
        state.appender = nil
        throw failure(error)
      }
    }
  }

  private func grow(_ state: inout State, by records: [LogRecord], sync: Bool) throws(StorageError) {
    var bytes: [UInt8] = []
    if state.appender == nil {
      repeat { state.appender = try folder.store.appender(nextName(&state).key) } while state.appender == nil
      try reach(.logOpened, state.path)
      bytes += LogRecord.magic + LogRecord.header(header).bytes
    }
    for record in records { bytes += record.bytes }
    try state.appender?.append(bytes)
    try reach(.logWritten, state.path)
    guard sync else { return }
    try state.appender?.sync()
    try reach(.logSynced, state.path)
  }

  private func put(_ records: [LogRecord], _ state: inout State) throws(StorageError) {
    var bytes = LogRecord.magic + LogRecord.header(header).bytes
    for record in records { bytes += record.bytes }
    if case .ended? = records.last {} else { bytes += LogRecord.ended(at: Date(), outcome: "continued").bytes }
    while try nextName(&state).put(bytes, if: .absent) == nil {}
    try reach(.logSynced, state.path)
  }

  private func nextName(_ state: inout State) -> Place {
    let place = folder / "\(attempt)-\(state.number).log"
    state.number += 1
    state.path = place.address
    return place
  }

  private func reach(_ point: FaultPoint, _ path: String) throws(StorageError) {
    if let number = Faults.reach(point) { throw .io(step: .write, path: path, errno: number) }
  }

  private func failure(_ error: StorageError) -> JobError {
    .order(
      "cannot write the log \(error.path)", error, hint: "check the folder and its permissions; the same command continues where it stopped"
    )
  }
}
