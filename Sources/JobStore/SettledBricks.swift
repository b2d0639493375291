import Memory
import Synchronization

/// Bricks that are settled, remembered for as long as a run lives, during which they cannot change.
final class SettledBricks: Sendable {
  /// A bitmap is 512 bytes: 8 MiB at most.
  private static let capacity = 16_384
  private let bricks = Mutex(LeastRecentlyUsed<BrickKey, BrickContents>())

  func contents<E: Error>(
    level: Int, _ place: BrickPlace, load: () throws(E) -> BrickContents
  ) throws(E) -> BrickContents {
    let key = BrickKey(level: level, brick: place.number)
    if let known = bricks.withLock({ $0.use(key) }) { return known }
    let contents = try load()
    if contents.isSettled {
      bricks.withLock { bricks in
        bricks.insert(contents, for: key)
        bricks.shrink(toCost: SettledBricks.capacity)
      }
    }
    return contents
  }
}
