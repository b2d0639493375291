import CSystem
import Synchronization

/// Threads that run until their bodies return: the one place where the program starts any. Blocking work stays off the
/// pools that serve everything else.
///
/// Where the system starts fewer threads than are asked for, the group goes on with those it has; bodies share their work
/// out among themselves, so none is left over. Foundation's `Thread` does not tell that it was not started, and who waits
/// for it waits for ever.
public final class ThreadGroup: Sendable {
  private static let stackByteCount = 4 << 20

  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private struct Threads: @unchecked Sendable {
    // Unchecked, because on some systems a thread's name is a pointer; it is used under the lock alone.
    var running: [csystem_thread] = []
  }

  private let threads = Mutex(Threads())

  /// Starts `count` threads, or as many as the system allows; throws where that is none.
  ///
  /// - Parameters:
  ///   - name: of the threads, with a number each; systems may cut it.
  ///   - body: does not throw.
  public init(name: String, count: Int, body: @escaping @Sendable (_ index: Int) -> Void) throws(ThreadError) {
    for index in 0..<count {
      do throws(ThreadError) {
        let thread = try Self.start("\(name)-\(index)") { body(index) }
        threads.withLock { $0.running.append(thread) }
      } catch {
        if index == 0 { throw error }
        break
      }
    }
  }

  deinit {
    for thread in threads.withLock({ $0.running }) { csystem_detach_thread(thread) }
  }

  /// Waits until all bodies have returned.
  public func join() {
    threads.withLock { threads in
      for thread in threads.running { csystem_join_thread(thread) }
      threads.running = []
    }
  }

  private static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(ThreadError) -> csystem_thread {
    var thread = csystem_thread()
    let context = Unmanaged.passRetained(Body(body))
    let number = csystem_start_thread(
      &thread, name, stackByteCount,
      { context in
        guard let context else { return }
        Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
      }, context.toOpaque())
    guard number == 0 else {
      context.release()
      throw ThreadError(name: name, errno: number)
    }
    return thread
  }
}
