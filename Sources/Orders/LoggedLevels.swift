import Foundation
import Geometry
import JobStore

/// All levels of a work order as one task knows them. Not for several threads.
final class LoggedLevels {
  let order: WorkOrder
  let layouts: [LevelLayout]
  private let task: OrderLedger.Task
  private let isOwn: (String) -> Bool
  private var levels: [Int: LoggedLevel] = [:]

  /// - Parameter isOwn: whether the task itself writes the log of a name.
  init(order: WorkOrder, layouts: [LevelLayout], task: OrderLedger.Task, isOwn: @escaping (String) -> Bool) {
    (self.order, self.layouts, self.task, self.isOwn) = (order, layouts, task, isOwn)
  }

  func level(_ number: Int) throws -> LoggedLevel {
    if let known = levels[number] { return known }
    let level = try LoggedLevel(level: number, grid: layouts[number].grid, order: order, isOwn: isOwn)
    levels[number] = level
    // also of tasks that were cut otherwise
    try level.readAll(of: IndexSet(integersIn: level.shares(task.count).bricks(of: task.index)))
    return level
  }

  /// The blocks of the level below that a block is made from, in C order; none at level 0.
  func sources(of position: TCZYX, level: Int) -> [TCZYX] {
    guard level > 0 else { return [] }
    return layouts[level].sourceBlocks(of: position, in: layouts[level - 1]).positions
      .map { TCZYX(t: position.t, c: position.c, zyx: $0) }
  }

  /// The states of some blocks of a level; reads what logs of any task may say of them, unless that was read before.
  func states(level number: Int, of positions: [TCZYX]) throws -> [BlockState] {
    let level = try self.level(number)
    try level.readAll(of: IndexSet(positions.map(level.layout.number(of:))))
    return try positions.map(level.state(of:))
  }

  /// Whether all that a block is made from is there.
  func isReady(_ position: TCZYX, level: Int) throws -> Bool {
    guard level > 0 else { return true }
    return try states(level: level - 1, of: sources(of: position, level: level)).allSatisfy(\.isSettled)
  }
}
