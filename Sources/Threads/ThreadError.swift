import Diagnostics

/// The system starts no thread where one is needed: the process, the user or the container has as many as it may have.
public struct ThreadError: Failure, Equatable, Sendable {
  /// The name that the thread would have had.
  public let name: String
  public let errno: Int32

  public var code: FailureCode { .threadMissing }

  public var description: String {
    "cannot start the thread \(name): \(systemText(errno))"
  }

  public var hint: String {
    "run with fewer --workers, or raise the limit of threads (`ulimit -u`, or pids.max of a container); the same command "
      + "goes on where it stopped"
  }
}
