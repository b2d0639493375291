import Files
import Foundation
import Synchronization
import Views

/// Tells a disk that is ill from files that are: of many files in a row, with nothing made meanwhile, each was there and
/// none could be read. Then it is not they who are at fault, and no block is to fail for it.
package final class ReadTroubles: Sendable {
  /// Files, or reads of however few files, that could not be read since something was made.
  package static let (mostFiles, mostReads) = (16, 256)

  private let state = Mutex<(files: Set<String>, reads: Int)>(([], 0))

  package init() {}

  /// The outage behind a read that failed after all tries; nil where the file may be to blame.
  package func outage(behind error: any Error) -> Outage? {
    guard let storage = (error as? ViewsError)?.storage, storage.systemNumber == EIO else { return nil }
    let (files, reads) = state.withLock { state in
      state.reads += 1
      if state.files.count < Self.mostFiles { state.files.insert(storage.path) }
      return (state.files.count, state.reads)
    }
    guard files >= Self.mostFiles || reads >= Self.mostReads else { return nil }
    return Outage("\(reads) reads in a row failed, of \(files)\(files < Self.mostFiles ? "" : " or more") files: \(storage.description)")
  }

  /// Something was made of what was read.
  package func ended() { state.withLock { $0 = ([], 0) } }
}
