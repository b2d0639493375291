import Foundation

/// The system starts no thread where one is needed: the process, the user or the container has as many as it may have.
public struct ThreadError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Of the thread.
  public let name: String
  public let errno: Int32

  public var description: String {
    "cannot start the thread \(name): \(String(cString: strerror(errno))) (errno \(errno))"
  }

  public var hint: String {
    "run with fewer --workers, or raise the limit of threads (`ulimit -u`, or pids.max of a container); the same command "
      + "goes on where it stopped"
  }
}
