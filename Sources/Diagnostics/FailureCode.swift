/// The stable names of everything that can go wrong: in answers for programs, in the job database and in the logs of tasks.
///
/// A name that was released is never changed, since databases hold it.
public enum FailureCode: String, Sendable, CaseIterable {
  // files, memory, threads
  case diskFull = "disk-full"
  case ioFailed = "io-failed"
  case noFile = "no-file"
  case placeUnanswered = "place-unanswered"
  case outOfMemory = "out-of-memory"
  case threadMissing = "thread-missing"

  // arrays and their metadata
  case inputMissing = "input-missing"
  case metadataInvalid = "metadata-invalid"
  case jsonInvalid = "json-invalid"
  case formatUnsupported = "format-unsupported"
  case pathUnsafe = "path-unsafe"
  case chunkMissing = "chunk-missing"
  case chunkDamaged = "chunk-damaged"
  case shardDamaged = "shard-damaged"
  case tiffDamaged = "tiff-damaged"
  case compressorInvalid = "compressor-invalid"
  case arrayInvalid = "array-invalid"
  case chunkOutside = "chunk-outside"
  case bufferMismatch = "buffer-mismatch"
  case encodingFailed = "encoding-failed"
  case shardIncomplete = "shard-incomplete"

  // datasets and views
  case datasetMissing = "dataset-missing"
  case datasetUnreadable = "dataset-unreadable"
  case datasetUnwritable = "dataset-unwritable"
  case datasetInvalid = "dataset-invalid"
  case datasetUnsupported = "dataset-unsupported"
  case datasetEmpty = "dataset-empty"
  case unknownKey = "unknown-key"
  case placesMissing = "places-missing"
  case samePlace = "same-place"
  case wellsOverlap = "wells-overlap"
  case duplicateView = "duplicate-view"
  case viewsMissing = "views-missing"
  case formatUnknown = "format-unknown"
  case severalImages = "several-images"
  case viewInvalid = "view-invalid"
  case viewMismatch = "view-mismatch"
  case inputChanged = "input-changed"

  // fusion
  case functionUnknown = "function-unknown"
  case argumentUnknown = "argument-unknown"
  case argumentInvalid = "argument-invalid"
  case optionInvalid = "option-invalid"
  case nameTaken = "name-taken"
  case blockTooLarge = "block-too-large"
  case typeUnexpected = "type-unexpected"
  case bufferSize = "buffer-size"
  case boxOutsideOutput = "box-outside-output"
  case viewsUnsorted = "views-unsorted"

  // jobs and their blocks
  case invalidInput = "invalid-input"
  case changedSinceSubmit = "changed-since-submit"
  case interrupted
  case outputDamaged = "output-damaged"
  case outputNotWritable = "output-not-writable"
  case outputInUse = "output-in-use"
  case outputNotOwned = "output-not-owned"
  case claimsLost = "claims-lost"
  case levelBelowMissing = "level-below-missing"
  case sourceMissing = "source-missing"
  case batchFailed = "batch-failed"
  case unexpected

  // the job database
  case noDatabase = "no-database"
  case databaseGone = "database-gone"
  case databaseFolderMissing = "database-folder-missing"
  case databasePathUnusable = "database-path-unusable"
  case databaseSeveralNames = "database-several-names"
  case noSuchJob = "no-such-job"
  case databaseNewer = "database-newer"
  case databaseMigrationChanged = "database-migration-changed"
  case databaseForeign = "database-foreign"
  case databaseDamaged = "database-damaged"
  case databaseReadOnly = "database-read-only"
  case databaseOnNetwork = "database-on-network"
  case databaseCopied = "database-copied"
  case databaseForeignLog = "database-foreign-log"
  case databaseOther = "database-other"
  case databaseInUse = "database-in-use"
  case databaseBusy = "database-busy"
  case databaseCannotOpen = "database-cannot-open"
  case databaseError = "database-error"
  case alreadyRunning = "already-running"
  case orderOut = "order-out"
  case claimLost = "claim-lost"
  case notClaimed = "not-claimed"
  case runEnded = "run-ended"
  case wrongJobState = "wrong-job-state"
  case fileExists = "file-exists"
  case recordInvalid = "record-invalid"

  /// What to do about blocks that failed with this code.
  public var hintForBlocks: String {
    switch self {
    case .chunkDamaged, .shardDamaged, .tiffDamaged, .chunkMissing:
      "restore the file from its source; if there is none, leave the view out with --views, and submit a new job"
    case .sourceMissing:
      "a block of the level below is recorded as done, and its file is gone; `blockfuse verify --repair` finds all such blocks"
    case .inputMissing, .datasetMissing: "check that the disk of the inputs is mounted, and the path is right"
    case .inputChanged: "an input is not what it was when the job was submitted; restore it, or submit a new job"
    case .metadataInvalid, .jsonInvalid: "the metadata of an image cannot be used, as the message says; restore the file that it names"
    case .formatUnsupported: "save the image again without what the message names"
    case .noFile: "something that is no file has the name of a file; remove it, and put the file back"
    case .ioFailed: "check the disk, the mount and the permissions"
    case .outOfMemory: "run with fewer workers, or with less --memory for the cache"
    case .batchFailed: "the batch function left the block out, or failed; see the message"
    default: Self.hintForUnknownBlocks
    }
  }

  /// What to do about blocks that failed with a code that this version of the program does not know.
  public static let hintForUnknownBlocks = "see the message; if it does not help, please report it"
}
