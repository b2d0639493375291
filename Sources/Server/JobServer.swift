import Diagnostics
import FlyingFox
import FlyingSocks
import Foundation
import JobStore

/// Serves the pages of a job database over HTTP, read-only, on the loopback address alone.
package struct JobServer: Sendable {
  package enum Failure: Error, Sendable {
    /// `number` is that of the system's error, where there is one.
    case cannotListen(port: Int, number: Int32?, why: String)
  }

  private let server: HTTPServer
  private let port: Int

  /// How long a client may take to send a request, and to take some part of an answer.
  private static let patience = Duration.seconds(10)

  /// - Parameter port: 0: any that is free.
  package init(store: JobStore, port: UInt16) throws {
    self.port = Int(port)
    let pages = JobPages(store: store)
    let address: sockaddr_in = try .inet(ip4: "127.0.0.1", port: port)
    let pool = ImpatientPool(HTTPServer.defaultPool(), patience: Self.patience)
    server = HTTPServer(
      config: .init(address: address, timeout: 60, pool: pool, logger: .disabled),
      handler: ClosureHTTPHandler { request in
        if case .ip4(_, let port) = request.remoteAddress { await pool.gotRequest(from: port) }
        return await Self.answer(request, pages)
      })
  }

  /// Serves until the task is cancelled.
  ///
  /// - Parameter ready: told the address when there is one.
  package func run(ready: @escaping @Sendable (_ address: String) -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        do {
          try await server.run()
        } catch {
          if Task.isCancelled { return }
          guard case SocketError.failed(_, let number, let words) = error else {
            throw Failure.cannotListen(port: port, number: nil, why: errorWords(error))
          }
          throw Failure.cannotListen(port: port, number: number, why: words)
        }
      }
      group.addTask {
        // ends with the group when the port is taken
        while await !server.isListening { try await Task.sleep(for: .milliseconds(20)) }
        if case .ip4(let host, let port) = await server.listeningAddress { ready("http://\(host):\(port)/") }
      }
      while try await group.next() != nil {}
    }
  }

  private static func answer(_ request: HTTPRequest, _ pages: JobPages) async -> HTTPResponse {
    guard isLoopbackHost(request.headers[.host]) else {
      return response(.misdirectedRequest, "text/plain; charset=utf-8", Data("this server answers to localhost only\n".utf8))
    }
    guard request.method == .GET || request.method == .HEAD else {
      var refusal = response(.methodNotAllowed, "text/plain; charset=utf-8", Data("this server is read-only\n".utf8))
      refusal.headers[HTTPHeader("Allow")] = "GET, HEAD"
      return refusal
    }
    let path = request.path
    // reading blocks, which the shared pool must not
    let answer = await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: pages.answer(path)) }
    }
    var answered = response(HTTPStatusCode(answer.status, phrase: phrase(answer.status)), answer.type, Data(answer.body))
    if answer.isLasting { answered.headers[.cacheControl] = "private, max-age=3600" }
    if request.method == .HEAD {
      // as long as that of GET would be
      answered.headers[.contentLength] = String(answer.body.count)
      answered.payload = .httpBody(HTTPBodySequence(data: Data()))
    }
    return answered
  }

  private static func phrase(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 404: "Not Found"
    default: "Service Unavailable"
    }
  }

  private static func response(_ status: HTTPStatusCode, _ type: String, _ body: Data) -> HTTPResponse {
    HTTPResponse(
      statusCode: status,
      headers: [
        .contentType: type, .cacheControl: "no-store", HTTPHeader("X-Content-Type-Options"): "nosniff",
        HTTPHeader("X-Frame-Options"): "DENY", HTTPHeader("Cross-Origin-Resource-Policy"): "same-origin",
        HTTPHeader("Referrer-Policy"): "no-referrer",
      ], body: body)
  }
}
