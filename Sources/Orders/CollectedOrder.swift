import JobStore

/// What `Collector` merged of an order's logs, and how the job stands since.
package struct CollectedOrder: Sendable {
  /// The order; nil if the job never had one.
  package let order: OrderRecord?
  package let state: JobState
  package let logs: OrderLogs
  /// Blocks newly settled.
  package let settledBlocks: Int
  /// Logs that end in something that is no whole record: being written, torn, or damaged.
  package let tornLogs: Int
  /// Whether the order's folder is gone, and with it what was not collected before.
  package let isOrderGone: Bool

  init(
    order: OrderRecord?, state: JobState, logs: OrderLogs = OrderLogs(), settledBlocks: Int = 0, tornLogs: Int = 0,
    isOrderGone: Bool = false
  ) {
    (self.order, self.state, self.logs) = (order, state, logs)
    (self.settledBlocks, self.tornLogs, self.isOrderGone) = (settledBlocks, tornLogs, isOrderGone)
  }
}
