import Diagnostics
import Files
import Foundation
import Fusion
import JobStore
import Planning
import Store
import Views
import Zarr

/// Why a block could not be made: what is recorded with it, and whether trying again can help.
package struct WorkFailure: Error, Sendable {
  /// The stable name that is recorded with the block.
  package let code: FailureCode
  /// What and where, for people.
  package let message: String
  /// Whether trying again can help.
  private(set) var isTransient: Bool
  /// The disk is full: no fault of the block, which stays pending.
  package private(set) var isDiskFull = false
  /// The number that the system gave for a failed call on a file of the output.
  private var systemNumber: Int32?
  /// What ends the run rather than fail this block, which stays pending.
  var end: JobError?

  package init(code: FailureCode, message: String, isTransient: Bool) {
    (self.code, self.message, self.isTransient) = (code, message, isTransient)
  }

  package init(_ error: any Error) {
    switch error {
    case let failure as WorkFailure: self = failure
    case let error as JobError where error.isTransient || error.exitStatus == .damaged:
      self.init(code: error.code, message: error.description, isTransient: error.isTransient)
      end = error
    case is Patience.Interrupted: self.init(code: .interrupted, message: "the run is to stop", isTransient: true)
    case let error as any Failure:
      self.init(code: error.code, message: error.description, isTransient: error.isTransient)
      (isDiskFull, systemNumber) = (error.isDiskFull, error.systemNumber)
      // somebody removes folders below: perhaps all of the output, which the next try will see
      if systemNumber == ENOENT { isTransient = true }
    default: self.init(code: .unexpected, message: errorWords(error), isTransient: false)
    }
  }

  /// The same failure, not to be tried again.
  var lasting: WorkFailure {
    var failure = self
    failure.isTransient = false
    return failure
  }

  enum OutputTrouble {
    /// Nothing that waiting helps.
    case end(JobError)
    case outage(Outage)
  }

  /// What is wrong with the output as a whole, so that no block can be written: no fault of this one either.
  func outputTrouble(_ output: Place) -> OutputTrouble? {
    do throws(StorageError) {
      if try !output.store.isInPlace() {
        return .end(.output("the output \(output.address) was removed, moved or replaced", hint: "put it back, then run again"))
      }
    } catch {
      if error.isTransient { return .outage(Outage(error.description)) }
      return .end(.output(error.description, hint: error.hint))
    }
    switch systemNumber {
    case EROFS: return .end(.output(message, hint: "mount it for writing, then run again; finished blocks are kept"))
    case EFBIG: return .end(.output(message, hint: "raise the limit of file sizes (`ulimit -f`), or choose smaller blocks"))
    case let number? where ErrnoMeaning(number).isUnanswered: return .outage(Outage(message))
    default: return nil
    }
  }
}
