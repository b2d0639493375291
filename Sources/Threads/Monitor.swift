import Diagnostics

/// State shared by threads, with a lock and a condition to wait on: the one place where threads of a run meet.
///
/// Waiting is what `Synchronization.Mutex` lacks. Unchecked, because the compiler cannot see that `state` is only
/// touched under the lock.
package final class Monitor<State: ~Copyable>: @unchecked Sendable {
  private let condition = Condition()
  private var state: State

  package init(_ state: consuming sending State) {
    self.state = state
  }

  /// Runs `body` alone and wakes whoever waits.
  package func update<Result, Failure: Error>(_ body: (inout State) throws(Failure) -> Result) throws(Failure) -> Result {
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
    }
    return try body(&state)
  }

  /// Runs `body` alone; for reading.
  package func read<Result>(_ body: (borrowing State) -> Result) -> Result {
    condition.lock()
    defer { condition.unlock() }
    return body(state)
  }

  /// Waits until `body` gives a value, and returns it; `body` is asked again after each change.
  package func wait<Result>(for body: (inout State) -> Result?) -> Result {
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
    }
    while true {
      if let result = body(&state) { return result }
      condition.wait()
    }
  }

  /// As `wait(for:)`, giving up after `seconds`.
  package func wait<Result>(seconds: Double, for body: (inout State) -> Result?) -> Result? {
    condition.lock()
    defer { condition.unlock() }
    var deadline: ContinuousClock.Instant?
    while true {
      if let result = body(&state) {
        condition.broadcast()
        return result
      }
      let now = ContinuousClock.now
      let end = deadline ?? now + .seconds(seconds)
      if end <= now { return nil }
      deadline = end
      condition.wait(atMost: end - now)
    }
  }
}
