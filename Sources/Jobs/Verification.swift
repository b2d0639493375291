import JobStore
import Output

/// What `Verifier` found in an output.
package struct Verification: Sendable {
  /// A block that is recorded done and cannot be read back.
  package struct Problem: Sendable {
    package let block: BlockID
    package let code: String
    package let message: String
  }

  /// What a repair did about it.
  package struct Repair: Sendable {
    /// Blocks set to pending, those of the levels above included.
    package let blockCount: Int
    package let removedStrays: Int
  }

  package let checkedBlocks: Int
  package let checkedByteCount: Int
  package let problems: [Problem]
  /// Metadata of the output that is missing or altered.
  package let metadataProblems: [String]
  let foundStrays: [Strays.Stray]
  /// Files that belong to no recorded block: no damage.
  package var strays: [String] { foundStrays.map(\.path) }
  /// Whether a block or metadata are not as recorded.
  package var isDamaged: Bool { !(problems.isEmpty && metadataProblems.isEmpty) }
}
