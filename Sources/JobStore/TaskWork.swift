import Foundation

/// What the logs of a work order's tasks say beyond the job's record, for those who look on.
package struct TaskWork: Hashable, Sendable {
  /// Attempts that wrote into their logs of late and did not say that they ended.
  package var atWork = 0
  /// Blocks that these have in hand, by level.
  package var inHand: [Int: Int] = [:]
  /// What all tasks did within the last while: over how many seconds, and the voxels of blocks that were looked at and that
  /// were written.
  package var seconds = 0.0
  package var voxels = 0
  package var writtenVoxels = 0
  /// Logs that have grown since they were collected, by how much, and when the youngest of them was written to.
  package var grownLogs = 0
  package var grownBytes = 0
  package var writtenAt: Date?
  /// All that was logged until then is in the counts, as far as it had reached this host; nil: not all was read yet.
  package var asOf: Date?
  /// Folders of tasks that were read, of how many.
  package var readFolders = 0
  package var folders = 0

  package init() {}
}
