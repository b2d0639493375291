import Foundation
import JobStore
import JSON
import Testing
import Zarr

/// What people are told of a job database that is not as it should be, and of copies of one.
@Suite struct DatabaseTests {
  private let looking = [["status"], ["list"], ["blocks"], ["verify"], ["run"], ["retry"], ["backup", "copy.sqlite"]]

  private func submitted() throws -> TestFolder {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,64,64", "--chunk", "8,32,32")
    let end = try folder.blockfuse("fuse", dataset, "--output", "a.ome.zarr", "--output-chunksize", "16", "--quiet")
    try #require(end.status == 0, "\(end.errors)")
    // a process may end before it has folded its log into the file, and what is changed there would not count
    try JobStore.open(folder.file("jobs.sqlite"), mode: .existing).close()
    try #require(!FileManager.default.fileExists(atPath: folder.file("jobs.sqlite-wal")))
    return folder
  }

  /// Every command says the same, in words, and leaves the file as it is.
  private func expect(_ status: Int32, _ words: [String], _ folder: TestFolder) throws {
    let file = URL(fileURLWithPath: folder.file("jobs.sqlite"))
    let before = try Data(contentsOf: file)
    for arguments in looking + [["submit", "mosaic/dataset.json", "--output", "b.ome.zarr"]] {
      let end = try RunningProcess("blockfuse", arguments, folder: folder.path).wait()
      #expect(end.status == status, "\(arguments): \(end.errors)")
      for word in words + ["jobs.sqlite", "hint: "] {
        #expect(end.errors.contains(word), "\(arguments) does not say \"\(word)\": \(end.errors)")
      }
      #expect(end.output.isEmpty)
    }
    #expect(try Data(contentsOf: file) == before)
    #expect(!FileManager.default.fileExists(atPath: folder.file("b.ome.zarr")))
    #expect(!FileManager.default.fileExists(atPath: folder.file("copy.sqlite")))
  }

  private func change(_ folder: TestFolder, _ body: (inout Data) -> Void) throws {
    let file = URL(fileURLWithPath: folder.file("jobs.sqlite"))
    var bytes = try Data(contentsOf: file)
    body(&bytes)
    try bytes.write(to: file)
  }

  @Test func garbage() throws {
    let folder = try submitted()
    try change(folder) { $0 = Data((0..<9000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }) }
    try expect(64, ["is not a job database", "not an SQLite file"], folder)
  }

  /// By another name others would not see its locks and its journal.
  @Test func ofSeveralNames() throws {
    let folder = try submitted()
    try #require(link(folder.file("jobs.sqlite"), folder.file("other.sqlite")) == 0)
    try expect(64, ["has 2 names (hard links)", "-samefile"], folder)
    let status = try folder.blockfuse("status", "--db", "other.sqlite")
    #expect(status.status == 64, "\(status.errors)")
    unlink(folder.file("other.sqlite"))
    #expect(try folder.blockfuse("status").status == 0)
  }

