import Geometry
import JobStore
import Planning
import Synchronization

/// A run's blocks, taken from and recorded in the job database.
package final class DatabaseLedger: LevelLedger {
  private let store: JobStore
  private let job: JobID
  private let run: Run
  /// Whether there is nothing to take, and for whom that is.
  private let wait = Mutex(WaitForOthers())
  private let views: ViewChecks
  private let title: String

  package init(store: JobStore, job: JobID, run: Run, views: ViewChecks, title: String) {
    (self.store, self.job, self.run, self.views, self.title) = (store, job, run, views, title)
  }

  package func take(level: Int, limit: Int) throws -> [TakenBlock] {
    try views.refuseIfChanged()
    let taken = try run.claim(level: level, limit: limit).flatMap { claim in
      claim.positions.map { TakenBlock(ticket: claim.id, level: level, position: $0) }
    }
    if !taken.isEmpty { wait.withLock { $0.ended() } }
    return taken
  }

  package func expectsMore(level: Int) throws -> Bool {
    let expectsMore = try run.expectsMore(level: level)
    wait.withLock { expectsMore ? $0.began(level: level, at: .now) : $0.ended() }
    return expectsMore
  }

  /// Whom the run has been waiting for, where that is long enough to be said, and was not said yet.
  package func othersNote() -> String? {
    guard let level = wait.withLock({ $0.levelToTell(at: .now) }), let others = try? run.others(level: level) else { return nil }
    return wait.withLock { $0.note(others.map { (worker: "\($0.worker)", blocks: $0.blocks) }, level: level) }
  }

  package func leavesToOthers(progress: RunProgress) throws -> Bool { try run.leavesToOthers(progress: progress) }

  package func record(_ results: [WorkResult]) throws {
    try views.refuseIfChanged()
    // an input that changed is no fault of the block
    let changed = results.changedInputs
    if !changed.isEmpty { throw JobError.changed(job: title, differences: changed) }
    var rest = results
    while !rest.isEmpty {
      do {
        try run.record(rest.map(\.recorded))
        return
      } catch {
        guard case .claimLost(let lost) = error else { throw error }
        // somebody took us for dead: what they do now is theirs, the rest is still ours to record
        let before = rest.count
        rest.removeAll { lost.contains($0.block.ticket) }
        guard rest.count < before else { throw JobStoreError.claimLost(lost) }
      }
    }
  }

  package func states(level: Int, t: Int, c: Int, blocks: Box3) throws -> [BlockState] {
    try run.states(level: level, t: t, c: c, blocks: blocks)
  }

  package func isAllEmpty(level: Int, t: Int, c: Int, blocks: Box3) throws -> Bool {
    try states(level: level, t: t, c: c, blocks: blocks).allSatisfy { $0 == .empty }
  }

  /// By `retry`.
  package var isReopened: Bool { true }

  package func counts(level: Int) throws -> BlockCounts {
    let levels = try store.levels(of: job)
    guard levels.indices.contains(level) else {
      throw JobStoreError.damaged(path: store.path, why: "level \(level) of job \(job) is not there")
    }
    return levels[level].counts
  }

  package func hasNothingLeft(level: Int) throws -> Bool { try counts(level: level).isSettled }

  package func untouchedRegions(level: Int, after: Int?, limit: Int) throws -> [BrickRegion] {
    try run.nextBricks(level: level, after: after, limit: limit)
  }

  package func settleEmpty(level: Int, _ regions: [BrickRegion]) throws -> Int {
    try views.refuseIfChanged()
    return try run.settleEmpty(level: level, bricks: regions.map(\.id))
  }

  package func checkInputs() throws { try views.checkAtEnd() }
}

extension WorkResult {
  var recorded: BlockResult {
    var result = BlockResult(claim: block.ticket, position: block.position, outcome: .empty)
    switch outcome {
    case .done(_, let checksum): (result.outcome, result.checksum) = (.done, checksum)
    case .empty: break
    case .failed(let code, let message): result.outcome = .failed(code: code, message: message)
    }
    return result
  }
}
