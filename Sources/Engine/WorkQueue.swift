import Geometry
import JobStore
import Threads

/// Hands the parts of blocks to the workers of one level.
///
/// Parts of the oldest block go first: workers share a shard when shards are few, and stay neighbours in space. New
/// blocks are taken from the ledger when no block in hand has parts left. Parts that are done wait in memory for a slow
/// one before them; when those are many, only parts that need not wait are handed out, of new blocks if need be. A block
/// that failed for a passing reason comes again after a while. The level is at its end when nothing is in hand and nobody else has blocks that may come back.
package final class WorkQueue: Sendable {
  package struct Part: Sendable {
    package let task: BlockTask
    package let index: Int
    var box: Box3 { task.parts[index] }
  }

  private struct Active {
    let task: BlockTask
    var nextPart = 0
    var unfinished: Int
  }

  private struct Delayed {
    let block: TakenBlock
    let attempt: Int
    let due: ContinuousClock.Instant
  }

  private struct State {
    var waiting: [TakenBlock] = []
    var delayed: [Delayed] = []
    var active: [Active] = []
    /// Complete blocks on their way to disk; they may come back.
    var handedOn = 0
    var isTaking = false
    /// Others hold what is left: when to look again, and how long to wait after that.
    var nextTake = ContinuousClock.now
    var wait = WorkQueue.shortestWaitSeconds
    var isDrained = false
    var isStopped = false
    var blocksLeft: Int
    var startedCount = 0
    var error: (any Error)?
  }

  private let monitor: Monitor<State>
  private let ledger: any BlockLedger
  private let level: Int
  private let batchCount: Int
  private let waitingByteLimit: Int
  private let retry: Retry
  private let patience: Patience
  private let makeTask: @Sendable (_ block: TakenBlock, _ attempt: Int) -> BlockTask
  /// Between two looks at what others have left.
  private static let (shortestWaitSeconds, longestWaitSeconds) = (0.02, 1.0)

  /// - Parameters:
  ///   - blockLimit: how many blocks may be started.
  ///   - batchCount: how many blocks are taken from the ledger at a time.
  ///   - waitingByteLimit: encoded bytes that may wait for parts before them; more by a chunk a worker at most.
  ///   - retry: how often a block that failed for a passing reason comes again, and when.
  ///   - patience: for a ledger that does not answer.
  package init(
    ledger: any BlockLedger, level: Int, blockLimit: Int, batchCount: Int, waitingByteLimit: Int, retry: Retry = .standard,
    patience: Patience,
    makeTask: @escaping @Sendable (_ block: TakenBlock, _ attempt: Int) -> BlockTask
  ) {
    (self.ledger, self.level, self.batchCount, self.makeTask) = (ledger, level, batchCount, makeTask)
    (self.waitingByteLimit, self.retry) = (waitingByteLimit, retry)
    self.patience = patience
    monitor = Monitor(State(blocksLeft: blockLimit))
  }

  private enum Step {
    case part(Part)
    case take(Int)
    case end
  }

  /// The next part to make, or nil when there is none left or the run is to stop. Waits while another thread takes blocks,
  /// and while blocks may come back.
  package func next() -> Part? { next(isWhole: false, waits: true) }

  /// A whole block to make, all its parts at once; nil as for `next`, and without `waits` where none is at hand.
  package func nextBlock(waits: Bool) -> BlockTask? { next(isWhole: true, waits: waits)?.task }

  private func next(isWhole: Bool, waits: Bool) -> Part? {
    while true {
      let step: Step? = monitor.wait(seconds: Self.shortestWaitSeconds) { state in self.step(&state, isWhole: isWhole) }
      switch step {
      case .part(let part): return part
      case .end: return nil
      case .take(let limit): take(limit)
      case nil: if !waits { return nil }
      }
    }
  }

  /// Nil where there is nothing to do but wait.
  private func step(_ state: inout State, isWhole: Bool) -> Step? {
    if state.isStopped || state.error != nil { return .end }
    let mayWait = state.active.reduce(0) { $0 + $1.task.waitingByteCount } < waitingByteLimit
    if let i = state.active.firstIndex(where: {
      $0.nextPart < $0.task.parts.count && (mayWait || $0.nextPart == $0.task.appendedCount)
    }) {
      let part = Part(task: state.active[i].task, index: state.active[i].nextPart)
      state.active[i].nextPart += 1
      return .part(part)
    }
    if let i = state.delayed.firstIndex(where: { $0.due <= ContinuousClock.now }) {
      let again = state.delayed.remove(at: i)
      return .part(start(makeTask(again.block, again.attempt), isWhole: isWhole, &state))
    }
    if state.blocksLeft > 0, !state.waiting.isEmpty {
      state.blocksLeft -= 1
      state.startedCount += 1
      return .part(start(makeTask(state.waiting.removeFirst(), 1), isWhole: isWhole, &state))
    }
    if state.isDrained || state.blocksLeft == 0 {
      let isAllHandedOut = state.active.allSatisfy { $0.nextPart == $0.task.parts.count }
      return isAllHandedOut && state.delayed.isEmpty && state.handedOn == 0 ? .end : nil
    }
    guard !state.isTaking, state.nextTake <= ContinuousClock.now else { return nil }
    state.isTaking = true
    return .take(min(batchCount, state.blocksLeft))
  }

  private func start(_ task: BlockTask, isWhole: Bool, _ state: inout State) -> Part {
    let count = task.parts.count
    state.active.append(Active(task: task, nextPart: isWhole ? count : 1, unfinished: count))
    return Part(task: task, index: 0)
  }

  private func take(_ limit: Int) {
    let taken = Result {
      try patience.through(outage: Outage.init(ofLedger:), pause: pause) {
        let blocks = try retry.transient { try ledger.take(level: level, limit: limit) }
        return (blocks: blocks, isLast: try blocks.isEmpty && !ledger.expectsMore(level: level))
      }
    }
    monitor.update { state in
      state.isTaking = false
      switch taken {
      case .success(let found):
        state.waiting += found.blocks
        state.isDrained = found.isLast
        state.nextTake = found.blocks.isEmpty ? .now + .seconds(state.wait) : .now
        state.wait = found.blocks.isEmpty ? min(2 * state.wait, Self.longestWaitSeconds) : Self.shortestWaitSeconds
      case .failure(is Patience.Interrupted): break
      case .failure(let error): state.error = error
      }
    }
  }

  /// What will be handed out next, as far as it is known.
  func upcoming(limit: Int, in layout: LevelLayout) -> [ReadAhead.Place] {
    monitor.read { state in
      var places: [ReadAhead.Place] = []
      for active in state.active {
        let position = active.task.block.position
        for box in active.task.parts[active.nextPart...].prefix(limit - places.count) {
          places.append(ReadAhead.Place(box: box, t: position.t, c: position.c))
        }
      }
      for block in state.waiting.prefix(limit - places.count) {
        let lower = block.position.zyx &* layout.grid.block.zyx
        // the first chunk of a shard will do
        places.append(
          ReadAhead.Place(
            box: Box3(lower: lower, upper: lower &+ layout.chunk.zyx), t: block.position.t, c: block.position.c))
      }
      return places
    }
  }

  /// A part was made or given up. True when it was the last of its block.
  package func finished(_ part: Part) -> Bool {
    monitor.update { state in
      guard let i = state.active.firstIndex(where: { $0.task === part.task }) else { return false }
      state.active[i].unfinished -= 1
      if state.active[i].unfinished > 0 { return false }
      state.active.remove(at: i)
      return true
    }
  }

  /// Nothing more is handed out: stopped, drained, or at its limit.
  package var isOver: Bool {
    monitor.read { $0.isStopped || $0.error != nil || ($0.isDrained && $0.waiting.isEmpty) || $0.blocksLeft == 0 }
  }

  /// A complete block goes on its way to disk: to be followed by `settled` or `failed`.
  package func handedOn() {
    monitor.update { $0.handedOn += 1 }
  }

  /// Blocks that were handed on are recorded.
  package func settled(_ count: Int) {
    monitor.update { $0.handedOn -= count }
  }

  /// A block was given up. True when it will be made again; else the failure is to be recorded. Once the queue is stopped
  /// it is the next run that makes it, with all its tries: until then it stays pending.
  package func isMadeAgain(_ task: BlockTask, after failure: WorkFailure) -> Bool {
    monitor.update { state in
      guard failure.isTransient else { return false }
      if state.isStopped || state.error != nil { return true }
      guard task.attempt < retry.attemptLimit else { return false }
      let due = ContinuousClock.now + .seconds(retry.waitsSeconds[task.attempt - 1])
      state.delayed.append(Delayed(block: task.block, attempt: task.attempt + 1, due: due))
      return true
    }
  }

  /// A block that met an outage is made again, as if it had not been begun.
  package func again(_ task: BlockTask) {
    monitor.update { $0.delayed.append(Delayed(block: task.block, attempt: task.attempt, due: .now)) }
  }

  /// Waits a while; false where what is begun is to be left as it is.
  package func pause(seconds: Double) -> Bool {
    monitor.wait(seconds: seconds) { $0.isStopped || $0.error != nil ? false : nil } ?? true
  }

  /// Whether what is begun is to be left as it is.
  package var isStopped: Bool { monitor.read { $0.isStopped || $0.error != nil } }

  /// Lets no further part out.
  package func stop() {
    monitor.update { $0.isStopped = true }
  }

  /// Blocks that were begun.
  package var startedCount: Int { monitor.read { $0.startedCount } }

  /// What is left when all workers have ended: blocks begun but not complete, and why taking ended early, if it did.
  package func leftovers() -> (incomplete: [BlockTask], error: (any Error)?) {
    monitor.read { ($0.active.map(\.task), $0.error) }
  }
}
