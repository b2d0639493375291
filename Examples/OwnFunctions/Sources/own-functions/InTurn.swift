import BlockfuseKit
import Foundation

/// Runs the blocks of a batch on threads of its own and says so on stderr:
/// `--batch-options '{"n_batch": 8, "batch_func": "in_turn", "batch_func_kwargs": {"reverse": true}}'`.
struct InTurn: BatchFunction {
  static let name = "in_turn"
  private let isReversed: Bool

  init(arguments: FunctionArguments) throws(FusionError) {
    isReversed = try arguments.bool("reverse", default: false, of: Self.name)
    try arguments.finish(knowing: ["reverse"], of: Self.name)
  }

  func run(_ batch: BlockBatch) throws {
    let order = isReversed ? Array(batch.indices.reversed()) : Array(batch.indices)
    FileHandle.standardError.write(Data("batch of \(order.count) blocks of level \(batch.level)\n".utf8))
    // a stop only ends the calls early: the program knows by itself what was not fused
    DispatchQueue.concurrentPerform(iterations: order.count) { i in try? batch.fuse(order[i]) }
  }
}
