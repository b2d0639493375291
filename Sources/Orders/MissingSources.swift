import Foundation
import Geometry
import JobStore

/// What keeps the blocks of a task's share of a level from being made.
package struct MissingSources: Sendable {
  /// Blocks of the level below that are neither settled nor failed, counted for each block of the share that rests on
  /// them; none where all of these rest on failed ones as well, which nothing but a retry can help.
  package private(set) var pending = 0
  package private(set) var first: TCZYX?
  /// Blocks of the share that rest on failed ones, directly or further below.
  package private(set) var blocked = 0

  /// Reads the logs of the level below anew, and those of the levels below that as far as something is missing.
  init(of chooser: BlockChooser, in levels: LoggedLevels) throws {
    let number = chooser.level.level
    guard number > 0 else { return }
    var look = Look(levels)
    let open = try chooser.openPositions()
    try look.read(open.lazy.flatMap { levels.sources(of: $0, level: number) }, level: number - 1)
    var waiting: [(position: TCZYX, first: TCZYX)] = []
    for position in open {
      let found = try look.states(of: levels.sources(of: position, level: number), level: number - 1)
      if found.hasFailed {
        blocked += 1
      } else if let first = found.pending.first {
        pending += found.pending.count
        waiting.append((position, first))
      }
    }
    // one that waits for others is enough: further down there may be very many
    for (position, first) in waiting {
      guard try look.isBlocked(position, level: number) else {
        self.first = first
        return
      }
      blocked += 1
    }
    pending = 0
  }
}

/// One look at the levels below: what it has read and found out.
private struct Look {
  private let levels: LoggedLevels
  /// By level: bricks of which the logs were read anew.
  private var read: [Int: IndexSet] = [:]
  private var isBlocked: [BlockID: Bool] = [:]

  init(_ levels: LoggedLevels) { self.levels = levels }

  mutating func read(_ positions: some Sequence<TCZYX>, level number: Int) throws {
    let level = try levels.level(number)
    let unread = IndexSet(positions.lazy.map(level.layout.number(of:))).subtracting(read[number] ?? [])
    if unread.isEmpty { return }
    try level.readAll(of: unread, again: true)
    read[number, default: []].formUnion(unread)
  }

  func states(of positions: [TCZYX], level: Int) throws -> (hasFailed: Bool, pending: [TCZYX]) {
    let level = try levels.level(level)
    var (hasFailed, pending) = (false, [TCZYX]())
    for position in positions {
      switch try level.state(of: position) {
      case .done, .empty: break
      case .failed: hasFailed = true
      case .pending, .running: pending.append(position)
      }
    }
    return (hasFailed, pending)
  }

  /// Whether a block that is not settled is failed, or rests on one that is.
  mutating func isBlocked(_ position: TCZYX, level number: Int) throws -> Bool {
    let id = BlockID(level: number, position: position)
    if let known = isBlocked[id] { return known }
    let answer = try isBlockedAnew(position, level: number)
    isBlocked[id] = answer
    return answer
  }

  private mutating func isBlockedAnew(_ position: TCZYX, level number: Int) throws -> Bool {
    let sources = levels.sources(of: position, level: number)
    if sources.isEmpty { return false }
    try read(sources, level: number - 1)
    let found = try states(of: sources, level: number - 1)
    if found.hasFailed { return true }
    for source in found.pending where try isBlocked(source, level: number - 1) { return true }
    return false
  }
}
