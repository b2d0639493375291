import Foundation
import GRDB
import JobStore
import JSON
import Testing

/// Who may do what to an output: the table in docs/jobs.md, and what it is for.
@Suite struct OwnerTests {
  private static let output = "out.ome.zarr"

  private func submitted(chunk: Int = 8) throws -> TestFolder {
    let folder = try TestFolder(isInMemory: true)
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,64,64", "--chunk", "8,32,32")
    let end = try folder.blockfuse("submit", dataset, "--output", Self.output, "--output-chunksize", "\(chunk)", "--quiet")
    try #require(end.status == 0, "\(end.errors)")
    return folder
  }

  private func blockfuse(_ folder: TestFolder, _ arguments: [String], database: String = "jobs.sqlite") throws -> Finished {
    try RunningProcess("blockfuse", arguments, folder: folder.path, environment: ["BLOCKFUSE_DB": folder.file(database)]).wait()
  }

  private enum State: String, CaseIterable {
    /// Another process runs the job.
    case running
    /// Tasks of a work order may be at work.
    case ordered = "order out"
    /// The command is given a copy.
    case copied = "copy"
    /// The database has another path than it had.
    case moved
    /// A copy was made the database.
    case left = "left behind"
  }

  private static let looks = [
    "status 1", "list", "blocks 1", "verify 1", "report 1 -o page.html", "preview 1 -o picture.png", "export 1 blocks", "prune --dry-run",
    "export-tiff 2 -o level.tif", "backup jobs.backup",
  ]
  private static let retake = "retry 1 --view tile_0_0"
  /// Beside it the times of an input change.
  private static let accept = "run 1 --accept-times --limit 1"
  /// In the order in which they are done.
  private static let writes = [
    "retry 1", retake, accept, "order 1", "collect 1", "verify 1 --repair", "rename 1 other", "relocate 1 --inputs mosaic=mosaic", "prune",
    "remove 1 --output", "order 1 --withdraw", "run 1", "submit mosaic/dataset.json --output b.ome.zarr",
    "fuse mosaic/dataset.json --output c.ome.zarr", "remove 1",
  ]

  private static let moved: [String: Int32] = [
    "verify 1 --repair": 64, "rename 1 other": 64, "relocate 1 --inputs mosaic=mosaic": 64, "remove 1 --output": 64,
  ]

  /// The exit status of each command in each state where it is not 0, as the table in docs/jobs.md has it.
  private static let table: [State: [String: Int32]] = [
    .running: [
      retake: 11, accept: 11, "order 1": 11, "collect 1": 64, "verify 1 --repair": 11, "rename 1 other": 11,
      "relocate 1 --inputs mosaic=mosaic": 11, "remove 1 --output": 11, "order 1 --withdraw": 64, "run 1": 11, "remove 1": 11,
    ],
    .ordered: moved.merging([retake: 64, accept: 64]) { $1 },
    .copied: Dictionary(uniqueKeysWithValues: writes.map { ($0, 64) }),
    .moved: moved,
    .left: [
      retake: 4, accept: 4, "order 1": 4, "collect 1": 64, "verify 1 --repair": 4, "relocate 1 --inputs mosaic=mosaic": 4,
      "remove 1 --output": 4, "order 1 --withdraw": 64, "run 1": 4,
    ],
  ]

