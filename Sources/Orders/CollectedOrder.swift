import JobStore

/// What `Collector` merged of an order's logs, and how the job stands since.
package struct CollectedOrder: Sendable {
  package var order: OrderRecord?
  package var logs = OrderLogs()
  /// Newly settled.
  package var settledBlocks = 0
  /// Logs that end in something that is no whole record: being written, torn, or damaged.
  package var tornLogs = 0
  /// Whether the order's folder is gone, and with it what was not collected before.
  package var isOrderGone = false
  package var state: JobState
}
