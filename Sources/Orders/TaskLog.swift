import CSystem
import Diagnostics
import Faults
import Files
import Foundation
import Planning
import Synchronization
import Zarr

/// The log that one attempt at one share writes: files of its own, so that no two processes ever share one, whatever a
/// scheduler starts twice. Records are appended; what counts is synced before `append` returns.
///
/// After an error the file is left as it is and the next record begins a new one: what follows a torn record would never
/// be read.
package final class TaskLog: Sendable {
  private struct State {
    var descriptor: Int32 = -1
    var number = 0
    var path = ""
  }

  package let header: LogHeader
  /// Of the share; made when the first record is written.
  private let folder: String
  private let folders: FolderMaker
  private let attempt: String
  private let state = Mutex(State())

  /// - Parameters:
  ///   - root: exists; all folders between it and `folder` are made.
  ///   - attempt: names this process's try, unlike any other.
  package init(folder: String, root: String, attempt: String, header: LogHeader) {
    (self.folder, self.attempt, self.header) = (folder, attempt, header)
    folders = FolderMaker(root: root)
  }

  deinit {
    let open = state.withLock { $0.descriptor }
    if open >= 0 { close(open) }
  }

  /// - Parameter sync: whether the records are to survive a loss of power when this returns.
  package func append(_ records: [LogRecord], sync: Bool) throws(JobError) {
    try state.withLock { (state) throws(JobError) in
      var bytes: [UInt8] = []
      do throws(JobError) {
        if state.descriptor < 0 {
          try open(&state)
          bytes += LogRecord.magic + LogRecord.header(header).bytes
        }
        for record in records { bytes += record.bytes }
        try write(bytes, state)
        try reach(.logWritten, state.path)
        guard sync else { return }
        let number = csystem_sync(state.descriptor)
        if number != 0 { throw failure(number, state.path) }
        try reach(.logSynced, state.path)
      } catch {
        // also one that was opened and not begun: a log without a header is never read
        if state.descriptor >= 0 { close(state.descriptor) }
        state.descriptor = -1
        throw error
      }
    }
  }

  private func open(_ state: inout State) throws(JobError) {
    do throws(StorageError) { try folders.ensureParent(of: "\(folder)/log") } catch { throw failure(error) }
    while true {
      state.path = "\(folder)/\(attempt)-\(state.number).log"
      state.number += 1
      state.descriptor = Foundation.open(state.path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o666)
      if state.descriptor >= 0 { break }
      guard errno == EEXIST else { throw failure(errno, state.path) }
    }
    do throws(StorageError) {
      for unsynced in folders.takeUnsynced([state.path]) { try folders.sync(unsynced) }
    } catch {
      throw failure(error)
    }
    try reach(.logOpened, state.path)
  }

  private func reach(_ point: FaultPoint, _ path: String) throws(JobError) {
    if let number = Faults.reach(point) { throw failure(number, path) }
  }

  private func write(_ bytes: [UInt8], _ state: borrowing State) throws(JobError) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { Foundation.write(state.descriptor, $0.baseAddress.map { $0 + done }, $0.count - done) }
      if count < 0 {
        if errno == EINTR { continue }
        throw failure(errno, state.path)
      }
      done += count
    }
  }

  private func failure(_ error: StorageError) -> JobError {
    guard let number = error.systemNumber else { return .output("\(error)", hint: error.hint) }
    return failure(number, error.path)
  }

  private func failure(_ number: Int32, _ path: String) -> JobError {
    if ErrnoMeaning(number).isDiskFull { return .diskFull(path: path) }
    return .output(
      "cannot write the log \(path): \(systemWords(number))",
      hint: "check the folder and its permissions; the same command goes on where it stopped")
  }
}
