import Diagnostics
import Foundation
import Geometry
import JobStore
import Planning
import Store
import Synchronization
import Threads
import Zarr

/// The last part of a block's way: sync, rename, sync of the folders, record. Overlaps with making the next blocks.
///
/// Threads sync and rename files; one more collects what has its name, syncs each folder once for the whole group, and
/// records the group in one transaction. While it does, the next group gathers by itself. A block is recorded done only
/// after its bytes, its name and its folders are durable. Where one of these fails, the block is made again from the
/// beginning or recorded as failed: what a disk said it lost is not trusted to be there at a second try. While the output
/// does not answer, its blocks wait to be made again, and no failure is recorded.
package final class DurableStage: Sendable {
  /// What the recording thread waits for.
  private struct State {
    var renamed: [(task: BlockTask, file: BlockTask.File?)] = []
    var others: [WorkResult] = []
    var isClosed = false
    var error: (any Error)?
    /// Blocks that were given up for passing errors of writing since one was written.
    var givenUpInARow = 0
  }

  private let files: BoundedQueue<BlockTask>
  private let monitor = Monitor(State())
  private let ledger: any BlockLedger
  private let queue: WorkQueue
  private let output: Place
  private let meter: RunMeter
  private let patience: Patience
  private let outage = Patience.Wait()
  private let threads = Mutex<(syncers: ThreadGroup, recorder: ThreadGroup)?>(nil)

  /// - Parameters:
  ///   - queue: told which blocks are settled and which are to be made again; stopped when nothing more can be recorded.
  ///   - output: where the blocks are written, as `OutputFolder.target`.
  ///   - patience: for an output, or a ledger, that does not answer.
  ///   - capacity: files that may wait or be in work before `submit` waits.
  package init(
    ledger: any BlockLedger, queue: WorkQueue, output: Place, meter: RunMeter, patience: Patience, syncThreads: Int, capacity: Int
  ) throws(ThreadError) {
    (self.ledger, self.queue, self.output, self.meter, self.patience) = (ledger, queue, output, meter, patience)
    files = BoundedQueue(capacity: capacity)
    let syncers = try ThreadGroup(name: "blockfuse-sync", count: syncThreads) { [self] _ in syncFiles() }
    do throws(ThreadError) {
      let recorder = try ThreadGroup(name: "blockfuse-record", count: 1) { [self] _ in recordGroups() }
      threads.withLock { $0 = (syncers, recorder) }
    } catch {
      files.close()
      syncers.join()
      throw error
    }
  }

  /// Takes a complete block. Waits while too many are on their way.
  package func submit(_ task: BlockTask) {
    queue.handedOn()
    if task.hasFile {
      files.put(task)
    } else {
      monitor.update { $0.renamed.append((task, nil)) }
    }
  }

  /// Takes a block that could not be made.
  package func fail(_ task: BlockTask, _ failure: WorkFailure) {
    guard task.giveUp() else { return }
    queue.handedOn()
    resolve([task], failure)
  }

  /// Decides what becomes of blocks that failed in one way: again, in this run or the next, or recorded as failed; on a full
  /// disk, and where nothing can be written, neither.
  private func resolve(_ tasks: [BlockTask], _ failure: WorkFailure) {
    guard let first = tasks.first else { return }
    if failure.isDiskFull { return stop(JobError.diskFull(path: first.path)) }
    if let end = failure.end { return stop(end) }
    let trouble = failure.outputTrouble(output)
    if case .end(let trouble) = trouble { return stop(trouble) }
    // the next try is not to rest on folders that may be gone
    if failure.isTransient { output.store.forget() }
    if case .outage(let outage) = trouble { return hold(tasks, outage) }
    for task in tasks {
      if queue.isMadeAgain(task, after: failure) {
        queue.settled(1)
      } else if failure.isTransient, isOutage() {
        hold([task], Outage("nothing can be written to \(output.address): \(failure.message)"))
      } else {
        let tries = task.attempt > 1 ? " (tried \(task.attempt) times)" : ""
        let result = WorkResult(
          block: task.block, outcome: .failed(code: failure.code.rawValue, message: failure.message + tries))
        monitor.update { $0.others.append(result) }
      }
    }
  }

  /// Whether so many blocks were given up, and none written meanwhile, that it is not they who are at fault.
  private func isOutage() -> Bool {
    monitor.update { state in
      state.givenUpInARow += 1
      return state.givenUpInARow > Self.mostGivenUpInARow
    }
  }

  private static let mostGivenUpInARow = 1024

  /// Waits a while, and has the blocks made again.
  private func hold(_ tasks: [BlockTask], _ outage: Outage) {
    do {
      try patience.wait(for: outage, in: self.outage, pause: queue.pause)
      for task in tasks { queue.again(task) }
      queue.settled(tasks.count)
    } catch is Patience.Interrupted {
      // they stay pending
      queue.settled(tasks.count)
    } catch {
      stop(error)
    }
  }

  /// Waits until all that was submitted is recorded, and ends the threads. Throws what kept it from being recorded.
  package func close() throws {
    files.close()
    let threads = threads.withLock { $0 }
    threads?.syncers.join()
    monitor.update { $0.isClosed = true }
    threads?.recorder.join()
    if let error = monitor.read({ $0.error }) { throw error }
  }

  private func syncFiles() {
    while let task = files.take() {
      if monitor.read({ $0.error != nil }) {
        task.giveUp()
      } else {
        do {
          let file = try task.finish()
          monitor.update { $0.renamed.append((task, file)) }
        } catch {
          task.giveUp()
          resolve([task], WorkFailure(error))
        }
      }
      files.finished()
    }
  }

  private func recordGroups() {
    while true {
      let group: (renamed: [(task: BlockTask, file: BlockTask.File?)], others: [WorkResult])? = monitor.wait { state in
        if state.renamed.isEmpty && state.others.isEmpty {
          return state.isClosed ? .some(nil) : nil
        }
        defer { (state.renamed, state.others) = ([], []) }
        return .some((state.renamed, state.others))
      }
      guard let group else { return }
      guard monitor.read({ $0.error == nil }) else { continue }
      do {
        var debt = Debt.none
        for (task, file) in group.renamed {
          // a file of before has no place where there is to be none: its block was damaged, or it was never recorded
          if let owed = try file?.debt ?? output.store.remove(task.key) { debt.add(owed) }
        }
        try output.store.pay(debt)
      } catch {
        // which of the names are lost nobody can say
        resolve(group.renamed.map(\.task), WorkFailure(error))
        monitor.update { $0.others += group.others }
        continue
      }
      if !group.renamed.isEmpty {
        monitor.update { $0.givenUpInARow = 0 }
        patience.ended(outage)
      }
      do {
        let done = group.renamed.map {
          WorkResult(
            block: $0.task.block,
            outcome: $0.file.map { .done(byteCount: $0.byteCount, checksum: $0.checksum) } ?? .empty)
        }
        let results = done + group.others
        _ = try patience.through(outage: Outage.init(ofLedger:), pause: queue.pause) {
          try Retry.standard.transient { try ledger.record(results) }
        }
        meter.recorded(results)
        queue.settled(results.count)
      } catch is Patience.Interrupted {
        // nobody knows of them, and they are made again
        queue.settled(group.renamed.count + group.others.count)
      } catch {
        stop(error)
      }
    }
  }

  /// Ends recording: nothing that is on its way will be recorded.
  private func stop(_ error: any Error) {
    monitor.update { if $0.error == nil { $0.error = error } }
    queue.stop()
  }
}
