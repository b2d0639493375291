import JobStore
import Output

/// What `Verifier` found in an output, and what a repair did about it.
package struct Verification: Sendable {
  /// A block that is recorded done and cannot be read back.
  package struct Problem: Sendable {
    package let block: BlockID
    package let code: String
    package let message: String
  }

  package var checkedBlocks = 0
  package var checkedByteCount = 0
  package var problems: [Problem] = []
  /// Metadata of the output that is missing or altered.
  package var metadataProblems: [String] = []
  /// Files that belong to no recorded block: no damage.
  package var strays: [String] { foundStrays.map(\.path) }
  var foundStrays: [Strays.Stray] = []
  /// Blocks set to pending by a repair, those of the levels above included.
  package var repairedBlocks = 0
  package var removedStrays = 0
}
