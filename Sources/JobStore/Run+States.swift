import GRDB
import Geometry

/// What the reader of the pyramid asks: a block that is done and has no file is an error, an empty one is fill.
extension Run {
  /// Whether any block of a box of a level's grid is neither done nor empty.
  public func unsettled(level: Int, t: Int, c: Int, blocks: Box3) throws(JobStoreError) -> Bool {
    try states(level: level, t: t, c: c, blocks: blocks).contains { !$0.isSettled }
  }

  /// The states of a small box of a level's grid, in C order. Settled bricks are asked for once.
  public func states(level number: Int, t: Int, c: Int, blocks: Box3) throws(JobStoreError) -> [BlockState] {
    let level = try level(number)
    return try store.states(level, t: t, c: c, blocks: blocks) { places throws(JobStoreError) in
      try bricks(number, places)
    }
  }

  /// One read for each brick that is not remembered.
  private func bricks(_ level: Int, _ places: [BrickPlace]) throws(JobStoreError) -> [BrickContents] {
    var found: [BrickContents] = []
    for place in places {
      let contents = try settled.contents(level: level, place) { () throws(JobStoreError) in
        try store.read { db in try BrickContents.load(db, job: job, level: level, place) }
      }
      found.append(contents)
    }
    return found
  }
}
