import CSystem
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
    csystem_address_space() > 0
      ? "the address space of the process is limited (`ulimit -v`), which the stacks of threads need too: raise that limit, or run "
        + "with fewer --workers and less --memory; the same command continues where it stopped"
      : "run with fewer --workers, or raise the limit of threads (`ulimit -u`, or pids.max of a container); the same command "
        + "continues where it stopped"
  }
}
