import Foundation

/// Two times of a file as people read them, by this host's clock: the new one in full, and of the old one what differs.
///
/// `30 Nov 2026 10:12`, `09:40`. Seconds are written where the minutes are the same, and their digits where the seconds are.
public struct FileTimeText: Hashable, Sendable {
  public let now: String
  public let was: String

  /// - Parameters: in nanoseconds since 1970.
  public init(now: Int64, was: Int64) {
    let (new, old) = (Moment(now), Moment(was))
    let digits = new.minute != old.minute ? 0 : new.second != old.second ? 1 : 2
    self.now = "\(new.day) \(new.clock(digits))"
    self.was = new.day == old.day ? old.clock(digits) : "\(old.day) \(old.clock(digits))"
  }

  private struct Moment {
    let day: String
    /// `10:12`.
    let minute: String
    let second: String
    let fraction: String

    init(_ nanoseconds: Int64) {
      var (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
      if rest < 0 { (seconds, rest) = (seconds - 1, rest + 1_000_000_000) }
      var time = time_t(seconds)
      var parts = tm()
      localtime_r(&time, &parts)
      let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
      let month = months.indices.contains(Int(parts.tm_mon)) ? months[Int(parts.tm_mon)] : "?"
      day = "\(parts.tm_mday) \(month) \(Int(parts.tm_year) + 1900)"
      minute = "\(day) \(Moment.padded(Int64(parts.tm_hour), 2)):\(Moment.padded(Int64(parts.tm_min), 2))"
      second = Moment.padded(Int64(parts.tm_sec), 2)
      fraction = Moment.padded(rest, 9)
    }

    /// - Parameter digits: 0: to the minute; 1: to the second; 2: in full.
    func clock(_ digits: Int) -> String {
      let time = String(minute.dropFirst(day.count + 1))
      return digits == 0 ? time : digits == 1 ? "\(time):\(second)" : "\(time):\(second).\(fraction)"
    }

    private static func padded(_ number: Int64, _ count: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, count - digits.count)) + digits
    }
  }
}
