import Foundation
import Geometry
import JobStore
import Synchronization
import Zarr

/// The last part of a block's way: sync, rename, sync of the folders, record. Overlaps with making the next blocks.
///
/// Threads sync and rename files; one more collects what has its name, syncs each folder once for the whole group, and
/// records the group in one transaction. While it does, the next group gathers by itself. A block is recorded done only
/// after its bytes, its name and its folders are durable.
final class DurableStage: Sendable {
  private struct State {
    var toSync: [BlockTask] = []
    var syncing = 0
    var renamed: [(task: BlockTask, byteCount: Int?)] = []
    var others: [WorkResult] = []
    var recording = 0
    var isClosed = false
    var error: (any Error)?
  }

  private let monitor = Monitor(State())
  private let ledger: any BlockLedger
  private let folders: DirectoryMaker
  private let meter: RunMeter
  private let capacity: Int
  private let threads = Mutex<[ThreadGroup]>([])
  private let onFailure: @Sendable (any Error) -> Void

  /// - Parameters:
  ///   - capacity: files that may wait or be in work before `submit` waits.
  ///   - onFailure: called once when nothing more can be recorded (disk full, database gone).
  init(
    ledger: any BlockLedger, folders: DirectoryMaker, meter: RunMeter, syncThreads: Int, capacity: Int,
    onFailure: @escaping @Sendable (any Error) -> Void
  ) {
    (self.ledger, self.folders, self.meter, self.capacity) = (ledger, folders, meter, capacity)
    self.onFailure = onFailure
    let syncers = ThreadGroup(name: "blockfuse-sync", count: syncThreads) { [self] _ in syncFiles() }
    let committer = ThreadGroup(name: "blockfuse-record", count: 1) { [self] _ in recordGroups() }
    threads.withLock { $0 = [syncers, committer] }
  }

  /// Takes a complete block. Waits while too many are on their way.
  func submit(_ task: BlockTask) {
    monitor.wait { state -> Void? in
      guard state.toSync.count + state.syncing < capacity || state.error != nil else { return nil }
      state.toSync.append(task)
      return ()
    }
  }

  /// Takes the result of a block that has no file.
  func submit(_ result: WorkResult) {
    monitor.update { $0.others.append(result) }
  }

  /// Waits until all that was submitted is recorded, and ends the threads. Throws what kept it from being recorded.
  func close() throws {
    monitor.update { $0.isClosed = true }
    threads.withLock { $0 }.forEach { $0.join() }
    if let error = monitor.read({ $0.error }) { throw error }
  }

  private func syncFiles() {
    while true {
      let task: BlockTask? = monitor.wait { state -> BlockTask?? in
        if let task = state.toSync.first {
          state.toSync.removeFirst()
          state.syncing += 1
          return .some(task)
        }
        return state.isClosed ? .some(nil) : nil
      }
      guard let task else { return }
      if monitor.read({ $0.error != nil }) {
        task.discard()
        monitor.update { $0.syncing -= 1 }
        continue
      }
      do {
        let byteCount = try task.finish()
        monitor.update { state in
          state.renamed.append((task, byteCount))
          state.syncing -= 1
        }
      } catch {
        task.discard()
        let failure = WorkFailure(error)
        if failure.isDiskFull {
          stop(JobError.diskFull(path: task.path))
          monitor.update { $0.syncing -= 1 }
        } else {
          monitor.update { state in
            state.others.append(WorkResult(block: task.block, outcome: .failed(code: failure.code, message: failure.message)))
            state.syncing -= 1
          }
        }
      }
    }
  }

  private func recordGroups() {
    while true {
      let group: (renamed: [(task: BlockTask, byteCount: Int?)], others: [WorkResult])? = monitor.wait { state in
        if state.renamed.isEmpty && state.others.isEmpty {
          guard state.isClosed && state.toSync.isEmpty && state.syncing == 0 else { return nil }
          return .some(nil)
        }
        defer { (state.renamed, state.others) = ([], []) }
        return .some((state.renamed, state.others))
      }
      guard let group else { return }
      guard monitor.read({ $0.error == nil }) else { continue }
      do {
        try syncFolders(of: group.renamed.filter { $0.byteCount != nil }.map { $0.task.path })
        let done = group.renamed.map {
          WorkResult(block: $0.task.block, outcome: $0.byteCount.map { .done(byteCount: $0) } ?? .empty)
        }
        let counts = try ledger.record(done + group.others)
        meter.recorded(done + group.others, lost: counts.lost)
      } catch {
        let failure = WorkFailure(error)
        stop(failure.isDiskFull ? JobError.diskFull(path: folders.root) : error)
      }
    }
  }

  private func syncFolders(of paths: [String]) throws {
    guard !paths.isEmpty else { return }
    for folder in folders.takeUnsynced(paths) { try folders.sync(folder) }
  }

  /// Ends recording: nothing that is on its way will be recorded.
  func stop(_ error: any Error) {
    let isFirst = monitor.update { state in
      defer { if state.error == nil { state.error = error } }
      return state.error == nil
    }
    if isFirst { onFailure(error) }
  }
}
