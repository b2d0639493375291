import Diagnostics
import Files
import Foundation
import Planning
import Threads
import Views

extension Patience {
  /// Does what a run begins with, and again while a disk or a server of files does not answer: as long as in its midst.
  ///
  /// - Throws: `JobError.interrupted` where the run is to stop.
  package func beginning<Result>(_ stopFlag: StopFlag, _ body: () throws -> Result) throws -> Result {
    do {
      return try through(outage: Outage.init(ofBeginning:), pause: { Self.pause($0, stopFlag) }, body)
    } catch is Interrupted {
      throw JobError.interrupted(signal: stopFlag.signal ?? SIGTERM)
    }
  }

  /// Returns false as soon as the run is to stop.
  private static func pause(_ seconds: Double, _ stopFlag: StopFlag) -> Bool {
    let end = uptime + seconds
    while uptime < end {
      if stopFlag.signal != nil { return false }
      Thread.sleep(forTimeInterval: 0.05)
    }
    return stopFlag.signal == nil
  }
}

extension Outage {
  /// Behind an error that was left after the usual tries.
  fileprivate init?(ofBeginning error: any Error) {
    guard let failure = error as? any Failure else { return nil }
    if case JobError.unanswered(let what, _) = failure {
      self.init(what)
      return
    }
    guard let number = (error as? ViewsError)?.storage?.systemNumber ?? failure.systemNumber,
      number == EIO || ErrnoMeaning(number).isUnanswered
    else { return nil }
    self.init(failure.description)
  }
}
