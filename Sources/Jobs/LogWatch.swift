import Diagnostics

/// Notices that the log of the job database (the file that ends in `-wal`) grows. While somebody reads, the log cannot be folded into
/// the database; a reader that never ends, such as a stopped process, lets it grow until the disk is full.
package struct LogWatch: Sendable {
  /// Far above what a run and readers that end let it grow to.
  private var nextByteCount = 32 << 20

  package init() {}

  /// What is to be said of a log that has grown to so many bytes; nil most of the time. Said again when it is twice as long.
  package mutating func note(path: String, byteCount: Int) -> String? {
    guard byteCount >= nextByteCount else { return nil }
    while nextByteCount <= byteCount { nextByteCount *= 2 }
    return
      "the log beside the job database, \(path), has grown to \(byteText(byteCount)), since some program has been reading the "
      + "database for long and keeps it from being folded in; `lsof \(shellWord(path))` shows which: end it, or let it go on if it is stopped"
  }
}
