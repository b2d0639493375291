import Files
import Foundation
import JobStore
import JSON
import Testing
import Zarr

/// A disk that fills up stops the run, and nothing else: no block fails, and the same line goes on when there is space.
@Suite(.enabled(if: TinyDisk.isPermitted, "mounting a tmpfs is not permitted here")) struct DiskFullTests {
  @Test(arguments: [true, false])
  func aFullDiskStopsTheRun(isDatabaseOnIt: Bool) throws {
    // the database alone takes some hundred kilobytes
    let disk = try TinyDisk(kilobytes: isDatabaseOnIt ? 1400 : 600)
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "2x2", "--shape", "24,150,150", "--chunk", "24,50,50")
    let database = isDatabaseOnIt ? disk.path + "/jobs.sqlite" : folder.file("jobs.sqlite")
    func blockfuse(_ arguments: String...) throws -> Finished {
      try RunningProcess("blockfuse", arguments, folder: folder.path, environment: ["BLOCKFUSE_DB": database]).wait()
    }
    let calm = folder.file("calm.ome.zarr")
    try #require(try folder.blockfuse("fuse", dataset, "--output", calm, "--output-chunksize", "32", "--quiet").status == 0)
    let output = disk.path + "/out.ome.zarr"
    let submit = try blockfuse("submit", dataset, "--output", output, "--output-chunksize", "32")
    try #require(submit.status == 0, "\(submit.errors)")
    let job = submit.output.split(separator: "\n").first.map(String.init) ?? ""
    for i in 0..<2 {
      let end = try blockfuse("run", job, "--quiet")
      #expect(end.status == 1, "\(end.errors)")
      #expect(end.errors.contains("full") || end.errors.contains("no space is left"), "\(end.errors)")
      // the second time, a database on the same disk may not even be opened
      let words = i == 0 || !isDatabaseOnIt ? "before compression; the same command continues" : "ree some space"
      #expect(end.errors.contains(words), "\(end.errors)")
    }
    disk.resize(kilobytes: 8000)
    let status = try JobStore.open(database, mode: .readOnly).job(job)
    #expect(status.state == .interrupted)
    #expect(status.counts.failed == 0)
    #expect(status.counts.done > 0)
    #expect(status.counts.done < status.counts.total)
    #expect(try blockfuse("run", job, "--quiet").status == 0)
    #expect(try blockfuse("verify", job, "--quiet").status == 0)
    #expect(try levels(output) == levels(calm))
  }

  /// A disk may have room for bytes and for no more files, as many scratch disks have a quota of both.
  @Test(arguments: [true, false]) func noMoreFilesIsToldFromNoMoreBytes(isDatabaseOnIt: Bool) throws {
    let disk = try TinyDisk(kilobytes: 40_000, files: 60)
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "2x2", "--shape", "24,150,150", "--chunk", "24,50,50")
    let database = isDatabaseOnIt ? disk.path + "/jobs.sqlite" : folder.file("jobs.sqlite")
    let output = disk.path + "/out.ome.zarr"
    func blockfuse(_ arguments: String...) throws -> Finished {
      try RunningProcess("blockfuse", arguments, folder: folder.path, environment: ["BLOCKFUSE_DB": database]).wait()
    }
    let submit = try blockfuse("submit", dataset, "--output", output, "--output-chunksize", "32")
    try #require(submit.status == 0, "\(submit.errors)")
    let end = try blockfuse("run", "--quiet")
    #expect(end.status == 1, "\(end.errors)")
    #expect(end.errors.contains("can hold no more files"), "\(end.errors)")
    #expect(end.errors.contains("df -i") && end.errors.contains("continues where it stopped"), "\(end.errors)")
    #expect(!end.errors.contains("free some space"), "\(end.errors)")
    disk.resize(kilobytes: 40_000, files: 4000)
    #expect(try JobStore.open(database, mode: .readOnly).job("1").counts.failed == 0)
    #expect(try blockfuse("run", "--quiet").status == 0)
    #expect(try blockfuse("verify", "--quiet").status == 0)
  }

  /// As a system does with a disk that errs. No block is to blame.
  @Test func aDiskThatBecomesReadOnlyStopsTheRun() throws {
    let disk = try TinyDisk(kilobytes: 8000)
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "24,96,96", "--chunk", "24,48,48")
    try folder.blockfuse("submit", dataset, "--output", disk.path + "/out.ome.zarr", "--output-chunksize", "12")
    let run = try folder.held(after: 20)
    disk.makeReadOnly()
    run.goOn()
    let end = run.process.wait()
    #expect(end.status == 1, "\(end.errors)")
    #expect(end.errors.contains("mount it for writing"), "\(end.errors)")
    #expect(try folder.database.job(1).counts.failed == 0)
    disk.makeWritable()
    #expect(try folder.blockfuse("run", "--quiet").status == 0)
    #expect(try folder.blockfuse("verify", "--quiet").status == 0)
  }

  /// A database on a disk of its own needs far less than the output.
  @Test func theDatabasesOwnDiskIsNamed() throws {
    let disk = try TinyDisk(kilobytes: 4000)
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    let database = ["--db", disk.path + "/jobs.sqlite"]
    #expect(try folder.blockfuse(["submit", dataset, "--output", "out.ome.zarr"] + database, fault: "").status == 0)
    let end = try folder.blockfuse(["run", "--quiet"] + database, fault: "recording=ENOSPC")
    #expect(end.status == 1)
    #expect(end.errors.contains(disk.path) && end.errors.contains("5 bytes a block"), "\(end.errors)")
    #expect(try folder.blockfuse(["run", "--quiet"] + database, fault: "").status == 0)
  }

  /// Not even the metadata fit: no job, no output, and what was there before is there still.
  @Test func aFullDiskLeavesNothingOfASubmit() throws {
    let disk = try TinyDisk(kilobytes: 64)
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    let filler = FileManager.default.createFile(atPath: disk.path + "/filler", contents: Data(count: 60_000))
    #expect(filler)
    let end = try folder.blockfuse("submit", dataset, "--output", disk.path + "/out.ome.zarr", "--output-chunksize", "4")
    #expect(end.status == 1, "\(end.errors)")
    #expect(end.errors.contains("No space left"), "\(end.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path) == ["filler"])
    #expect(try folder.blockfuse("list", "--json").output == "[]\n")
  }

  /// A task could take a folder of an order that is not whole for one.
  @Test func aFullDiskLeavesNothingOfAnOrder() throws {
    let disk = try TinyDisk(kilobytes: 64)
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    let submit = try folder.blockfuse("submit", dataset, "--output", disk.path + "/out.ome.zarr", "--output-chunksize", "8")
    try #require(submit.status == 0, "\(submit.errors)")
    let end = try folder.blockfuse("order")
    #expect(end.status == 1 && end.errors.contains("no space is left"), "\(end.errors)")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: disk.path + "/out.ome.zarr.blockfuse").allSatisfy { !$0.hasPrefix("order") })
    disk.resize(kilobytes: 8000)
    #expect(try folder.blockfuse("order").status == 0)
    #expect(
      try folder.blockfuse("work", disk.path + "/out.ome.zarr.blockfuse/order-1", "--task", "0", "--tasks", "1", "--quiet").status == 0)
    #expect(try folder.blockfuse("collect").status == 0)
    #expect(try folder.status()["state"]?.string == "complete")
  }
}

