import Geometry

/// Hands the parts of blocks to the workers of one level.
///
/// Parts of the oldest block go first: workers share a shard when shards are few, and stay neighbours in space. New
/// blocks are taken from the ledger when no block in hand has parts left.
final class WorkQueue: Sendable {
  struct Part: Sendable {
    let task: BlockTask
    let index: Int
    var box: Box3 { task.parts[index] }
  }

  private struct Active {
    let task: BlockTask
    var nextPart = 0
    var unfinished: Int
  }

  private struct State {
    var waiting: [TakenBlock] = []
    var active: [Active] = []
    var isTaking = false
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
  private let makeTask: @Sendable (TakenBlock) -> BlockTask

  /// - Parameters:
  ///   - blockLimit: how many blocks may be started.
  ///   - batchCount: how many blocks are taken from the ledger at a time.
  init(
    ledger: any BlockLedger, level: Int, blockLimit: Int, batchCount: Int,
    makeTask: @escaping @Sendable (TakenBlock) -> BlockTask
  ) {
    (self.ledger, self.level, self.batchCount, self.makeTask) = (ledger, level, batchCount, makeTask)
    monitor = Monitor(State(blocksLeft: blockLimit))
  }

  /// The next part to make, or nil when there is none left or the run is to stop. Waits while another thread takes blocks.
  func next() -> Part? {
    enum Step {
      case part(Part)
      case take(Int)
      case end
    }
    while true {
      let step: Step = monitor.wait { state in
        if state.isStopped || state.error != nil { return .end }
        if let i = state.active.firstIndex(where: { $0.nextPart < $0.task.parts.count }) {
          let part = Part(task: state.active[i].task, index: state.active[i].nextPart)
          state.active[i].nextPart += 1
          return .part(part)
        }
        if state.blocksLeft > 0, !state.waiting.isEmpty {
          state.blocksLeft -= 1
          state.startedCount += 1
          let task = self.makeTask(state.waiting.removeFirst())
          state.active.append(Active(task: task, nextPart: 1, unfinished: task.parts.count))
          return .part(Part(task: task, index: 0))
        }
        if state.isDrained || state.blocksLeft == 0 { return .end }
        if state.isTaking { return nil }
        state.isTaking = true
        return .take(min(self.batchCount, state.blocksLeft))
      }
      switch step {
      case .part(let part): return part
      case .end: return nil
      case .take(let limit):
        let taken = Result { try ledger.take(level: level, limit: limit) }
        monitor.update { state in
          state.isTaking = false
          switch taken {
          case .success(let blocks):
            state.waiting += blocks
            if blocks.isEmpty { state.isDrained = true }
          case .failure(let error): state.error = error
          }
        }
      }
    }
  }

  /// A part was made or given up. True when it was the last of its block.
  func finished(_ part: Part) -> Bool {
    monitor.update { state in
      guard let i = state.active.firstIndex(where: { $0.task === part.task }) else { return false }
      state.active[i].unfinished -= 1
      if state.active[i].unfinished > 0 { return false }
      state.active.remove(at: i)
      return true
    }
  }

  /// Nothing more is handed out: stopped, drained, or at its limit.
  var isOver: Bool {
    monitor.read { $0.isStopped || $0.error != nil || ($0.isDrained && $0.waiting.isEmpty) || $0.blocksLeft == 0 }
  }

  /// Lets no further part out.
  func stop() {
    monitor.update { $0.isStopped = true }
  }

  /// Blocks that were begun.
  var startedCount: Int { monitor.read { $0.startedCount } }

  /// What is left when all workers have ended: blocks begun but not complete, and why taking ended early, if it did.
  func leftovers() -> (incomplete: [BlockTask], error: (any Error)?) {
    monitor.read { ($0.active.map(\.task), $0.error) }
  }
}
