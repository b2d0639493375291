/// The places where a test can make the program fail: one after each step that a crash could separate from the next.
///
/// A module of its own below all others, since steps of one way lie in several of them. A new case is tested by the
/// tests that go through all of them, without new code there; they fail for one that is never reached.
public enum FaultPoint: String, CaseIterable, Sendable {
  // files
  case fileRead = "file-read"
  case fileOpening = "file-opening"
  case fileWritten = "file-written"
  case partAppended = "part-appended"
  case fileSynced = "file-synced"
  case fileRenamed = "file-renamed"
  case folderMade = "folder-made"
  case folderSynced = "folder-synced"

  // the job database; those that end in -ing lie within the transaction
  case migrating
  case claiming
  case claimed
  case recording
  case recorded
  case settlingEmpty = "settling-empty"
  case beginningRun = "beginning-run"
  case endingRun = "ending-run"
  case takingViews = "taking-views"
  case viewsTaken = "views-taken"

  // submit
  case creatingJob = "creating-job"
  case jobCreated = "job-created"
  case metadataFolderMade = "metadata-folder-made"
  case metadataWritten = "metadata-written"
  case oldMovedAside = "old-moved-aside"
  case outputRenamed = "output-renamed"
  case markingReady = "marking-ready"
  case markedReady = "marked-ready"
  case oldRemoved = "old-removed"

  // work orders: made, worked on, collected
  case orderFrozen = "order-frozen"
  case orderWithdrawn = "order-withdrawn"
  case beginningOrder = "beginning-order"
  case orderBegun = "order-begun"
  case logOpened = "log-opened"
  case logWritten = "log-written"
  case logSynced = "log-synced"
  case merging
  case merged
  case closingOrder = "closing-order"

  // housekeeping: an output that is removed, a job that is forgotten or has another place
  case outputPutAside = "output-put-aside"
  case ownFileRemoved = "own-file-removed"
  case othersPutBack = "others-put-back"
  case forgettingJob = "forgetting-job"
  case jobForgotten = "job-forgotten"
  case relocating
  case relocated

  /// Between what `verify` found and what `--repair` does about it.
  case repairing
  /// A copy of the database is whole, and has no name yet.
  case backupMade = "backup-made"

  // the end of a run
  case finalMetadataBegun = "final-metadata-begun"
  case finalMetadataWritten = "final-metadata-written"
}
