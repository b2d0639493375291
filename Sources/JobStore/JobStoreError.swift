import Diagnostics
import Files
import Foundation
import GRDB

/// What can go wrong with the job database, a case a cause.
public enum JobStoreError: Failure, Hashable, Sendable {
  /// There is no database file, or it is empty.
  case noDatabase(path: String)
  /// Its file no longer is where it was opened: what would be recorded in it, nobody could find.
  case databaseGone(path: String)
  /// Where a database is to be made; one that is only opened is `noDatabase` there.
  case noParentFolder(path: String)
  /// A path that no database can have.
  case unusablePath(path: String, why: String)
  /// The file has other names too (hard links), beside which there may be other locks and journals.
  case severalNames(path: String, count: Int)
  /// `nearest`: the name that was probably meant.
  case noSuchJob(selector: String, path: String, nearest: String? = nil)
  case newerDatabase(path: String, version: Int, known: Int)
  /// A migration was edited after it was applied to this file.
  case migrationChanged(path: String, name: String)
  /// Not SQLite, or the database of another program.
  case foreignFile(path: String, why: String)
  case damaged(path: String, why: String)
  case readOnly(path: String)
  case networkFileSystem(path: String, kind: String)
  /// A copy, to be written. `original`: where the database was when the copy was made.
  case copied(path: String, original: String)
  /// A copy that was put beside the -wal file of another state of the database: SQLite would mix the two.
  case foreignLog(path: String)
  /// The database that a copy is to take the place of is not the one that it is a copy of.
  case otherDatabase(path: String, source: String)
  /// Another process has the database open, which is to be replaced.
  case inUse(path: String)
  case busy(path: String)
  case alreadyRunning(job: JobID, holder: WorkerInfo)
  /// Tasks of a work order may be at work on the job.
  case orderOut(job: JobID, order: String)
  /// The claims were given back, recorded in full, or taken away because this run was found dead. Nothing of them was
  /// recorded.
  case claimLost([Claim.ID])
  /// A block that the claim does not hold; nothing of the call was recorded.
  case notClaimed(Claim.ID, block: String)
  /// Another process found this run dead: its lock file was removed or replaced.
  case runEnded(Int64)
  /// Another process that shares the job found that views are not as recorded; what it found.
  case viewsChanged(String)
  case wrongState(job: JobID, state: JobState, action: String)
  case diskFull(path: String)
  case cannotOpen(path: String, why: String)
  case fileExists(path: String)
  /// A value that cannot be recorded: a grid too large, a block outside its level.
  case invalid(String)
  case other(path: String, sqliteCode: Int, message: String)

  /// Stable, for scripts and logs.
  public var code: FailureCode {
    switch self {
    case .noDatabase: .noDatabase
    case .databaseGone: .databaseGone
    case .noParentFolder: .databaseFolderMissing
    case .unusablePath: .databasePathUnusable
    case .severalNames: .databaseSeveralNames
    case .noSuchJob: .noSuchJob
    case .newerDatabase: .databaseNewer
    case .migrationChanged: .databaseMigrationChanged
    case .foreignFile: .databaseForeign
    case .damaged: .databaseDamaged
    case .readOnly: .databaseReadOnly
    case .networkFileSystem: .databaseOnNetwork
    case .copied: .databaseCopied
    case .foreignLog: .databaseForeignLog
    case .otherDatabase: .databaseOther
    case .inUse: .databaseInUse
    case .busy: .databaseBusy
    case .alreadyRunning: .alreadyRunning
    case .orderOut: .orderOut
    case .claimLost: .claimLost
    case .notClaimed: .notClaimed
    case .runEnded: .runEnded
    case .viewsChanged: .changedSinceSubmit
    case .wrongState: .wrongJobState
    case .diskFull: .diskFull
    case .cannotOpen: .databaseCannotOpen
    case .fileExists: .fileExists
    case .invalid: .recordInvalid
    case .other: .databaseError
    }
  }

