import Synchronization

/// Says that a run is to end soon: set by a signal, looked at between the parts of blocks.
public final class StopFlag: Sendable {
  private let value = Atomic<Int32>(0)

  public init() {}

  /// Safe to call from a signal handler.
  public func stop(signal: Int32) {
    _ = value.compareExchange(expected: 0, desired: signal, ordering: .relaxed)
  }

  /// The signal that asked for the stop, or nil.
  public var signal: Int32? {
    let signal = value.load(ordering: .relaxed)
    return signal == 0 ? nil : signal
  }
}
