import Foundation

/// Everything that the new part of one log says of blocks, for the database.
package struct LogNews: Sendable {
  /// The path of the log in the order's folder.
  package let name: String
  package let level: Int
  /// The part of the file that was read.
  package let read: Range<Int>
  package var newestAt: Date?
  package var hasEnded = false
  package var bricks: [Int: BrickNews] = [:]
  /// Whole bricks that are empty.
  package var emptyBricks: [Range<Int>] = []

  package init(name: String, level: Int, read: Range<Int>) {
    (self.name, self.level, self.read) = (name, level, read)
  }
}
