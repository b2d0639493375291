import GRDB
import Geometry

/// The states of one brick's blocks, for readers.
struct BrickContents: Sendable {
  enum Blocks: Sendable {
    case untouched
    case all(BlockState)
    /// Finished: done by the bits, else empty.
    case mixed(done: Bitmap)
    case open(done: Bitmap, empty: Bitmap, failed: Bitmap, running: Bitmap)
  }

  let place: BrickPlace
  let blocks: Blocks

  /// - Parameter runs: whose claims count as running; nil: all.
  static func load(
    _ db: Database, job: JobID, level: Int, _ place: BrickPlace, runs: Set<Int64>? = nil
  ) throws -> BrickContents {
    let row = try db.row(
      "SELECT \(BrickRow.columns) FROM brick WHERE job = ? AND level = ? AND brick = ?",
      [job, level, place.number])
    guard let row else { return BrickContents(place: place, blocks: .untouched) }
    return try BrickContents(db, job: job, level: level, place, row, runs: runs)
  }

  init(place: BrickPlace, blocks: Blocks) {
    (self.place, self.blocks) = (place, blocks)
  }

  /// Reads `BrickRow.columns`, and the brick's failures and claims if it is not finished.
  init(_ db: Database, job: JobID, level: Int, _ place: BrickPlace, _ row: StoredRow, runs: Set<Int64>?) throws {
    self.place = place
    switch try row.text("state") {
    case "done": blocks = .all(.done)
    case "empty": blocks = .all(.empty)
    case "mixed": blocks = .mixed(done: try BrickRow.bitmap(row, "done", place))
    default:
      blocks = .open(
        done: try BrickRow.bitmap(row, "done", place), empty: try BrickRow.bitmap(row, "empty", place),
        failed: try BrickRow.failed(db, job: job, level: level, place),
        running: try BrickRow.claimed(db, job: job, level: level, place, runs: runs))
    }
  }

  func state(at index: Int) -> BlockState {
    switch blocks {
    case .untouched: return .pending
    case .all(let state): return state
    case .mixed(let done): return done[index] ? .done : .empty
    case .open(let done, let empty, let failed, let running):
      if done[index] { return .done }
      if empty[index] { return .empty }
      if failed[index] { return .failed }
      return running[index] ? .running : .pending
    }
  }

  /// A position outside the brick is pending.
  func state(of position: TCZYX) -> BlockState {
    place.index(of: position).map(state(at:)) ?? .pending
  }

  func isSettled(_ position: TCZYX) -> Bool { state(of: position).isSettled }

  /// Every block is done or empty.
  var isSettled: Bool {
    switch blocks {
    case .all(let state): state.isSettled
    case .mixed: true
    case .untouched, .open: false
    }
  }

  /// Whether any block has a state.
  func contains(_ state: BlockState) -> Bool {
    switch blocks {
    case .untouched: return state == .pending
    case .all(let all): return state == all
    case .mixed: return state.isSettled
    case .open(let done, let empty, let failed, let running):
      switch state {
      case .done: return done.population > 0
      case .empty: return empty.population > 0
      case .failed: return failed.population > 0
      case .running: return running.population > 0
      case .pending:
        return done.population + empty.population + failed.population + running.population < place.count
      }
    }
  }
}