  @Test(arguments: State.allCases.map(\.rawValue)) func everyCommandInEveryState(name: String) throws {
    let state = try #require(State(rawValue: name))
    let folder = try submitted()
    // before it is known whose the output is, all may have it
    try #require(try folder.blockfuse("run", "--limit", "4", "--quiet").status == 0)
    let second = try folder.blockfuse("fuse", "mosaic/dataset.json", "--output", "second.ome.zarr", "--quiet")
    try #require(second.status == 0, "\(second.errors)")
    var database = "jobs.sqlite"
    var run: HeldRun?
    switch state {
    case .running: run = try folder.held(after: 4)
    case .ordered: try #require(try folder.blockfuse("order", "1").status == 0)
    case .copied:
      database = "copy.sqlite"
      try FileManager.default.copyItem(atPath: folder.file("jobs.sqlite"), toPath: folder.file(database))
    case .moved:
      database = "moved.sqlite"
      try FileManager.default.moveItem(atPath: folder.file("jobs.sqlite"), toPath: folder.file(database))
    case .left:
      try #require(try folder.blockfuse("backup", "backup.sqlite").status == 0)
      try #require(try blockfuse(folder, ["restore", "backup.sqlite"], database: "new.sqlite").status == 0)
    }
    for command in Self.looks {
      let end = try blockfuse(folder, command.split(separator: " ").map(String.init), database: database)
      #expect(end.status == 0, "\(name), \(command): \(end.errors)")
    }
    try expectPages(folder, database: database, "\(name)")
    for command in Self.writes {
      // a run that lives would see that the file was touched, though its time is what it was
      let time = command == Self.accept && state != .running ? try touched(folder) : nil
      let end = try blockfuse(folder, command.split(separator: " ").map(String.init), database: database)
      if var times = time, end.status != 0 { utimensat(AT_FDCWD, folder.file(Self.input), &times, 0) }
      #expect(end.status == Self.table[state]?[command] ?? 0, "\(name), \(command): \(end.status) \(end.errors)")
      // the way out
      if state == .copied || end.status == 4 { #expect(end.errors.contains("blockfuse restore "), "\(command): \(end.errors)") }
    }
    run?.goOn()
    if let end = run?.process.wait() { #expect(end.status == 0, "\(end.errors)") }
  }

  private static let input = "mosaic/tiles/tile_0_0.ome.zarr/0/.zarray"

  /// Gives a file of the input another time; the times that it had, to the nanosecond.
  private func touched(_ folder: TestFolder) throws -> [timespec] {
    var before = stat()
    try #require(stat(folder.file(Self.input), &before) == 0)
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 2e9)], ofItemAtPath: folder.file(Self.input))
    #if os(Linux)
      return [before.st_atim, before.st_mtim]
    #else
      return [before.st_atimespec, before.st_mtimespec]
    #endif
  }

  /// `serve` goes on until it is stopped.
  private func expectPages(_ folder: TestFolder, database: String, _ note: Comment) throws {
    let server = try RunningProcess(
      "blockfuse", ["serve", "--port", "0"], folder: folder.path, environment: ["BLOCKFUSE_DB": folder.file(database)])
    for _ in 0..<2000 where server.isRunning && !server.outputSoFar.contains("http://") { usleep(5000) }
    #expect(server.isRunning && server.outputSoFar.contains("http://"), "\(note): serve: \(server.errorsSoFar)")
    server.signal(SIGKILL)
    server.wait()
  }

  /// Of what only the original recorded a copy knows nothing; it would remove all of it as strays.
  @Test func aCopyDoesNotRepairWhatTheOriginalRecorded() throws {
    let folder = try submitted()
    try #require(try folder.blockfuse("run", "--limit", "4", "--quiet").status == 0)
    try #require(try folder.blockfuse("backup", "backup.sqlite").status == 0)
    try FileManager.default.copyItem(atPath: folder.file("jobs.sqlite"), toPath: folder.file("copy.sqlite"))
    try #require(try folder.blockfuse("run", "--quiet").status == 0)
    for copy in ["backup.sqlite", "copy.sqlite"] {
      let end = try blockfuse(folder, ["verify", "--repair"], database: copy)
      #expect(end.status == 64 && end.errors.contains("is a copy of the job database"), "\(end.errors)")
    }
    #expect(try folder.blockfuse("verify", "--quiet").status == 0)
    // taken over, it may, and makes again what it does not know
    try #require(try folder.blockfuse("restore", "copy.sqlite", "--db", "copy.sqlite").status == 0)
    #expect(try blockfuse(folder, ["verify", "--repair", "--quiet"], database: "copy.sqlite").status == 0)
    let left = try folder.blockfuse("verify", "--repair", "--quiet")
    #expect(left.status == 4 && left.errors.contains(folder.file("copy.sqlite")), "\(left.errors)")
    #expect(try blockfuse(folder, ["run", "--quiet"], database: "copy.sqlite").status == 0)
    #expect(try folder.blockfuse("verify", "--quiet").status == 0)
    // and back
    try #require(try folder.blockfuse("restore", "jobs.sqlite").status == 0)
    #expect(try folder.blockfuse("verify", "--repair", "--quiet").status == 0)
    #expect(try blockfuse(folder, ["run", "--quiet"], database: "copy.sqlite").status == 0, "complete: nothing is written")
  }

  /// Two databases of before the owner was known, so that neither knows that it is a copy: the first that writes has it.
  @Test func ofTwoDatabasesOneHasTheOutput() throws {
    // more blocks than a process takes at a time
    let folder = try submitted(chunk: 6)
    try FileManager.default.copyItem(atPath: folder.file("jobs.sqlite"), toPath: folder.file("other.sqlite"))
    try DatabaseQueue(path: folder.file("other.sqlite")).write { db in try db.execute(sql: "DELETE FROM identity") }
    let run = try folder.held(after: 4)
    for command in [["run"], ["verify", "--repair"], ["order"]] {
      let end = try blockfuse(folder, command, database: "other.sqlite")
      #expect(end.status == 11 || end.status == 4 && command != ["run"], "\(command): \(end.status) \(end.errors)")
      #expect(end.errors.contains(folder.file("jobs.sqlite")), "\(command): \(end.errors)")
    }
    // joined, processes of one database share it
    let joined = try folder.blockfuse("run", "--join", "--limit", "2", "--quiet")
    #expect(joined.status == 0, "\(joined.errors)")
    run.goOn()
    #expect(run.process.wait().status == 0)
    let late = try blockfuse(folder, ["run"], database: "other.sqlite")
    #expect(late.status == 4 && late.errors.contains("blockfuse restore"), "\(late.errors)")
    try #require(try blockfuse(folder, ["restore", "other.sqlite"], database: "other.sqlite").status == 0)
    #expect(try blockfuse(folder, ["run", "--quiet"], database: "other.sqlite").status == 0)
    #expect(try folder.blockfuse("verify", "--repair", "--quiet").status == 4)
    let owner = try JSONValue.parse(Data(contentsOf: URL(fileURLWithPath: folder.file("\(Self.output).blockfuse/owner.json"))))
    #expect(owner["path"]?.string == folder.file("other.sqlite"))
  }

  @Test func aTakeOverStopsTheTasksOfTheOther() throws {
    let folder = try submitted()
    let order = try folder.blockfuse("order", "--quiet").output.trimmingCharacters(in: .newlines)
    try #require(try folder.blockfuse("backup", "backup.sqlite").status == 0)
    let hold = folder.file("hold")
    try Data().write(to: URL(fileURLWithPath: hold))
    let task = try RunningProcess(
      "blockfuse", ["work", order, "--task", "0", "--tasks", "1", "--workers", "1", "--quiet"], folder: folder.path,
      environment: ["BLOCKFUSE_FAULT": "file-opening=hold:\(hold)@10+"])
    while task.isRunning, !task.errorsSoFar.contains("file-opening") { usleep(500) }
    let early = try folder.blockfuse("restore", "backup.sqlite")
    #expect(early.status == 11 && early.errors.contains(Self.output), "\(early.errors)")
    unlink(hold)
    #expect(task.wait().status == 0)
    let end = try folder.blockfuse("restore", "backup.sqlite")
    #expect(end.status == 0 && end.errors.contains("is withdrawn"), "\(end.errors)")
    let again = try folder.blockfuse("work", order, "--task", "0", "--tasks", "1", "--quiet")
    #expect(again.status == 4, "\(again.errors)")
    #expect(try folder.blockfuse("run", "--quiet").status == 0)
    #expect(try folder.blockfuse("verify", "--quiet").status == 0)
  }

  @Test func aDamagedNoteOfTheOwnerIsNotTakenForNone() throws {
    let folder = try submitted()
    try #require(try folder.blockfuse("run", "--limit", "2", "--quiet").status == 0)
    try Data("{".utf8).write(to: URL(fileURLWithPath: folder.file("\(Self.output).blockfuse/owner.json")))
    let end = try folder.blockfuse("run", "--quiet")
    #expect(end.status == 1 && end.errors.contains("owner.json"), "\(end.errors)")
  }

  /// Beside an output in a folder where this user may not write nothing can be noted: it is said, and the run goes on.
  @Test(.enabled(if: TestFolder.hasUnprivileged, "nobody may not run the program here"))
  func whereNothingCanBeNoted() throws {
    let folder = try submitted()
    let place = folder.file("place")
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
    chmod(folder.path, 0o777)
    let end = try folder.blockfuse("submit", "mosaic/dataset.json", "--output", "place/out.ome.zarr", "--output-chunksize", "32", "--quiet")
    try #require(end.status == 0, "\(end.errors)")
    for path in FileManager.default.enumerator(atPath: place)?.compactMap({ $0 as? String }) ?? [] { chmod("\(place)/\(path)", 0o777) }
    for name in ["jobs.sqlite", "jobs.sqlite.lock", "jobs.sqlite-wal", "jobs.sqlite-shm"] { chmod(folder.file(name), 0o666) }
    chmod(place, 0o555)
    let run = try folder.blockfuseUnprivileged(["run", "2", "--quiet", "--db", folder.file("jobs.sqlite")])
    #expect(run.status == 0 && run.errors.contains("cannot be noted beside it"), "\(run.errors)")
  }
}
