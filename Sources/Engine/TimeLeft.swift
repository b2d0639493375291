import JobStore

/// How long a job will still take.
///
/// Only blocks that are written cost much: regions that are settled in bulk cost nothing, and a block that turns out empty
/// costs little. So what is left is counted in voxels that will probably be written, and divided by the voxels written a
/// second lately, over a time in which the empty blocks between them were looked at, too.
///
/// - Of the level at work, as large a part of what is pending will be written as of what was looked at lately. (Where
///   regions are still to be settled in bulk, that errs to the long side.)
/// - Of a level above, the part that will be written is that of the level below, since a mean is empty where all of its
///   voxels are.
///
/// What was done before an interruption counts as done, and its rate only until this run has one of its own.
package enum TimeLeft {
  package struct Level: Sendable {
    var counts: BlockCounts
    let voxelsPerBlock: Int

    package init(counts: BlockCounts, voxelsPerBlock: Int) {
      (self.counts, self.voxelsPerBlock) = (counts, voxelsPerBlock)
    }

    var total: Double { Double(max(1, counts.total)) }
    /// Neither settled nor failed.
    var left: Double { Double(max(0, counts.total - counts.settled - counts.failed)) }
  }

  /// What one or several processes did within some time.
  package struct Lately: Sendable {
    package var seconds: Double
    /// The voxels of all blocks that were looked at.
    package var voxels: Int
    package var writtenVoxels: Int

    package init(seconds: Double, voxels: Int, writtenVoxels: Int) {
      (self.seconds, self.voxels, self.writtenVoxels) = (seconds, voxels, writtenVoxels)
    }
  }

  /// Nil where nothing was done lately.
  package static func seconds(levels: [Level], lately: Lately) -> Double? {
    guard lately.seconds > 0, lately.voxels > 0 else { return nil }
    // nothing but empty blocks so far: then those are what takes the time
    if lately.writtenVoxels <= 0 {
      let voxels = levels.reduce(0.0) { $0 + $1.left * Double($1.voxelsPerBlock) }
      return voxels * lately.seconds / Double(lately.voxels)
    }
    let writtenShare = min(1, Double(lately.writtenVoxels) / Double(lately.voxels))
    var isAtWork = true
    var below = 1.0
    var voxels = 0.0
    for level in levels {
      let share = isAtWork ? writtenShare : below
      let toWrite = level.left * share
      voxels += toWrite * Double(level.voxelsPerBlock)
      below = min(1, (Double(level.counts.done) + toWrite) / level.total)
      if level.left > 0 { isAtWork = false }
    }
    return voxels * lately.seconds / Double(lately.writtenVoxels)
  }
}
