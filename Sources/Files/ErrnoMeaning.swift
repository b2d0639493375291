import Foundation

/// What an error number of the system means for work on a file, and what to do about it: the one table of them.
public struct ErrnoMeaning: Sendable {
  /// No space on the disk, or the user's share of it is used up.
  public let isDiskFull: Bool
  /// There is nothing at the path.
  public let isMissing: Bool
  /// Whether trying again, with nothing changed, can help.
  public let isTransient: Bool
  /// Whether a file system, or the host that has its data, does not answer: no fault of the file that was asked for.
  public let isUnanswered: Bool
  /// What to do next.
  public let hint: String

  public init(_ number: Int32) {
    isDiskFull = [ENOSPC, EDQUOT].contains(number)
    isMissing = [ENOENT, ENOTDIR].contains(number)
    isUnanswered = Self.unanswered.contains(number)
    isTransient = isUnanswered || [EIO, EAGAIN, EBUSY, EMFILE, ENFILE, ENOMEM, EINTR, ENOBUFS].contains(number)
    hint =
      switch number {
      case _ where isUnanswered: "see to the mount, or wait until it is back, then run again; what is done is kept"
      case ENOSPC, EDQUOT: "free some space and run again; finished blocks are kept"
      case EACCES, EPERM, EROFS: "check the permissions"
      case EMFILE, ENFILE: "raise the limit of open files (`ulimit -n`)"
      default: "check the disk and the mount, then run again"
      }
  }

  /// What network file systems (NFS, SMB, Lustre, FUSE) say while a server is away, starts again or was mounted anew.
  private static let unanswered: Set<Int32> = {
    var numbers: Set<Int32> = [
      ESHUTDOWN, ENOTCONN, EHOSTUNREACH, EHOSTDOWN, ENETDOWN, ENETUNREACH, ENETRESET, EPROTO, ECONNRESET, ECONNABORTED, ECONNREFUSED,
      ETIMEDOUT, ESTALE, ENOLINK,
    ]
    #if !canImport(Darwin)
      numbers.formUnion([EREMOTEIO, ECOMM, ENONET])
    #endif
    return numbers
  }()
}
