import Foundation

/// Everything that the new part of one log says of blocks, for the database.
package struct LogNews: Sendable {
  /// The path of the log in the order's folder.
  let name: String
  let level: Int
  /// The part of the file that was read.
  package let read: Range<Int>
  /// The latest time that the log names.
  let newestAt: Date?
  let hasEnded: Bool
  let bricks: [Int: BrickNews]
  /// Whole bricks that are empty.
  let emptyBricks: [Range<Int>]

  package init(
    name: String, level: Int, read: Range<Int>, newestAt: Date?, hasEnded: Bool, bricks: [Int: BrickNews], emptyBricks: [Range<Int>]
  ) {
    (self.name, self.level, self.read) = (name, level, read)
    (self.newestAt, self.hasEnded) = (newestAt, hasEnded)
    (self.bricks, self.emptyBricks) = (bricks, emptyBricks)
  }
}
