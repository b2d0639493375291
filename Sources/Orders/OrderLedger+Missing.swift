import Foundation
import Geometry
import JobStore
import Synchronization

/// What keeps blocks of a task's share from being made.
extension OrderLedger {
  package struct Missing: Sendable {
    /// Blocks of the level below that are neither settled nor failed, counted for each block of the share that rests on
    /// them; none where all of these rest on failed ones as well, which nothing but a retry can help.
    package var pending = 0
    package var first: TCZYX?
    /// Blocks of the share that rest on failed ones, directly or further below.
    package var held = 0
  }

  /// What one look at the levels below has read and found out.
  private struct Look {
    /// By level: bricks of which the logs were read anew.
    var read: [Int: IndexSet] = [:]
    var isHeld: [BlockID: Bool] = [:]
  }

  /// Reads the logs of the level below anew, and those of the levels below that as far as something is missing.
  package func missingBelow(level number: Int) throws -> Missing {
    guard number > 0 else { return Missing() }
    return try state.withLock { levels in
      let level = try self.level(number, &levels)
      let below = try self.level(number - 1, &levels)
      var look = Look()
      var missing = Missing()
      let open = try openPositions(level)
      var needed = IndexSet()
      for position in open {
        for source in sourcePositions(of: position, number) { needed.insert(below.shares.layout.number(of: source)) }
      }
      try read(needed, number - 1, &look, &levels)
      var waiting: [(position: TCZYX, first: TCZYX)] = []
      for position in open {
        var (isHeld, first) = (false, TCZYX?.none)
        var pending = 0
        for source in sourcePositions(of: position, number) {
          switch try below.progress.state(of: source) {
          case .done, .empty: break
          case .failed: isHeld = true
          case .pending, .running:
            pending += 1
            first = first ?? source
          }
        }
        if isHeld {
          missing.held += 1
        } else if let first {
          missing.pending += pending
          waiting.append((position, first))
        }
      }
      // one that waits for others is enough: further down there may be very many
      for (position, _) in waiting {
        guard try isHeld(position, number, &look, &levels) else {
          missing.first = waiting.first { look.isHeld[BlockID(level: number, position: $0.position)] != true }?.first
          return missing
        }
        missing.held += 1
      }
      missing.pending = 0
      return missing
    }
  }

  /// The blocks of the own share that are neither settled nor failed.
  private func openPositions(_ level: LevelState) throws -> [TCZYX] {
    var open: [TCZYX] = []
    for brick in level.shares.bricks(of: task.index) {
      guard case .bits(let bits) = try level.progress.brick(brick) else { continue }
      let place = BrickPlace(brick, in: level.shares.layout)
      let indices = morton.indices(place.extent)
      for index in level.shares.ranks(of: task.index, brick: brick).map({ indices[$0] }) {
        if bits.done[index] || bits.empty[index] || bits.failed[index] { continue }
        open.append(place.position(at: index))
      }
    }
    return open
  }

  /// Whether a block that is not settled is failed, or rests on one that is.
  private func isHeld(_ position: TCZYX, _ number: Int, _ look: inout Look, _ levels: inout [Int: LevelState]) throws -> Bool {
    let id = BlockID(level: number, position: position)
    if let known = look.isHeld[id] { return known }
    let isHeld = try isHeldAnew(position, number, &look, &levels)
    look.isHeld[id] = isHeld
    return isHeld
  }

  private func isHeldAnew(
    _ position: TCZYX, _ number: Int, _ look: inout Look, _ levels: inout [Int: LevelState]
  ) throws -> Bool {
    guard number > 0 else { return false }
    let below = try level(number - 1, &levels)
    let sources = sourcePositions(of: position, number)
    try read(IndexSet(sources.map(below.shares.layout.number(of:))), number - 1, &look, &levels)
    var pending: [TCZYX] = []
    for source in sources {
      switch try below.progress.state(of: source) {
      case .done, .empty: break
      case .failed: return true
      case .pending, .running: pending.append(source)
      }
    }
    for source in pending where try isHeld(source, number - 1, &look, &levels) { return true }
    return false
  }

  private func read(_ bricks: IndexSet, _ number: Int, _ look: inout Look, _ levels: inout [Int: LevelState]) throws {
    let unread = bricks.subtracting(look.read[number] ?? [])
    if unread.isEmpty { return }
    try level(number, &levels).progress.readAll(of: unread, again: true)
    look.read[number, default: []].formUnion(unread)
  }

  private func sourcePositions(of position: TCZYX, _ number: Int) -> [TCZYX] {
    positions(sources(of: position, number), t: position.t, c: position.c)
  }
}
