/// A thread that does something small every so often, until stopped.
public final class Watcher: Sendable {
  private let isStopped = Monitor(false)
  private let threads: ThreadGroup

  public init(everySeconds interval: Double, _ body: @escaping @Sendable () -> Void) throws(ThreadError) {
    let isStopped = isStopped
    threads = try ThreadGroup(name: "blockfuse-watch", count: 1) { _ in
      while isStopped.wait(seconds: interval, for: { $0 ? true : nil }) == nil { body() }
    }
  }

  /// Returns when the last call of the body has ended.
  public func stop() {
    isStopped.update { $0 = true }
    threads.join()
  }
}
