import Foundation
import Fusion
import JobStore
import Planning
import Views
import Zarr

/// Why a block could not be made: what is recorded with it, and whether trying again can help.
package struct WorkFailure: Error, Sendable {
  /// Stable, for machines.
  package let code: String
  /// What and where, for people.
  package let message: String
  var isTransient: Bool
  /// The disk is full: no fault of the block, which stays pending.
  package var isDiskFull = false
  /// Of the system call that failed on an array's file.
  private var errno: Int32?

  init(code: String, message: String, isTransient: Bool) {
    (self.code, self.message, self.isTransient) = (code, message, isTransient)
  }

  package init(_ error: any Error) {
    switch error {
    case let failure as WorkFailure: self = failure
    case let error as ZarrError:
      self.init(code: error.code, message: error.description, isTransient: error.isTransient)
      isDiskFull = error.isDiskFull
      if case .io(_, _, let number) = error {
        errno = number
        // somebody removes folders below: perhaps all of the output, which the next try will see
        if number == ENOENT { isTransient = true }
      }
    case let error as ViewsError:
      // reading needs no space: an input's own trouble is never a full disk
      self.init(code: error.code, message: error.description, isTransient: error.isTransient)
    case let error as FusionError:
      self.init(code: error.code, message: error.description, isTransient: false)
    case let error as JobStoreError:
      self.init(code: error.code, message: error.description, isTransient: error.isTransient)
      if case .diskFull = error { isDiskFull = true }
    case let error as JobError:
      self.init(code: error.code, message: error.description, isTransient: false)
      if case .diskFull = error { isDiskFull = true }
    default: self.init(code: "unexpected", message: "\(error)", isTransient: false)
    }
  }

  /// What is wrong with the output as a whole, so that no block can be written: no fault of this one either.
  func outputTrouble(_ folders: DirectoryMaker) -> JobError? {
    if !folders.isInPlace {
      return .output("the output \(folders.root) was removed, moved or replaced", hint: "put it back, then run again")
    }
    switch errno {
    case EROFS: return .output(message, hint: "mount it for writing, then run again; finished blocks are kept")
    case EFBIG: return .output(message, hint: "raise the limit of file sizes (`ulimit -f`), or choose smaller blocks")
    default: return nil
    }
  }
}
