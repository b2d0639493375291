import Foundation

/// What an error says to people, also one of a library that has no sentence of its own: what the system said, in its words.
/// Never the name of a type, nor "The operation could not be completed".
public func errorWords(_ error: any Error) -> String {
  if let failure = error as? any Failure { return failure.description }
  if let number = systemNumber(of: error) { return systemWords(number) }
  if let unread = error as? DecodingError { return words(unread) }
  let known = error as NSError
  // one that is not made to be read says "The operation could not be completed" here
  if let localized = error as? any LocalizedError, let words = localized.errorDescription { return words }
  if !(type(of: error) is NSError.Type), !(error is CocoaError), let readable = error as? any CustomStringConvertible {
    return readable.description
  }
  return "an unexpected error (\(known.domain) \(known.code))"
}

private func words(_ error: DecodingError) -> String {
  func place(_ path: [any CodingKey]) -> String {
    path.isEmpty ? "" : " in \(path.map { $0.intValue.map { "\($0)" } ?? $0.stringValue }.joined(separator: "."))"
  }
  return switch error {
  case .keyNotFound(let key, let context): "\"\(key.stringValue)\" is missing\(place(context.codingPath))"
  case .typeMismatch(_, let context), .valueNotFound(_, let context): "a value of another kind is expected\(place(context.codingPath))"
  case .dataCorrupted(let context): "it is damaged\(place(context.codingPath))"
  @unknown default: "it is not what is expected"
  }
}

/// The number of the system that an error of Foundation rests on; nil where there is none.
private func systemNumber(of error: any Error) -> Int32? {
  let known = error as NSError
  if known.domain == NSPOSIXErrorDomain { return Int32(exactly: known.code) }
  if let below = known.userInfo[NSUnderlyingErrorKey] as? NSError, below !== known { return systemNumber(of: below) }
  guard let error = error as? CocoaError else { return nil }
  // those that Foundation makes of a number, and sometimes without it
  return switch error.code {
  case .fileNoSuchFile, .fileReadNoSuchFile: ENOENT
  case .fileReadNoPermission, .fileWriteNoPermission: EACCES
  case .fileWriteOutOfSpace: ENOSPC
  case .fileWriteFileExists: EEXIST
  case .fileWriteVolumeReadOnly: EROFS
  default: nil
  }
}
