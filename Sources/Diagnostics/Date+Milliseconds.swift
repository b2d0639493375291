import Foundation

extension Date {
  /// Whole milliseconds since 1970, as the job database and the logs of tasks hold times.
  public var milliseconds: Int { Int((timeIntervalSince1970 * 1000).rounded()) }

  public init(milliseconds: Int) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
