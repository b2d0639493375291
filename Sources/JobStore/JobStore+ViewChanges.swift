import Diagnostics
import Faults
import Foundation
import GRDB
import Geometry

/// A view whose files are taken as they are now.
public struct TakenView: Sendable {
  public var was: ViewRecord
  /// As the record has it from now on: name, path and matrices are those from before.
  public var becomes: ViewRecord

  public init(was: ViewRecord, becomes: ViewRecord) { (self.was, self.becomes) = (was, becomes) }
}

/// Why a view was taken anew.
public enum ViewChangeKind: String, Sendable {
  /// The image is, or may be, another one: its blocks are made again.
  case image
  /// Nothing but times differs.
  case times
}

/// Views that were taken anew.
extension JobStore {
  /// Which blocks of level 0 a view touches.
  public struct Touching {
    /// Whether it may touch any block of a brick; true may also be wrong.
    public var mayMeet: (BrickRegion) throws -> Bool
    public var contains: (TCZYX) throws -> Bool

    public init(mayMeet: @escaping (BrickRegion) throws -> Bool, contains: @escaping (TCZYX) throws -> Bool) {
      (self.mayMeet, self.contains) = (mayMeet, contains)
    }
  }

  /// Records other states of some views, with what was recorded before, and sets the blocks that they touch, on all levels,
  /// to pending, in one transaction. Returns how many blocks were done, empty or failed. Refused while a live process runs the
  /// job, or tasks of a work order may.
  ///
  /// - Parameter touched: nil: no block is set back.
  public func take(_ views: [TakenView], of job: JobID, as kind: ViewChangeKind, touched: Touching?) throws -> Int {
    let count = try writeBeside { db -> Int in
      let state = try self.storedState(db, job)
      try self.refuseIfRunning(db, job)
      try self.freeDead(db, job)
      try self.refuseOpenOrder(db, job)
      try FixedRows.changing(db, job) { for view in views { try JobStore.replace(db, job, view, kind) } }
      var changed = 0
      if let touched {
        let levels = try LevelRow.all(db, job: job)
        changed = try JobStore.setPending(db, job, levels, lowest: try JobStore.blocks(of: job, levels[0], touched, db))
      }
      if changed > 0 { try self.decideState(db, job, before: state, after: .setBack) }
      try db.reach(.takingViews)
      return changed
    }
    _ = Faults.reach(.viewsTaken)
    return count
  }

  private static func replace(_ db: Database, _ job: JobID, _ view: TakenView, _ kind: ViewChangeKind) throws {
    let (was, now) = (view.was, view.becomes)
    try db.run(
      """
      UPDATE view SET shape_t = ?, shape_c = ?, shape_z = ?, shape_y = ?, shape_x = ?, element_type = ?,
        spacing_z = ?, spacing_y = ?, spacing_x = ?, origin_z = ?, origin_y = ?, origin_x = ?, details = ?, fingerprint = ?
      WHERE job = ? AND ordinal = ? AND name = ? AND details = ? AND fingerprint = ?
      """,
      [
        now.shape.t, now.shape.c, now.shape.z, now.shape.y, now.shape.x, now.elementType,
        now.spacing[0], now.spacing[1], now.spacing[2], now.origin[0], now.origin[1], now.origin[2], now.details, now.fingerprint,
        job, was.ordinal, was.name, was.details, was.fingerprint,
      ])
    guard db.changesCount == 1 else {
      throw JobStoreError.invalid("view \"\(was.name)\" of job \(job) was changed by another process meanwhile; do the same again")
    }
    try db.insert(
      into: "view_change",
      [
        "job": job, "ordinal": was.ordinal, "at_ms": Date().milliseconds, "kind": kind.rawValue,
        "was": was.fingerprint, "became": now.fingerprint, "details_was": was.details == now.details ? nil : was.details,
      ])
  }

  /// The touched blocks of level 0 in which anything happened, by brick, as bits.
  private static func blocks(of job: JobID, _ level: LevelRow, _ touched: Touching, _ db: Database) throws -> [Int: Set<Int>] {
    var chosen: [Int: Set<Int>] = [:]
    for row in try db.rows("SELECT brick FROM brick WHERE job = ? AND level = 0", [job]) {
      let place = try level.place(try row.integer("brick"))
      guard try touched.mayMeet(level.bricks.region(place.number)) else { continue }
      for index in 0..<place.count where try touched.contains(place.position(at: index)) {
        chosen[place.number, default: []].insert(index)
      }
    }
    return chosen
  }

  /// The views that were taken anew since the job was submitted, oldest first.
  public func viewChanges(of job: JobID) throws(JobStoreError) -> [(ordinal: Int, at: Date, kind: String, was: String, became: String)] {
    try read { db in
      try db.rows("SELECT ordinal, at_ms, kind, was, became FROM view_change WHERE job = ? ORDER BY id", [job]).map { row in
        (
          try row.integer("ordinal"), try row.date("at_ms"), try row.text("kind"), try row.text("was"), try row.text("became")
        )
      }
    }
  }
}
