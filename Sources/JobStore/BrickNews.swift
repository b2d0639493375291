import Foundation

/// Everything that logs say of the blocks of one brick, record by record in any order: which blocks are settled, with the
/// checksums of their files, and which failed, and why. `BrickBits` says which word counts.
package struct BrickNews: Sendable {
  package struct Failure: Hashable, Sendable {
    package let code: String
    package let message: String
    package let at: Date

    package init(code: String, message: String, at: Date) {
      (self.code, self.message, self.at) = (code, message, at)
    }
  }

  package private(set) var bits: BrickBits
  package private(set) var checksums: [Int: UInt32] = [:]
  /// The last failure of each block in `bits.failed`.
  package private(set) var failures: [Int: Failure] = [:]

  package init(count: Int) { bits = BrickBits(count: count) }

  package mutating func settle(_ block: Int, isEmpty: Bool, checksum: UInt32? = nil) {
    bits.settle(block, isEmpty: isEmpty)
    failures[block] = nil
    if let checksum { checksums[block] = checksum }
  }

  /// - Parameter failure: nil where it is only counted.
  package mutating func fail(_ block: Int, _ failure: Failure?) {
    bits.fail(block)
    if let failure, bits.failed[block] { failures[block] = failure }
  }

  /// The whole brick is empty, but for blocks that are done.
  package mutating func settleEmpty() {
    bits.settleEmpty()
    failures = [:]
  }
}
