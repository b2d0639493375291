import Foundation

/// What an error number of the system means for work on a file, and what to do about it: the one table of them.
public struct ErrnoMeaning: Sendable {
  /// No space on the disk, or the user's share of it is used up.
  public let isDiskFull: Bool
  /// There is nothing at the path.
  public let isMissing: Bool
  /// Whether trying again, with nothing changed, can help.
  public let isTransient: Bool
  /// What to do next.
  public let hint: String

  public init(_ number: Int32) {
    isDiskFull = [ENOSPC, EDQUOT].contains(number)
    isMissing = [ENOENT, ENOTDIR].contains(number)
    isTransient = [
      EIO, EAGAIN, EBUSY, EMFILE, ENFILE, ENOMEM, ESTALE, ETIMEDOUT, EINTR, ENOBUFS, ECONNRESET, EHOSTDOWN,
    ].contains(number)
    hint =
      switch number {
      case ENOSPC, EDQUOT: "free some space and run again; finished blocks are kept"
      case EACCES, EPERM, EROFS: "check the permissions"
      case EMFILE, ENFILE: "raise the limit of open files (`ulimit -n`)"
      default: "check the disk and the mount, then run again"
      }
  }
}
