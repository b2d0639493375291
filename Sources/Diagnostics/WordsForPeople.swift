import Foundation

// How numbers are written for people, on the terminal and in reports.

/// `3 s`, `12 min 5 s`, `4 h 10 min`, `12 d 3 h`.
public func durationText(_ seconds: Double) -> String {
  guard seconds < 1e10 else { return "centuries" }
  let s = Int(seconds.rounded())
  if s < 60 { return "\(s) s" }
  if s < 3600 { return "\(s / 60) min \(s % 60) s" }
  if s < 86_400 { return "\(s / 3600) h \(s % 3600 / 60) min" }
  return "\(s / 86_400) d \(s % 86_400 / 3600) h"
}

extension Int {
  /// `1,234,567`.
  public var grouped: String {
    var digits = Array(String(magnitude))
    var i = digits.count - 3
    while i > 0 {
      digits.insert(",", at: i)
      i -= 3
    }
    return (self < 0 ? "-" : "") + String(digits)
  }
}

/// `1 block`, `2,345 blocks`.
///
/// - Parameter many: where an `s` does not make it of `one`: `processes`.
public func counted(_ count: Int, _ one: String, _ many: String? = nil) -> String {
  "\(count.grouped) \(count == 1 ? one : many ?? one + "s")"
}

/// Only as much of a measured number as was measured: six digits. `12.3457` of 12.345678.
public func measured(_ value: Double) -> Double {
  guard value.isFinite, value != 0 else { return value }
  return Double(String(format: "%.6g", value)) ?? value
}

/// A measured number, of which less than `step` means nothing: `-15.546` of -15.5455488 to 0.0005.
public func measured(_ value: Double, to step: Double) -> Double {
  guard value.isFinite, step.isFinite, step > 0 else { return value }
  let decimals = max(0, min(15, Int((-log10(step)).rounded(.up))))
  return Double(String(format: "%.\(decimals)f", value)) ?? value
}

/// `47.3 %`; 100.0 % only where it is all, 0.0 % only where it is nothing.
public func percentText(_ part: Int, of total: Int) -> String {
  if part > 0, Double(part) / Double(max(1, total)) < 0.0005 { return "< 0.1 %" }
  let percent = 100 * Double(part) / Double(max(1, total))
  return String(format: "%.1f %%", part < total ? min(percent, 99.9) : percent)
}

/// `94.5 Mvoxel/s`.
public func rateText(_ voxelsPerSecond: Double) -> String {
  String(format: voxelsPerSecond < 1e5 ? "%.2g Mvoxel/s" : "%.1f Mvoxel/s", voxelsPerSecond / 1e6)
}

/// `2026-03-01T12:00:00Z`.
public func timeText(_ date: Date) -> String { date.formatted(.iso8601) }

/// `2026-03-01 12:00:00 UTC`, for people.
public func momentText(_ date: Date) -> String {
  timeText(date).replacingOccurrences(of: "T", with: " ").replacingOccurrences(of: "Z", with: " UTC")
}

/// A number of bytes for people: `3.2 GiB`.
public func byteText(_ byteCount: Int) -> String {
  let units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
  var value = Double(byteCount)
  var unit = 0
  while value >= 1024, unit < units.count - 1 {
    value /= 1024
    unit += 1
  }
  return unit == 0 ? "\(byteCount) bytes" : String(format: value < 10 ? "%.2f %@" : "%.1f %@", value, units[unit])
}
