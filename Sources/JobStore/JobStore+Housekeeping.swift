import Foundation
import Faults
import GRDB

/// Jobs as a whole, while nobody works on them: forgotten, given another name, or other places of what they are made of.
extension JobStore {
  /// Runs `body` while nobody works on a job, and nobody can begin to before it ends: neither a process nor, by a new work
  /// order, tasks.
  public func whileIdle<T>(_ job: JobID, _ body: () throws -> T) throws -> T {
    try writeBeside { db in
      try self.refuseIfBusy(db, job)
      return try body()
    }
  }

  /// Removes a job and all that is recorded of it, but not its output.
  ///
  /// - Parameter checking: throws what is against it, within the transaction.
  public func delete(_ job: JobID, checking: () throws -> Void = {}) throws {
    try writeBeside { db in
      try self.refuseIfBusy(db, job)
      try checking()
      try db.run("DELETE FROM job WHERE id = ?", [job])
      try db.reach(.forgettingJob)
    }
    // it is recorded no more, so that nothing is left to fail
    _ = Faults.reach(.jobForgotten)
  }

  public func setName(_ job: JobID, to name: String) throws {
    try writeBeside { db in
      try self.refuseIfBusy(db, job)
      try db.run("UPDATE job SET name = ? WHERE id = ?", [name, job])
    }
  }

  /// Records other places of a job's dataset, views and output; all else stays as it was submitted.
  ///
  /// - Parameters:
  ///   - isNear: whether the output at a path is of interest to `checking`.
  ///   - checking: throws what is against it, within the transaction. It is given the other jobs whose outputs are near.
  public func relocate(
    _ job: JobID, to places: JobPlaces, outputs isNear: (String) -> Bool, checking: ([OutputUse]) throws -> Void
  ) throws {
    try writeBeside { db in
      try self.refuseIfBusy(db, job)
      try checking(self.outputUses(db, where: isNear).filter { $0.job != job })
      try FixedRows.changing(db, job) {
        try db.run(
          "UPDATE job SET dataset_path = ?, output_path = ?, details = ? WHERE id = ?",
          [places.datasetPath, places.outputPath, places.details, job])
        for view in places.views {
          try db.run(
            "UPDATE view SET path = ?, details = ?, fingerprint = ? WHERE job = ? AND ordinal = ? AND path = ?",
            [view.path, view.details, view.fingerprint, job, view.ordinal, view.formerPath])
          guard db.changesCount == 1 else {
            throw JobStoreError.invalid("view \(view.ordinal) of job \(job) was given another place meanwhile")
          }
        }
      }
      try db.reach(.relocating)
    }
    _ = Faults.reach(.relocated)
  }

  /// Throws where a live process runs a job, or tasks may.
  func refuseIfBusy(_ db: Database, _ job: JobID) throws {
    let state = try storedState(db, job)
    if state == .creating { throw JobStoreError.wrongState(job: job, state: state, action: "change it") }
    try refuseIfRunning(db, job)
    try refuseOpenOrder(db, job)
  }
}

/// Where a job's dataset, output and views are. The strings of JSON hold paths too.
public struct JobPlaces: Sendable {
  /// A view that has another place than before.
  public struct MovedView: Sendable {
    public let ordinal: Int
    public let formerPath: String
    public let path: String
    public let details: String
    public let fingerprint: String

    public init(ordinal: Int, formerPath: String, path: String, details: String, fingerprint: String) {
      (self.ordinal, self.formerPath, self.path) = (ordinal, formerPath, path)
      (self.details, self.fingerprint) = (details, fingerprint)
    }
  }

  public var datasetPath: String
  public var outputPath: String
  public var details: String
  public var views: [MovedView]

  public init(datasetPath: String, outputPath: String, details: String, views: [MovedView]) {
    (self.datasetPath, self.outputPath, self.details, self.views) = (datasetPath, outputPath, details, views)
  }
}

extension JobRecord {
  /// The record as it would be with other places.
  package func moved(to places: JobPlaces) -> JobRecord {
    var description = description
    (description.datasetPath, description.outputPath, description.details) = (places.datasetPath, places.outputPath, places.details)
    return JobRecord(
      id: id, state: state, description: description, counts: counts, createdAt: createdAt, finishedAt: finishedAt)
  }
}
