import Diagnostics
import Faults
import Foundation
import GRDB
import Geometry

/// Jobs in the making: a record and an output, both or neither.
extension JobStore {
  /// The end of a creation that a killed process left.
  public enum CreationEnd: Sendable {
    /// Its output is in place: `pending`.
    case ready
    /// There is no output: the record goes.
    case abandoned
    /// It cannot be said yet.
    case open
  }

  /// Records a job in state `creating`, in one transaction. This process holds it until `markReady` or `abandon`.
  public func createJob(_ new: NewJob) throws(JobStoreError) -> JobID {
    guard !new.levels.isEmpty, new.levels.enumerated().allSatisfy({ $0.offset == $0.element.level }) else {
      throw .invalid("a job needs levels, numbered from 0")
    }
    let (id, lock) = try write { db -> (JobID, ByteLock) in
      try JobStore.insert(db, new.description)
      let id = JobID(db.lastInsertedRowID)
      // Before the commit: nobody ever sees the job without its creator.
      guard let lock = try self.locks.take(LockFile.creation(id), within: 5) else {
        throw JobStoreError.busy(path: self.path)
      }
      for layout in new.levels { try LevelRow.insert(db, job: id, layout: layout) }
      for view in new.views { try JobStore.insert(db, job: id, view) }
      try FixedRows.seal(db, id)
      try db.reach(.creatingJob)
      return (id, lock)
    }
    hold(id, lock)
    return id
  }

  /// The output is made: `creating` becomes `pending`.
  ///
  /// - Parameters:
  ///   - isNear: whether the output at a path is of interest to `placing`.
  ///   - placing: puts the output in its place, within the transaction: nobody begins to run a job, or puts another output
  ///     anywhere, before it returns. It is given the other jobs whose outputs are near.
  public func markReady(
    _ job: JobID, outputs isNear: (String) -> Bool = { _ in false }, placing: ([OutputUse]) throws -> Void = { _ in }
  ) throws {
    try writeBeside { db in
      let state = try self.storedState(db, job)
      guard state == .creating else {
        throw JobStoreError.wrongState(job: job, state: state, action: "finish its creation")
      }
      try placing(self.outputUses(db, where: isNear))
      try JobStore.setReady(db, job)
      try db.reach(.markingReady)
    }
    letGo(of: job)
  }

  private static func setReady(_ db: Database, _ job: JobID) throws {
    try db.run("UPDATE job SET state = 'pending', ready_ms = ? WHERE id = ?", [Date().milliseconds, job])
  }

  /// Removes a job that is still being created, by this process or by one that died.
  public func abandon(_ job: JobID) throws(JobStoreError) {
    try write { db in
      let state = try self.storedState(db, job)
      guard state == .creating else { throw JobStoreError.wrongState(job: job, state: state, action: "abandon it") }
      try db.run("DELETE FROM job WHERE id = ?", [job])
    }
    letGo(of: job)
  }

  /// What killed submits left: jobs being created by no live process. For `finishCreation`, since a creator may have ended
  /// well between the two looks that this takes.
  public func jobsInCreation() throws(JobStoreError) -> [JobRecord] {
    try read { db in
      let records = try self.records(db, where: "state = 'creating'")
      let held = try self.locks.held(records.map { LockFile.creation($0.id) })
      return records.filter { !held.contains(LockFile.creation($0.id)) }
    }
  }

  /// Brings what a killed submit left to the end that `decide` finds, within the transaction. Does nothing, and returns nil,
  /// if the creator lives or the job is not being created any more.
  @discardableResult
  public func finishCreation(_ job: JobID, _ decide: () throws -> CreationEnd) throws -> CreationEnd? {
    try writeBeside { db in
      let state = try db.row("SELECT state FROM job WHERE id = ?", [job])?.text("state")
      guard state == JobState.creating.rawValue, try self.locks.held([LockFile.creation(job)]).isEmpty else { return nil }
      let end = try decide()
      switch end {
      case .ready: try JobStore.setReady(db, job)
      case .abandoned: try db.run("DELETE FROM job WHERE id = ?", [job])
      case .open: break
      }
      return end
    }
  }

  /// Runs `body` while nobody else can write to the database.
  public func alone<T>(_ body: () throws -> T) throws -> T { try writeBeside { _ in try body() } }
}

/// A job's output, and who may be writing to it.
public struct OutputUse: Sendable {
  public let job: JobID
  public let path: String
  /// A live process that runs the job.
  public let holder: WorkerInfo?
  /// Its tasks may be at work.
  public let openOrder: OrderRecord?
}

extension JobStore {
  /// The outputs at some paths, of all jobs but those being created.
  public func outputUses(where isNear: (String) -> Bool) throws(JobStoreError) -> [OutputUse] {
    try read { db in try self.outputUses(db, where: isNear) }
  }

  func outputUses(_ db: Database, where isNear: (String) -> Bool) throws -> [OutputUse] {
    let rows = try db.rows("SELECT id, output_path FROM job WHERE state <> 'creating' ORDER BY id", [])
    return try rows.compactMap { row in
      let (job, path) = (try row.integer("id"), try row.text("output_path"))
      guard isNear(path) else { return nil }
      return OutputUse(
        job: job, path: path, holder: try self.liveWorkers(db, job).first,
        openOrder: try JobStore.orders(db, of: job).last(where: \.isOpen))
    }
  }
}