  /// What a killed backup left goes with the next one; what one that lives has in hand stays.
  @Test func killedBackups() throws {
    let folder = try submitted()
    func temporary() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".tmp") }
    }
    let killed = try folder.blockfuse(["backup", "a.sqlite"], fault: "backup-made=kill")
    #expect(killed.status == 128 + SIGKILL)
    #expect(try temporary().count == 1)
    let hold = folder.file("hold")
    try Data().write(to: URL(fileURLWithPath: hold))
    let slow = try RunningProcess(
      "blockfuse", ["backup", "b.sqlite"], folder: folder.path, environment: ["BLOCKFUSE_FAULT": "backup-made=hold:\(hold)"])
    while slow.isRunning, !slow.errorsSoFar.contains("backup-made made to fail") { usleep(1000) }
    let own = try temporary()
    #expect(own.count == 1, "\(own)")
    let other = try folder.blockfuse("backup", "c.sqlite")
    #expect(other.status == 0, "\(other.errors)")
    #expect(try temporary() == own)
    unlink(hold)
    let end = slow.wait()
    #expect(end.status == 0, "\(end.errors)")
    #expect(try temporary() == [])
    for name in ["b.sqlite", "c.sqlite"] { #expect(try folder.blockfuse("verify", "--db", name).status == 0) }
    #expect(!FileManager.default.fileExists(atPath: folder.file("a.sqlite")))
  }

  @Test func truncated() throws {
    let folder = try submitted()
    try change(folder) { $0.removeLast($0.count / 2) }
    try expect(1, ["is damaged"], folder)
  }

  @Test func fromTheFuture() throws {
    let folder = try submitted()
    // user_version, in the header
    try change(folder) { $0[63] = 99 }
    try expect(4, ["has version 99", "newer program"], folder)
  }

  @Test func ofAnotherProgram() throws {
    let folder = try submitted()
    // application_id
    try change(folder) { $0[68] = 1 }
    try expect(64, ["is not a job database", "another program"], folder)
  }

  /// One page inside overwritten: whatever is asked, an answer or an error in words, and `verify` never says all is well.
  @Test func aDamagedPage() throws {
    let folder = try submitted()
    let whole = try Data(contentsOf: URL(fileURLWithPath: folder.file("jobs.sqlite")))
    for page in 1..<whole.count / 8192 {
      try change(folder) {
        $0 = whole; $0.replaceSubrange(page * 8192..<page * 8192 + 8192, with: Data(repeating: 0x5A, count: 8192))
      }
      for arguments in [["status", "--json"], ["blocks", "--json"], ["verify", "--quiet"]] {
        let end = try RunningProcess("blockfuse", arguments, folder: folder.path).wait()
        #expect(end.status != 0 || arguments[0] != "verify", "page \(page)")
        #expect(end.status == 0 || end.errors.contains("error: "), "page \(page), \(arguments): exit \(end.status) \(end.errors)")
        #expect(end.status < 128, "page \(page), \(arguments)")
      }
    }
  }

  @Test(.enabled(if: TinyDisk.isPermitted, "mounting a tmpfs is not permitted here"))
  func onADiskThatCannotBeWritten() throws {
    let folder = try submitted()
    let disk = try TinyDisk(kilobytes: 4000)
    let database = disk.path + "/jobs.sqlite"
    try FileManager.default.copyItem(atPath: folder.file("jobs.sqlite"), toPath: database)
    disk.makeReadOnly()
    func blockfuse(_ arguments: String...) throws -> Finished {
      try RunningProcess("blockfuse", arguments, folder: folder.path, environment: ["BLOCKFUSE_DB": database]).wait()
    }
    for arguments in [["run"], ["retry"], ["submit", "mosaic/dataset.json", "--output", "b.ome.zarr"]] {
      let end = try RunningProcess("blockfuse", arguments, folder: folder.path, environment: ["BLOCKFUSE_DB": database]).wait()
      #expect(end.status == 1, "\(arguments): \(end.errors)")
      #expect(end.errors.contains("cannot be written"), "\(arguments): \(end.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.file("b.ome.zarr")))
    for command in ["status", "list", "blocks", "verify"] {
      let end = try blockfuse(command)
      #expect(end.status == 0, "\(command): \(end.errors)")
    }
  }

  /// A job of somebody else's, in a folder where only they may write.
  @Test(.enabled(if: TestFolder.hasUnprivileged, "nobody may not run the program here"))
  func inAFolderOfSomebodyElse() throws {
    let folder = try submitted()
    let theirs = folder.file("theirs")
    try FileManager.default.createDirectory(atPath: theirs, withIntermediateDirectories: false)
    try FileManager.default.moveItem(atPath: folder.file("jobs.sqlite"), toPath: theirs + "/jobs.sqlite")
    func permit(_ permissions: Int) throws {
      try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: theirs)
    }
    try permit(0o555)
    defer { try? permit(0o755) }
    let page = FileManager.default.temporaryDirectory.appendingPathComponent("blockfuse-test-\(UUID().uuidString).html").path
    defer { try? FileManager.default.removeItem(atPath: page) }
    for arguments in [["status"], ["list"], ["blocks"], ["verify"], ["report", "-o", page]] {
      let end = try folder.blockfuseUnprivileged(arguments + ["--db", theirs + "/jobs.sqlite"])
      #expect(end.status == 0, "\(arguments): \(end.errors)")
    }
    for arguments in [["run"], ["retry"]] {
      let end = try folder.blockfuseUnprivileged(arguments + ["--db", theirs + "/jobs.sqlite"])
      #expect(end.status == 1, "\(arguments): \(end.errors)")
      #expect(end.errors.contains("cannot be written"), "\(arguments): \(end.errors)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: theirs) == ["jobs.sqlite"])
  }

  /// Looking at a database that is to stay as it is leaves no files beside it, which would be read-only too and keep
  /// others from writing it later.
  @Test(.enabled(if: TestFolder.hasUnprivileged, "nobody may not run the program here"))
  func aReadOnlyFile() throws {
    let folder = try submitted()
    let place = folder.file("place")
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
    try FileManager.default.moveItem(atPath: folder.file("jobs.sqlite"), toPath: place + "/jobs.sqlite")
    chmod(place, 0o777)
    chmod(place + "/jobs.sqlite", 0o444)
    for (command, status) in [("status", 0), ("list", 0), ("blocks", 0), ("verify", 0), ("run", 1), ("retry", 1)] as [(String, Int32)] {
      let end = try folder.blockfuseUnprivileged([command, "--db", place + "/jobs.sqlite"])
      #expect(end.status == status, "\(command): \(end.errors)")
      if status == 1 { #expect(end.errors.contains("cannot be written"), "\(command): \(end.errors)") }
      #expect(try FileManager.default.contentsOfDirectory(atPath: place) == ["jobs.sqlite"], "\(command)")
    }
  }

  @Test(.enabled(if: NetworkDisk.isPermitted, "bindfs is not there, or mounting with it is not permitted"))
  func onANetworkFileSystem() throws {
    let folder = try submitted()
    let disk = try NetworkDisk()
    // a copy may go there
    #expect(try folder.blockfuse("backup", disk.path + "/jobs.sqlite").status == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path) == ["jobs.sqlite"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { !$0.hasSuffix(".tmp") })
    for arguments in looking + [["submit", "mosaic/dataset.json", "--output", "b.ome.zarr"]] {
      let end = try RunningProcess(
        "blockfuse", arguments, folder: folder.path, environment: ["BLOCKFUSE_DB": disk.path + "/jobs.sqlite"]
      ).wait()
      #expect(end.status == 64, "\(arguments): \(end.errors)")
      #expect(end.errors.contains("is on a network file system (fuse.sshfs)"), "\(arguments): \(end.errors)")
      #expect(end.errors.contains("local disk"), "\(arguments): \(end.errors)")
    }
    try FileManager.default.copyItem(atPath: disk.path + "/jobs.sqlite", toPath: folder.file("back.sqlite"))
    #expect(try JobStore.open(folder.file("back.sqlite"), mode: .readOnly).integrityCheck() == [])
  }

  @Test func aBackupWhileAJobRuns() throws {
    let folder = try submitted()
    try folder.blockfuse("submit", folder.file("mosaic/dataset.json"), "--output", "b.ome.zarr", "--output-chunksize", "16")
    let run = try RunningProcess(
      "blockfuse", ["run", "2", "--workers", "1", "--quiet"], folder: folder.path,
      environment: ["BLOCKFUSE_FAULT": "recorded=wait:600000@1"])
    while try folder.database.job(2).counts.done == 0, run.isRunning { usleep(1000) }
    let backup = try folder.blockfuse("backup", "copy.sqlite")
    #expect(backup.status == 0, "\(backup.errors)")
    let copy = try JobStore.open(folder.file("copy.sqlite"), mode: .readOnly)
    #expect(try copy.job(1).state == .complete)
    #expect(try copy.job(2).counts.done > 0)
    #expect(try copy.integrityCheck() == [])
    let second = try folder.blockfuse("backup", "copy.sqlite")
    #expect(second.status == 64)
    #expect(second.errors.contains("copy.sqlite exists"))
    run.signal(SIGKILL)
    run.wait()
    // the copy can take the place of the original, with the log of the killed run beside it
    #expect(FileManager.default.fileExists(atPath: folder.file("jobs.sqlite-wal")))
    let restored = try folder.blockfuse("restore", "copy.sqlite", "--quiet")
    #expect(restored.status == 0, "\(restored.errors)")
    #expect(try folder.blockfuse("run", "2", "--quiet").status == 0)
    #expect(try folder.blockfuse("verify", "2", "--quiet").status == 0)
  }

  /// It stops then and there: whatever it would go on to record, nobody could find.
  @Test(arguments: [["jobs.sqlite"], ["jobs.sqlite", "jobs.sqlite-wal", "jobs.sqlite-shm"]])
  func aRunWhoseDatabaseIsMovedAwayStops(files: [String]) throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "2x2", "--shape", "16,96,96", "--chunk", "16,48,48")
    try folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "8")
    let run = try folder.held(after: 20)
    func move(from: String, to: String) throws {
      for file in files {
        try FileManager.default.moveItem(atPath: folder.file(from + file), toPath: folder.file(to + file))
      }
    }
    try FileManager.default.createDirectory(atPath: folder.file("aside"), withIntermediateDirectories: false)
    try move(from: "", to: "aside/")
    run.goOn()
    let end = run.process.wait()
    #expect(end.status == 10, "\(end.errors)")
    #expect(end.errors.contains("was removed, moved or replaced") && end.errors.contains("put it back"), "\(end.errors)")
    try move(from: "aside/", to: "")
    #expect(try folder.status()["state"]?.string == "interrupted")
    #expect(try folder.blockfuse("run", "--quiet").status == 0)
    #expect(try folder.blockfuse("verify", "--quiet").status == 0)
  }

  /// One flipped byte of a file whose codecs have no checksum of their own.
  @Test(arguments: [("0.4", "null"), ("0.5", "null"), ("0.4", #"{"id": "blosc"}"#), ("0.5", #"{"id": "blosc"}"#)])
  func aFlippedByteIsFound(version: String, compressor: String) throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,64,64", "--chunk", "8,32,32")
    let options = """
      {"output_chunksize": 32,
       "zarr_options": {"ngff_version": "\(version)", "zarr_array_creation_kwargs": {"compressor": \(compressor)}}}
      """
    try Data(options.utf8).write(to: URL(fileURLWithPath: folder.file("o.json")))
    let end = try folder.blockfuse("fuse", dataset, "--output", "a.ome.zarr", "--options", "o.json", "--quiet")
    try #require(end.status == 0, "\(end.errors)")
    #expect(try folder.blockfuse("verify", "--quiet").status == 0)
    let file = URL(fileURLWithPath: folder.file(version == "0.4" ? "a.ome.zarr/0/0/0/0/1/1" : "a.ome.zarr/0/c/0/0/0/1/1"))
    let whole = try Data(contentsOf: file)
    for byte in [whole.count - 5, whole.count / 2, whole.count - 1] {
      var damaged = whole
      damaged[byte] ^= 1
      try damaged.write(to: file)
      let found = try folder.blockfuse("verify", "--json", "--quiet")
      #expect(found.status == 12, "byte \(byte) of \(whole.count)")
      #expect(try JSONValue.parse(found.output)["problems"]?.array?.count == 1)
    }
    #expect(try folder.blockfuse("verify", "--repair", "--quiet").status == 0)
    #expect(try folder.blockfuse("run", "--quiet").status == 0)
    #expect(try Data(contentsOf: file) == whole)
    #expect(try folder.blockfuse("verify", "--quiet").status == 0)
  }
}
