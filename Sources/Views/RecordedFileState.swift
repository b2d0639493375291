import Files

/// The size and time of a file as a fingerprint has them, read back from `FileVersion.text`.
struct RecordedFileState: Hashable, Sendable {
  let byteCount: Int
  /// Nanoseconds since 1970.
  let modificationTime: Int64
  /// Words behind the two.
  let remark: String?

  /// Nil for a file that was missing or could not be read, and for what is no state of a file.
  init?(_ text: String) {
    let parts = text.split(separator: ", ", maxSplits: 2)
    guard parts.count >= 2, parts[0].hasSuffix(" bytes"), let byteCount = Int(parts[0].dropLast(" bytes".count)) else { return nil }
    let digits = parts[1].split(separator: ".")
    guard digits.count == 2, digits[1].count == 9, let seconds = Int64(digits[0]), let fraction = Int64(digits[1]) else { return nil }
    let (whole, isTooLarge) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (time, isBeyond) = whole.addingReportingOverflow(fraction)
    guard !isTooLarge, !isBeyond else { return nil }
    (self.byteCount, modificationTime, remark) = (byteCount, time, parts.count > 2 ? String(parts[2]) : nil)
  }
}
