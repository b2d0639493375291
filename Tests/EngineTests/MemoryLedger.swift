import Engine
import Geometry
import JobStore
import Threads

/// The blocks of one level in memory: what a run takes and records.
final class MemoryLedger: BlockLedger {
  struct State {
    var free: [TCZYX]
    /// In the hands of others, who may leave them.
    var elsewhere: [TCZYX] = []
    var results: [WorkResult] = []
    /// How many results each call of `record` brought.
    var groups: [Int] = []
    /// Thrown by the next calls, one each.
    var takeErrors: [any Error] = []
    var recordErrors: [any Error] = []
    /// Whether `record` goes on; else it waits.
    var isOpen = true
    /// Calls of `record` that have begun.
    var begun = 0
  }

  private let state: Monitor<State>

  init(_ free: [TCZYX]) { state = Monitor(State(free: free)) }

  convenience init(_ layout: LevelLayout) { self.init((0..<layout.grid.total).map(layout.grid.position(at:))) }

  /// Changes what is next to happen, and wakes who waits.
  func set(_ body: (inout State) -> Void) { state.update(body) }

  var results: [WorkResult] { state.read { $0.results } }
  var groups: [Int] { state.read { $0.groups } }

  /// Blocks by their place, with what was recorded of them.
  func outcomes(_ layout: LevelLayout) -> [Int: String] {
    var outcomes: [Int: String] = [:]
    for result in results {
      let text =
        switch result.outcome {
        case .done: "done"
        case .empty: "empty"
        case .failed(let code, _): "\(code)"
        }
      outcomes[layout.grid.linearIndex(of: result.block.position)] = text
    }
    return outcomes
  }

  /// Waits until so many calls of `record` have begun.
  func waitForRecord(_ count: Int) { state.wait { $0.begun >= count ? () : nil } }

  // MARK: BlockLedger

  func take(level: Int, limit: Int) throws -> [TakenBlock] {
    try state.update { (state) throws in
      if !state.takeErrors.isEmpty { throw state.takeErrors.removeFirst() }
      let taken = state.free.prefix(limit)
      state.free.removeFirst(taken.count)
      return taken.map { TakenBlock(ticket: 1, level: level, position: $0) }
    }
  }

  func expectsMore(level: Int) -> Bool { state.read { !$0.elsewhere.isEmpty } }

  func record(_ results: [WorkResult]) throws {
    state.update { $0.begun += 1 }
    state.wait { $0.isOpen ? () : nil }
    try state.update { (state) throws in
      if !state.recordErrors.isEmpty { throw state.recordErrors.removeFirst() }
      state.results += results
      state.groups.append(results.count)
    }
  }

  func states(level: Int, t: Int, c: Int, blocks: Box3) -> [BlockState] { Array(repeating: .done, count: blocks.count) }
}