/// A file system of a few kilobytes, unmounted with this object.
final class TinyDisk: Sendable {
  let path: String

  /// - Parameter files: how many files and folders there may be; nil: what the system thinks fit.
  init(kilobytes: Int, files: Int? = nil) throws {
    path = NSTemporaryDirectory() + "blockfuse-disk-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try #require(Self.mount("-t", "tmpfs", "-o", Self.size(kilobytes, files), "tmpfs", path))
  }

  func resize(kilobytes: Int, files: Int? = nil) {
    #expect(Self.mount("-o", "remount," + Self.size(kilobytes, files), path))
  }

  private static func size(_ kilobytes: Int, _ files: Int?) -> String {
    "size=\(kilobytes)k" + (files.map { ",nr_inodes=\($0)" } ?? "")
  }

  /// Waits for files that are open for writing.
  func makeReadOnly() {
    while !Self.mount("-o", "remount,ro", path) { usleep(5_000) }
  }

  func makeWritable() {
    #expect(Self.mount("-o", "remount,rw", path))
  }

  deinit {
    _ = runsWell("/bin/umount", ["-l", path])
    try? FileManager.default.removeItem(atPath: path)
  }

  static let isPermitted: Bool = {
    let path = NSTemporaryDirectory() + "blockfuse-disk-" + UUID().uuidString
    guard (try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)) != nil else { return false }
    defer { try? FileManager.default.removeItem(atPath: path) }
    guard mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", path) else { return false }
    return runsWell("/bin/umount", [path])
  }()

  private static func mount(_ arguments: String...) -> Bool { runsWell("/bin/mount", arguments) }
}

/// A folder that the kernel says is on sshfs; it goes away with this object.
final class NetworkDisk {
  let path: String
  private let source: TestFolder
  private let server = Process()

  init() throws {
    source = try TestFolder()
    path = NSTemporaryDirectory() + "blockfuse-network-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    server.executableURL = URL(fileURLWithPath: "/usr/bin/bindfs")
    server.arguments = ["-f", "-o", "subtype=sshfs", source.path, path]
    server.standardError = FileHandle.nullDevice
    try server.run()
    while FileSystemKind.network(at: path) == nil {
      guard server.isRunning else { throw CocoaError(.featureUnsupported) }
      usleep(5_000)
    }
  }

  deinit {
    _ = runsWell("/bin/umount", ["-l", path])
    if server.isRunning { server.terminate() }
    try? FileManager.default.removeItem(atPath: path)
  }

  static let isPermitted = (try? NetworkDisk()) != nil
}

private func runsWell(_ program: String, _ arguments: [String]) -> Bool {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = arguments
  process.standardError = FileHandle.nullDevice
  process.standardOutput = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return false }
  process.waitUntilExit()
  return process.terminationStatus == 0
}
