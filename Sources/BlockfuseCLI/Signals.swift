import Foundation
import Threads

/// SIGINT and SIGTERM ask for a clean stop; a second one ends the program at once, which loses nothing but the blocks in hand.
enum Signals {
  static let stopFlag = StopFlag()

  /// For people: `Ctrl-C`, `SIGTERM`.
  static func name(_ signal: Int32) -> String {
    switch signal {
    case SIGINT: "Ctrl-C (SIGINT)"
    case SIGTERM: "SIGTERM"
    default: "signal \(signal)"
    }
  }

  /// For as long as nothing is made that would have to be undone.
  static func endAtOnce() {
    for number in [SIGINT, SIGTERM] { signal(number) { _exit(128 + $0) } }
  }

  static func install() {
    // made now: what is first touched in a handler is made there, with locks that the interrupted thread may hold
    _ = stopFlag
    // whoever started the program may have had them blocked, which is inherited
    var both = sigset_t()
    sigemptyset(&both)
    sigaddset(&both, SIGINT)
    sigaddset(&both, SIGTERM)
    pthread_sigmask(SIG_UNBLOCK, &both, nil)
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        if Signals.stopFlag.signal != nil { _exit(128 + number) }
        Signals.stopFlag.stop(signal: number)
      }
    }
  }
}
