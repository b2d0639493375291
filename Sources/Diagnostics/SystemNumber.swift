import Foundation

/// The system's words for an error number, `No such file or directory`.
public func systemWords(_ number: Int32) -> String { String(cString: strerror(number)) }

/// The system's words for an error number and the number, `No such file or directory (errno 2)`.
public func systemText(_ number: Int32) -> String { "\(systemWords(number)) (errno \(number))" }
