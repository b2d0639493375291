import Foundation
import Threads

/// Signals that ask for a clean stop: those of people, and those by which batch systems say that the time of a job is nearly
/// over. A second SIGINT or SIGTERM ends the program at once, which loses nothing but the blocks in hand.
enum Signals {
  static let stopFlag = StopFlag()

  /// What people send, and what comes last from every system.
  private static let ofPeople = [SIGINT, SIGTERM]
  /// A terminal that goes away (SIGHUP), a limit of processor time (SIGXCPU), and whatever a batch system was told to send.
  private static let ofSystems = [SIGHUP, SIGXCPU, SIGUSR1, SIGUSR2]

  /// For people: `Ctrl-C`, `SIGTERM`.
  static func name(_ signal: Int32) -> String {
    switch signal {
    case SIGINT: "Ctrl-C (SIGINT)"
    case SIGTERM: "SIGTERM"
    case SIGHUP: "SIGHUP"
    case SIGXCPU: "SIGXCPU"
    case SIGUSR1: "SIGUSR1"
    case SIGUSR2: "SIGUSR2"
    default: "signal \(signal)"
    }
  }

  /// For as long as nothing is made that would have to be undone.
  static func endAtOnce() {
    for number in ofPeople { signal(number) { _exit(128 + $0) } }
  }

  static func install() {
    // made now: what is first touched in a handler is made there, with locks that the interrupted thread may hold
    _ = stopFlag
    // whoever started the program may have had them blocked, which is inherited
    var all = sigset_t()
    sigemptyset(&all)
    for number in ofPeople + ofSystems { sigaddset(&all, number) }
    pthread_sigmask(SIG_UNBLOCK, &all, nil)
    for number in ofPeople {
      signal(number) { number in
        if Signals.stopFlag.signal != nil { _exit(128 + number) }
        Signals.stopFlag.stop(signal: number)
      }
    }
    // some come twice, as when a terminal and a shell go away, or every second, as SIGXCPU does
    for number in ofSystems where !isIgnored(number) {
      signal(number) { Signals.stopFlag.stop(signal: $0) }
    }
  }

  /// Whether the program was started so that it outlives it, as `nohup` does.
  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    #if canImport(Glibc)
      let handler = unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
    #else
      let handler = unsafeBitCast(action.__sigaction_u.__sa_handler, to: Int.self)
    #endif
    return handler == 1
  }
}
