import ArgumentParser
import Diagnostics
import Foundation
import JobStore
import Planning
import Server
import Synchronization
import Threads

struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve live web pages of all jobs, for a browser on this machine.",
    discussion: """
      Changes nothing. Listens on 127.0.0.1 only: to look from another machine, forward the port with \
      `ssh -L 8642:127.0.0.1:8642 HOST`. Anyone logged in to this machine can see the pages.

      Example: blockfuse serve --db /data/jobs.sqlite --port 9000
      """)

  @Option(help: ArgumentHelp("Port; 0 takes any free one, and the address is printed.", valueName: "port"))
  var port: UInt16 = 8642
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      Signals.install()
      let server = try JobServer(store: try database.readOnly(), port: port)
      let failure = Mutex<(any Error)?>(nil)
      let end = DispatchSemaphore(value: 0)
      let task = Task {
        do {
          try await server.run { address in
            Terminal.result(address)
            Terminal.news("open this address in a browser; Ctrl-C ends it")
          }
        } catch {
          failure.withLock { $0 = error }
        }
        end.signal()
      }
      while end.wait(timeout: .now() + 0.1) == .timedOut {
        guard let signal = Signals.stopFlag.signal else { continue }
        task.cancel()
        throw ExitStatus.stopped(signal: signal)
      }
      guard let error = failure.withLock({ $0 }) else { return }
      guard case JobServer.Failure.cannotListen(let port, let number, let why) = error else { throw error }
      throw JobError.output("cannot listen on port \(port): \(why)", hint: Self.hint(number, port: port))
    }
  }

  private static func hint(_ number: Int32?, port: Int) -> String {
    switch number {
    case EADDRINUSE: "another program has it, which `ss -ltnp sport = :\(port)` shows; take another one, or any that is free with --port 0"
    case EACCES, EPERM: "ports below 1024 are for the administrator; take a higher one, or any that is free with --port 0"
    default: "take another one, or any that is free with --port 0"
    }
  }
}
