import Geometry
import JobStore
import Planning

/// From which level a projection is made, and how much of it is read: decided so that a look at a job of any size takes
/// seconds and little memory.
///
/// A level is read whole where that is at most `byteLimit` before compression. Of a larger one (level 0 while there is no
/// pyramid yet) a few hundred done blocks are read, spread evenly, each of which stands for those around it.
struct ProjectionPlan: Sendable {
  static let byteLimit = 512 << 20
  /// Decoded, of blocks that stand for others.
  static let sampledByteLimit = 1 << 30
  /// Blocks whose states are asked for one by one.
  static let blockLimit = 1 << 15
  /// A level that gives this many pixels along the longest side is fine enough.
  static let wantedPixels = 1024

  let layout: LevelLayout
  let isSampled: Bool
  /// Whether nothing of any level is there.
  let isNothingFused: Bool

  /// - Parameter level: nil for the finest level that is whole and can be read; where none is whole, that of which most
  ///   is there.
  init(plan: JobPlan, levels: [LevelRecord], level: Int?) throws(JobError) {
    isNothingFused = levels.allSatisfy { $0.counts.settled == 0 }
    func byteCount(_ layout: LevelLayout) -> Int {
      layout.shape.z * layout.shape.y * layout.shape.x * layout.shape.c * plan.outputType.byteCount
    }
    func fits(_ layout: LevelLayout) -> Bool {
      let grid = layout.grid.count
      return byteCount(layout) <= Self.byteLimit && grid.z * grid.y * grid.x * grid.c <= Self.blockLimit
    }
    func choose(_ record: LevelRecord) -> (LevelLayout, Bool) { (record.layout, !fits(record.layout)) }
    guard let last = levels.last else { throw .unexpected("the job has no levels") }
    if let level {
      guard levels.indices.contains(level) else {
        throw .invalid(what: "the job has no level \(level)", hint: "it has levels 0 to \(levels.count - 1)")
      }
      (layout, isSampled) = choose(levels[level])
      return
    }
    var chosen: LevelRecord?
    for record in levels.reversed() where record.counts.isSettled {
      if chosen == nil || fits(record.layout) { chosen = record } else { break }
      if record.layout.shape.zyx.max() >= Self.wantedPixels { break }
    }
    if let chosen, fits(chosen.layout) {
      (layout, isSampled) = choose(chosen)
      return
    }
    func share(_ record: LevelRecord) -> Double { Double(record.counts.settled) / Double(max(1, record.counts.total)) }
    // of equals the coarsest
    let fullest = levels.reversed().max { share($0) < share($1) } ?? last
    (layout, isSampled) = choose(share(fullest) > 0 ? fullest : last)
  }
}