  public var description: String {
    switch self {
    case .noDatabase(let path): "there is no job database at \(path)"
    case .databaseGone(let path): "the job database \(path) was removed, moved or replaced while it was in use"
    case .noParentFolder(let path): "the folder of the job database \(path) does not exist"
    case .unusablePath(let path, let why): "the job database cannot be \(path.isEmpty ? "there" : path): \(why)"
    case .severalNames(let path, let count):
      "the job database \(path) has \(count) names (hard links): who opens it by another one does not see the locks and the journal beside this one"
    case .noSuchJob(let selector, let path, _):
      selector.isEmpty ? "there is no job in \(path)" : "there is no job \(selector) in \(path)"
    case .newerDatabase(let path, let version, let known):
      "the job database \(path) has version \(version); this program knows versions up to \(known)"
    case .migrationChanged(let path, let name):
      "the job database \(path) was made by another build of the program: its migration \(name) differs"
    case .foreignFile(let path, let why): "\(path) is not a job database: \(why)"
    case .damaged(let path, let why): "the job database \(path) is damaged: \(why)"
    case .readOnly(let path): "the job database \(path) cannot be written"
    case .networkFileSystem(let path, let kind): "the job database \(path) is on a network file system (\(kind))"
    case .copied(let path, let original):
      "\(path) is a copy of the job database \(original == path ? "that was there" : original): it can be looked at, and not written, "
        + "so that one output never has two records"
    case .foreignLog(let path):
      "\(path) is a backup, and \(path)-wal beside it belongs to another state of the database: together they are neither"
    case .otherDatabase(let path, let source): "\(path) is another job database than the one that \(source) is a copy of"
    case .inUse(let path): "the job database \(path) is open in another process"
    case .busy(let path): "the job database \(path) is locked by another process"
    case .alreadyRunning(let job, let holder): "job \(job) is being run by \(holder)"
    case .orderOut(let job, let order): "tasks of the work order \(order) may be at work on job \(job)"
    case .claimLost(let claims):
      "the blocks of \(claims.count == 1 ? "a claim" : "\(claims.count) claims") are no longer held by this process"
    case .notClaimed(let claim, let block): "block \(block) is not held by claim \(claim)"
    case .runEnded(let run): "run \(run) was declared dead by another process"
    case .viewsChanged(let what): "another process that runs the job found that inputs changed: \(what)"
    case .wrongState(let job, let state, let action): "job \(job) is \(state.rawValue); cannot \(action)"
    case .diskFull(let path):
      FileStatus.isOutOfFiles(at: path)
        ? "the disk of the job database \(path) can hold no more files (it has no inodes left), though it has room for bytes"
        : "no space is left on the disk of the job database \(path)"
    case .cannotOpen(let path, let why): "cannot open the job database \(path): \(why)"
    case .fileExists(let path): "\(path) exists"
    case .invalid(let why): why
    case .other(let path, let code, let message): "the job database \(path): \(message) (SQLite code \(code))"
    }
  }

  /// What to do next.
  public var hint: String {
    switch self {
    case .noDatabase: "name the database with --db or BLOCKFUSE_DB, or make one by submitting a job"
    case .databaseGone:
      "if it was moved, put it back, with the -wal file that was beside it, and run the same command again; if it is lost, "
        + "put a backup in its place with `blockfuse restore FILE`, or submit the job anew"
    case .noParentFolder: "make the folder, or name another place with --db"
    case .unusablePath: "name a file with --db, such as --db jobs.sqlite"
    case .severalNames(let path, _):
      "remove the other names, which `find FOLDER -samefile '\(path)'` lists; for a copy of its own use `blockfuse backup`"
    case .noSuchJob(let selector, _, let nearest):
      if let nearest {
        "did you mean \"\(nearest)\"? `blockfuse list` shows all jobs"
      } else {
        selector.isEmpty ? "`blockfuse submit` makes one" : "see the jobs with `blockfuse list`"
      }
    case .newerDatabase: "use the newer program, or another database with --db"
    case .migrationChanged: "use the program that made the database, or another database with --db"
    case .foreignFile: "name another file with --db; this one is left as it is"
    case .damaged:
      "put a backup in its place with `blockfuse restore FILE`, or submit again with a new database; voxels already written stay"
    case .readOnly:
      "give yourself the right to write the file and its folder; `status`, `list`, `blocks`, `report` and `verify` need none"
    case .networkFileSystem:
      "the record needs shared memory and locks that only a local disk gives: put it there, as with "
        + "--db ~/blockfuse.sqlite or --db /var/tmp/blockfuse.sqlite; the output may stay on the network"
    case .copied(let path, let original):
      (original == path
        ? "" : "name the database itself with --db; or put the copy in its place with `blockfuse restore \(path) --db \(original)`; ")
        + "where the database is gone, or was moved here by a copy, `blockfuse restore \(path) --db \(path)` makes this one the database"
    case .foreignLog(let path): "`blockfuse restore \(path) --db \(path)` removes that file and makes the backup the database"
    case .otherDatabase: "name the right one with --db; to replace this one all the same, move it away first"
    case .inUse(let path): "end the process, which `lsof \(path)` names, then do the same again"
    case .busy: "try again; if it stays locked, see who has the file open with `lsof`"
    case .alreadyRunning: "wait for it, stop it (Ctrl-C or kill), or share the work with --join"
    case .claimLost: "another process does these blocks now; nothing is lost"
    case .notClaimed, .invalid: "this is a fault of the program; please report it"
    case .runEnded: "leave the .lock file beside the database alone while a job runs; run the same command again"
    case .viewsChanged: "restore what changed, or submit a new job for the new data"
    case .wrongState: "see its state with `blockfuse status`"
    case .orderOut(let job, _): "`blockfuse order \(job) --withdraw` takes it back; when its tasks have stopped, do the same again"
    case .diskFull(let path) where FileStatus.isOutOfFiles(at: path):
      "remove files that are not needed (`df -i` shows how many there are) and run the same command again"
    case .diskFull:
      "free some space and run the same command again; a job's record takes up to 5 bytes a block, and up to 64 MiB more "
        + "while it is written"
    case .cannotOpen: "check the path and its permissions"
    case .fileExists: "name another file"
    case .other: "check the disk; `sqlite3 FILE 'PRAGMA integrity_check'` tells whether the file is sound"
    }
  }

