import Foundation

/// What tells one state of a file from another: its size, the time of its last writing, and which file it is.
public struct FileVersion: Hashable, Sendable {
  public var byteCount: Int
  /// Nanoseconds since 1970.
  public var modificationTime: Int64
  public var inode: UInt64

  public init(byteCount: Int, modificationTime: Int64, inode: UInt64) {
    (self.byteCount, self.modificationTime, self.inode) = (byteCount, modificationTime, inode)
  }

  package init(_ status: stat) {
    self.init(
      byteCount: Int(status.st_size), modificationTime: status.modified.nanoseconds, inode: UInt64(status.st_ino))
  }

  /// Size and time as people read them, `1234 bytes, 1700000000.000000000`.
  public var text: String { "\(byteCount) bytes, \(Self.text(nanoseconds: modificationTime))" }

  /// A time in nanoseconds since 1970 as people read it, `1700000000.000000000`.
  package static func text(nanoseconds time: Int64) -> String {
    var (seconds, nanoseconds) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
    // before 1970 too the fraction counts forwards
    if nanoseconds < 0 { (seconds, nanoseconds) = (seconds - 1, nanoseconds + 1_000_000_000) }
    let digits = String(nanoseconds)
    return "\(seconds).\(String(repeating: "0", count: max(0, 9 - digits.count)))\(digits)"
  }
}

extension timespec {
  /// Since 1970.
  var nanoseconds: Int64 { Int64(tv_sec) &* 1_000_000_000 &+ Int64(tv_nsec) }
}

extension stat {
  /// The time at which anything of the file but its access last changed: its bytes, its name, its permissions. No program
  /// can set it. In nanoseconds since 1970.
  package var statusChangedAt: Int64 {
    #if canImport(Darwin)
      st_ctimespec.nanoseconds
    #else
      st_ctim.nanoseconds
    #endif
  }

  /// The time of the last writing, under the name that each system gives to it.
  var modified: timespec {
    #if canImport(Darwin)
      st_mtimespec
    #else
      st_mtim
    #endif
  }
}
