import Diagnostics
import Engine
import Faults
import Files
import Foundation
import Geometry
import JobStore
import Output
import Planning
import Store
import Synchronization
import Threads
import Zarr

/// Reads back every block that is recorded done, and finds what is not as recorded. A record that contradicts itself is an
/// error.
package struct Verifier {
  /// What the blocks looked at so far gave.
  private struct Tally {
    var blockCount = 0
    var byteCount = 0
    var problems: [Verification.Problem] = []
  }

  private let job: LoadedJob
  private let store: JobStore
  private let workers: Int

  package init(job: LoadedJob, store: JobStore, workers: Int) {
    (self.job, self.store, self.workers) = (job, store, workers)
  }

  /// - Parameter progress: called now and then with the blocks checked and those to check.
  package func verify(stopFlag: StopFlag, progress: @escaping @Sendable (_ checked: Int, _ total: Int) -> Void) throws -> Verification {
    if let problem = try store.integrityCheck().first { throw JobStoreError.damaged(path: store.path, why: problem) }
    let lostMark = try Retry.standard.transient { try job.output.lostMark() }
    try refuseForeign(lostMark: lostMark)
    let total = try store.levels(of: job.record.id).reduce(0) { $0 + $1.counts.done }
    let tally = Monitor(Tally())
    for layout in job.plan.levels where stopFlag.signal == nil {
      try check(layout, tally: tally, stopFlag: stopFlag) { progress($0, total) }
    }
    if let signal = stopFlag.signal { throw JobError.interrupted(signal: signal) }
    let found = tally.read { $0 }
    let problems = found.problems.sorted {
      $0.block.level != $1.block.level
        ? $0.block.level < $1.block.level
        : $0.block.position.array.lexicographicallyPrecedes($1.block.position.array)
    }
    return Verification(
      checkedBlocks: found.blockCount, checkedByteCount: found.byteCount, problems: problems,
      metadataProblems: try [lostMark].compactMap { $0 } + Retry.standard.transient { try job.output.metadataProblems() },
      foundStrays: try Strays(job: job, store: store).find())
  }

  /// Throws where the output is another database's, in whose record what looks wrong here may be right.
  package func checkOwner() throws { try OutputHold.checkOwner(of: job.output, by: store) }

  /// Sets what is wrong, and all that was made from it, to pending, and removes strays and what is in the way.
  ///
  /// - Parameter note: told what is worth a word.
  package func repair(_ found: Verification, note: (String) -> Void) throws -> Verification.Repair {
    if let number = Faults.reach(.repairing) { throw StorageError.io(step: .write, path: job.output.path, errno: number) }
    if let order = try store.openOrder(of: job.record.id) {
      // what looks like a stray may be in a task's hands, or in a log that was not collected yet
      throw JobError.invalid(
        what: "tasks of the work order \(order.path) may be writing to the output",
        hint: "`blockfuse order \(job.record.id) --withdraw` cancels it; repair when its tasks have stopped")
    }
    if let holder = try store.holders(of: job.record.id).first {
      throw JobStoreError.alreadyRunning(job: job.record.id, holder: holder)
    }
    let hold = try OutputHold.take(job.output, of: store.identity(), database: store.path, for: .alone, note: note)
    defer { withExtendedLifetime(hold) {} }
    var blocks = Set(found.problems.map(\.block))
    for (level, layout) in job.plan.levels.enumerated().dropFirst() {
      let below = job.plan.levels[level - 1]
      for block in blocks where block.level == level - 1 {
        for above in layout.blocks(madeFrom: block.position, in: below).positions {
          blocks.insert(
            BlockID(level: level, position: TCZYX(t: block.position.t, c: block.position.c, zyx: above)))
        }
      }
    }
    var obstacles = Obstacles(job.output)
    for block in blocks { obstacles.look(at: block) }
    if !found.metadataProblems.isEmpty { obstacles.lookAtMetadata() }
    var removedStrays = 0
    func remove(_ path: String) {
      if (try? Place(path).removeAll()) == true { removedStrays += 1 }
    }
    // refused while somebody may write to the output; and what became a recorded block since it was found is none
    let blockCount = try store.setPending(job.record.id, blocks: Array(blocks)) { state, isDone in
      // it may have been replaced while its blocks were read
      try refuseForeign(lostMark: try job.output.lostMark())
      for stray in found.foundStrays where try stray.block.map(isDone) != true && stray.obstacle?.isThere != false {
        remove(stray.path)
      }
      for obstacle in obstacles.found where obstacle.isThere { remove(obstacle.path) }
      if !found.metadataProblems.isEmpty {
        let coarsest = job.plan.levels.count - 1
        try job.output.repairMetadata(isComplete: state == .complete) { try isDone(BlockID(level: coarsest, position: $0)) }
      }
    }
    return Verification.Repair(blockCount: blockCount, removedStrays: removedStrays)
  }

  private func refuseForeign(lostMark: String?) throws {
    if lostMark == nil, let foreign = try job.output.foreignness() {
      throw job.error(foreignOutput: foreign)
    }
  }

  private func check(
    _ layout: LevelLayout, tally: Monitor<Tally>, stopFlag: StopFlag, progress: @escaping @Sendable (Int) -> Void
  ) throws {
    let array = job.output.array(layout.level)
    let failure = Mutex<(any Error)?>(nil)
    let cursor = Monitor(try store.blocks(of: job.record.id, BlockFilter(level: layout.level, state: .done)))
    try ThreadGroup(name: "blockfuse-verify", count: workers) { _ in
      let context = CodecContext()
      while stopFlag.signal == nil, failure.withLock({ $0 == nil }) {
        do {
          guard let entry = try cursor.update({ (cursor) throws in try cursor.next() }) else { return }
          let index = array.index(at: entry.block.position)
          let result = Result {
            try Retry.standard.transient { try array.verifyBlock(index, checksum: entry.checksum, context: context) }
          }
          if case .failure(let error) = result, isOfHost(error) { throw error }
          let checked = tally.update { tally in
            tally.blockCount += 1
            switch result {
            case .success(let byteCount): tally.byteCount += byteCount
            case .failure(let error):
              let failure = WorkFailure(error)
              tally.problems.append(Verification.Problem(block: entry.block, code: failure.code.rawValue, message: failure.message))
            }
            return tally.blockCount
          }
          progress(checked)
        } catch {
          failure.withLock { $0 = error }
        }
      }
    }.join()
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// Whether an error says nothing of the block that was read: a disk does not answer, too many files are open. What a disk
  /// that answers cannot read is damage.
  private func isOfHost(_ error: any Error) -> Bool {
    guard let number = (error as? any Failure)?.systemNumber, number != EIO else { return false }
    return ErrnoMeaning(number).isTransient
  }
}
