import Foundation

/// How many files the process may have open, and what is made of that.
///
/// Beyond the limit every file fails to open, those of sound blocks and those of the database alike; so what is kept open
/// for later, and what waits to be synced, is cut to what the limit leaves.
public enum OpenFiles {
  /// More than a run of any size needs. Programs that are started from this one may go through all numbers up to the limit.
  private static let mostWanted: rlim_t = 65_536
  /// Standard streams, the database with its journal and its readers, logs, folders that are being synced.
  private static let others = 24

  /// The limit as it is now.
  public static var limit: Int {
    var limits = rlimit()
    guard getrlimit(noFile, &limits) == 0 else { return 256 }
    return Int(min(limits.rlim_cur, mostWanted))
  }

  /// Raises the limit as far as the user may: many systems begin with a few hundred files for the sake of old programs.
  public static func raiseLimit() {
    var limits = rlimit()
    guard getrlimit(noFile, &limits) == 0 else { return }
    var wanted = min(limits.rlim_max, mostWanted)
    #if canImport(Darwin)
      // what lies above is refused, whatever the hard limit says
      wanted = min(wanted, rlim_t(OPEN_MAX))
    #endif
    guard wanted > limits.rlim_cur else { return }
    limits.rlim_cur = wanted
    // where it is refused, less is kept open
    _ = setrlimit(noFile, &limits)
  }

  /// How many descriptors each format of input may keep while nobody reads from them.
  public static func idle(limit: Int = limit) -> Int { max(2, limit / 8) }

  /// How many finished files may be on their way to disk at a time; nil where not even one can be, with so many workers.
  ///
  /// - Parameter wanted: how many are good for the speed.
  public static func onTheirWay(wanted: Int, workers: Int, limit: Int = limit) -> Int? {
    // a worker has the file that it writes and one that it reads
    let left = limit - others - 2 * idle(limit: limit) - 2 * workers
    return left < 1 ? nil : min(wanted, left)
  }

  #if canImport(Glibc)
    private static let noFile = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  #else
    private static let noFile = RLIMIT_NOFILE
  #endif
}
