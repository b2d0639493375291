import Foundation

/// A lock on a file that is there for nothing else: held by one, or shared by many, until this object goes away or the
/// process dies, whatever killed it.
///
/// On network file systems it reaches as far as their locks do: NFS passes it to the server, so that all hosts see it, unless
/// it is mounted with `nolock` or `local_lock`.
public final class FileLock: Sendable {
  public enum Kind: Sendable {
    /// Beside others that share it.
    case shared
    case alone
  }

  public enum Answer: Sendable {
    case taken
    /// Somebody holds it in a way that does not go together with this.
    case held
    /// The file system has no locks.
    case unknown
  }

  private let path: String
  private let descriptor: Int32

  /// Makes the file if there is none; its folder must be there.
  public init(_ path: String) throws(StorageError) {
    self.path = path
    let flags = O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW
    // NFS locks only what is open for writing; elsewhere that would keep a disk from being made read-only as long as it is held
    let access = FileSystemKind.network(at: parentFolder(of: path)) == nil ? O_RDONLY : O_RDWR
    var descriptor = open(path, access | O_CREAT | flags, 0o666)
    // of somebody else
    if descriptor < 0, errno == EACCES || errno == EPERM || errno == EROFS { descriptor = open(path, O_RDONLY | flags) }
    guard descriptor >= 0 else { throw .io(step: .open, path: path, errno: errno) }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Takes the lock if that can be done at once. Held in the other way before, it may be lost to somebody else on the way.
  public func take(_ kind: Kind) throws(StorageError) -> Answer {
    while flock(descriptor, (kind == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 {
      switch errno {
      case EINTR: continue
      case EWOULDBLOCK: return .held
      // EBADF: over NFS, a file that is open for reading only
      case ENOLCK, ENOSYS, EOPNOTSUPP, EINVAL, EBADF: return .unknown
      case let number: throw .io(step: .open, path: path, errno: number)
      }
    }
    return .taken
  }

  /// As `take`, waiting for others at most so long.
  public func take(_ kind: Kind, within seconds: Double) throws(StorageError) -> Answer {
    let deadline = Date().addingTimeInterval(seconds)
    while true {
      let answer = try take(kind)
      if answer != .held || Date() >= deadline { return answer }
      usleep(10_000)
    }
  }
}
