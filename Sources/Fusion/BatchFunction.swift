import Geometry

/// A way to run blocks, batch by batch: the reference's `batch_func`. Users add their own, see `FusionRegistry`.
///
/// The program takes blocks, syncs and records them; the function decides where and when each is fused: on its own
/// threads, after a warm-up, with a pause, in an order of its own.
public protocol BatchFunction: Sendable {
  static var name: String { get }
  /// Throws for arguments that it does not know or cannot use (`batch_func_kwargs`).
  init(arguments: FunctionArguments) throws(FusionError)
  /// Calls `batch.fuse` once for each block of the batch, and returns when all calls have returned. A block that it left
  /// out, or that it threw before, is recorded as failed. Errors of `fuse` are to be passed on.
  func run(_ batch: BlockBatch) throws
}

/// Some blocks of one level that nobody else has.
public struct BlockBatch: Sendable {
  public let level: Int
  /// The blocks, by their position in the level's grid.
  public let positions: [TCZYX]
  /// How many blocks are fused at a time; a call of `fuse` beyond that waits.
  public let concurrency: Int
  private let body: @Sendable (Int) throws(BatchStopped) -> Void

  public init(
    level: Int, positions: [TCZYX], concurrency: Int, fuse body: @escaping @Sendable (Int) throws(BatchStopped) -> Void
  ) {
    (self.level, self.positions, self.concurrency, self.body) = (level, positions, concurrency, body)
  }

  public var indices: Range<Int> { positions.indices }

  /// Fuses, encodes and hands on the block at `index` of `positions`; from any thread. A block that cannot be fused is
  /// recorded as failed, which is no error of the batch. A second call for a block does nothing.
  public func fuse(_ index: Int) throws(BatchStopped) { try body(index) }
}

/// The run is to stop: the rest of the batch stays as it was.
public struct BatchStopped: Error, Sendable {
  public init() {}
}
