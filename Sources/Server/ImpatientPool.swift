import FlyingSocks
import Foundation

/// Waits for sockets as another pool does, but for a client only so long: one that sends its request byte by byte, or does
/// not take the answer, would otherwise keep a connection, and a file of the process, for as long as it likes.
///
/// A request must be there whole within the time, counted from when it is first waited for; of an answer, some part must be
/// taken within it.
actor ImpatientPool<Pool: AsyncSocketPool>: AsyncSocketPool {
  /// Since when a request has been waited for, by the client's port.
  private var waiting: [UInt16: ContinuousClock.Instant] = [:]
  private let pool: Pool
  private let patience: Duration

  init(_ pool: Pool, patience: Duration) { (self.pool, self.patience) = (pool, patience) }

  nonisolated func prepare() async throws { try await pool.prepare() }
  nonisolated func run() async throws { try await pool.run() }

  nonisolated func suspendSocket(_ socket: Socket, untilReadyFor events: Socket.Events) async throws {
    // the one that listens has no client, and waits for ever
    guard let port = Self.port(of: socket) else { return try await pool.suspendSocket(socket, untilReadyFor: events) }
    let end = events.contains(.read) ? await begin(port) + patience : .now + patience
    do {
      try await withThrowingTaskGroup(of: Void.self) { [pool] group in
        group.addTask { try await pool.suspendSocket(socket, untilReadyFor: events) }
        group.addTask {
          try await Task.sleep(until: end)
          throw SocketError.timeout(message: "the client is too slow")
        }
        defer { group.cancelAll() }
        try await group.next()
      }
    } catch {
      await gotRequest(from: port)
      throw error
    }
  }

  /// The request of a client is whole: the time begins anew with its next one.
  func gotRequest(from port: UInt16) { waiting[port] = nil }

  private func begin(_ port: UInt16) -> ContinuousClock.Instant {
    let now = ContinuousClock.now
    // of clients that went away between two requests nobody is told
    if waiting.count > 1000 { waiting = waiting.filter { $0.value + patience > now } }
    if let since = waiting[port] { return since }
    waiting[port] = now
    return now
  }

  private static func port(of socket: Socket) -> UInt16? {
    if case .ip4(_, let port) = try? socket.remotePeer() { port } else { nil }
  }
}