  /// Whether trying again later, with nothing changed, can help.
  public var isTransient: Bool {
    switch self {
    case .busy, .alreadyRunning, .inUse: true
    default: isPassingRead
    }
  }

  public var exitStatus: ExitStatus {
    switch self {
    case .noDatabase, .databaseGone, .noSuchJob: .noJob
    case .alreadyRunning, .inUse: .alreadyRunning
    case .newerDatabase, .migrationChanged, .viewsChanged: .changed
    case .noParentFolder, .unusablePath, .severalNames, .foreignFile, .networkFileSystem, .copied, .foreignLog, .otherDatabase,
      .fileExists, .orderOut:
      .usage
    case .damaged, .readOnly, .busy, .claimLost, .notClaimed, .runEnded, .wrongState, .diskFull, .cannotOpen, .invalid, .other:
      .unexpected
    }
  }

  public var isDiskFull: Bool {
    if case .diskFull = self { true } else { false }
  }

  /// What an error of the database means; `path` is that of the database.
  package init(_ error: any Error, path: String) {
    if let known = error as? JobStoreError {
      self = known
      return
    }
    guard let error = error as? DatabaseError else {
      self = .other(path: path, sqliteCode: 0, message: String(describing: error))
      return
    }
    // of some errors of the system SQLite keeps no words
    let said = error.message.flatMap { $0 == Database.words(for: .SQLITE_OK) ? nil : $0 }
    let message = said ?? Database.words(for: error.resultCode)
    switch error.resultCode {
    case .SQLITE_FULL: self = .diskFull(path: path)
    case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(path: path)
    // SQLite opens a file for reading where opening it for writing fails for whatever reason
    case .SQLITE_READONLY where error.extendedResultCode == .SQLITE_READONLY && !DatabaseFile.isWritingRefused(path):
      let why = "it could be opened for reading only, although it may be written; too many files may be open (`ulimit -n`)"
      self = .other(path: path, sqliteCode: Int(error.extendedResultCode.rawValue), message: why)
    case .SQLITE_READONLY, .SQLITE_PERM: self = .readOnly(path: path)
    // what the program itself finds has words of its own
    case .SQLITE_CORRUPT:
      let doubt = message == Database.words(for: .SQLITE_CORRUPT) ? Database.doubt(ofDamageTo: path) : nil
      guard let doubt else {
        self = .damaged(path: path, why: message)
        return
      }
      let words = Database.words(for: .SQLITE_IOERR)
      self = .other(
        path: path, sqliteCode: Int(ResultCode.SQLITE_IOERR_READ.rawValue),
        message: doubt.hasPrefix(words) ? doubt : "\(words): \(doubt)")
    // no change that the program makes breaks a rule of the tables, unless what it was made on did
    case .SQLITE_CONSTRAINT where [.SQLITE_CONSTRAINT_CHECK, .SQLITE_CONSTRAINT_FOREIGNKEY].contains(error.extendedResultCode):
      self = .damaged(path: path, why: message)
    case .SQLITE_NOTADB: self = .foreignFile(path: path, why: "it is not an SQLite file")
    case .SQLITE_CANTOPEN where FileStatus.isOutOfFiles(at: path): self = .diskFull(path: path)
    case .SQLITE_CANTOPEN: self = .cannotOpen(path: path, why: message)
    case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHORT_READ:
      self = .damaged(path: path, why: "it ends too early")
    case .SQLITE_IOERR where DatabaseFile.isDiskFull(path): self = .diskFull(path: path)
    default: self = .other(path: path, sqliteCode: Int(error.extendedResultCode.rawValue), message: message)
    }
  }
}
