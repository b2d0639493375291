/// Why bytes could not be decoded or encoded; where they came from is added by who asked.
package enum CodecFailure: Error {
  case damaged(String)
  case outOfMemory(byteCount: Int)
  case failed(String)
  case io(ZarrError)

  /// The failure as an error.
  ///
  /// - Parameter place: the error that names the place of bytes that are damaged, for a reason.
  package func error(_ place: (_ reason: String) -> ZarrError) -> ZarrError {
    switch self {
    case .damaged(let reason), .failed(let reason): place(reason)
    case .outOfMemory(let byteCount): .outOfMemory(byteCount: byteCount)
    case .io(let error): error
    }
  }
}
