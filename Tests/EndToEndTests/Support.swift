import Foundation
import Geometry
import JobStore
import JSON
import Testing
import Zarr

/// The binaries under test, as built beside the tests.
enum Binaries {
  static let folder: URL = {
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    while folder.path != "/", !FileManager.default.isExecutableFile(atPath: folder.appendingPathComponent("blockfuse").path) {
      folder.deleteLastPathComponent()
    }
    return folder
  }()

  static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
}

/// Whether the programs were built with a sanitizer (`make sanitize-thread`), which takes address space and the first place
/// among preloaded libraries for itself.
let isSanitized = ProcessInfo.processInfo.environment["BLOCKFUSE_TEST_SANITIZER"] != nil

/// A folder that goes away with the test.
final class TestFolder: Sendable {
  let path: String

  /// - Parameter isInMemory: where there is such a file system, for tests that start many programs and for which what a disk
  ///   keeps does not matter.
  init(isInMemory: Bool = false) throws {
    let isThere = isInMemory && access("/dev/shm", R_OK | W_OK | X_OK) == 0
    path = (isThere ? "/dev/shm/" : NSTemporaryDirectory()) + "blockfuse-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  /// Runs blockfuse with this folder's database to its end.
  @discardableResult
  func blockfuse(_ arguments: String...) throws -> Finished {
    let process = try RunningProcess("blockfuse", arguments, folder: path)
    return process.wait()
  }

  /// As `blockfuse`, with a fault made at one of the program's fault points.
  func blockfuse(_ arguments: [String], fault: String) throws -> Finished {
    try RunningProcess("blockfuse", arguments, folder: path, environment: ["BLOCKFUSE_FAULT": fault]).wait()
  }

  /// As `blockfuse`, as one who may write no more than permissions say, which root is not.
  func blockfuseUnprivileged(_ arguments: [String]) throws -> Finished {
    guard geteuid() == 0 else { return try RunningProcess("blockfuse", arguments, folder: path).wait() }
    return try RunningProcess(
      "/usr/bin/setpriv", ["--reuid", "65534", "--regid", "65534", "--clear-groups", Binaries.path("blockfuse")] + arguments,
      folder: path
    ).wait()
  }

  /// Not where nobody may read the folder of the build.
  static let hasUnprivileged = (try? TestFolder().blockfuseUnprivileged(["--version"]).status) == 0

  func spawn(_ arguments: String...) throws -> RunningProcess {
    try RunningProcess("blockfuse", arguments, folder: path)
  }

  /// A run of job 1 in one thread that holds still in the midst of it, with so many blocks settled, until it is let go on:
  /// however fast the program is, what is done meanwhile does not come too late.
  func held(after settled: Int) throws -> HeldRun {
    let hold = file("hold-" + UUID().uuidString)
    try Data().write(to: URL(fileURLWithPath: hold))
    let before = try database.job(1).counts.settled
    let run = try RunningProcess(
      "blockfuse", ["run", "1", "--workers", "1", "--quiet"], folder: path,
      environment: ["BLOCKFUSE_FAULT": "file-opening=hold:\(hold)@\(settled + 20)+"])
    while run.isRunning, try database.job(1).counts.settled < before + settled { usleep(500) }
    try #require(run.isRunning, "\(run.wait().errors)")
    return HeldRun(process: run, hold: hold)
  }

  /// Makes a mosaic and returns its dataset file.
  func mosaic(_ arguments: String...) throws -> String {
    let end = try RunningProcess("mosaic", ["mosaic"] + arguments, folder: path).wait()
    try #require(end.status == 0, "\(end.errors)")
    return file("mosaic/dataset.json")
  }

  func status(_ job: String = "1") throws -> JSONValue {
    let end = try blockfuse("status", job, "--json")
    try #require(end.status == 0, "\(end.errors)")
    return try JSONValue.parse(end.output)
  }

  var database: JobStore {
    get throws { try JobStore.open(file("jobs.sqlite"), mode: .readOnly) }
  }
}

struct Finished: Sendable {
  /// The exit status, or 128 + the signal that ended it.
  let status: Int32
  let output: String
  let errors: String
}

/// A child process whose output is collected.
final class RunningProcess {
  private let process = Process()
  private let output: URL
  private let errors: URL

  /// - Parameters:
  ///   - name: of a program under test, or the path of another.
  ///   - stdout: where its output goes instead of being collected.
  init(
    _ name: String, _ arguments: [String], folder: String, environment: [String: String] = [:], stdout: FileHandle? = nil
  ) throws {
    process.executableURL = URL(fileURLWithPath: name.hasPrefix("/") ? name : Binaries.path(name))
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["BLOCKFUSE_DB": folder + "/jobs.sqlite", "LC_ALL": "C"]) { $1 }.merging(environment) { $1 }
    let unique = UUID().uuidString
    output = URL(fileURLWithPath: folder + "/.out-" + unique)
    errors = URL(fileURLWithPath: folder + "/.err-" + unique)
    for url in [output, errors] { _ = FileManager.default.createFile(atPath: url.path, contents: nil) }
    process.standardOutput = try stdout ?? FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    process.standardInput = FileHandle.nullDevice
    try process.run()
  }

  var identifier: Int32 { process.processIdentifier }
  var isRunning: Bool { process.isRunning }
  var outputSoFar: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }
  var errorsSoFar: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }

  func signal(_ number: Int32) { kill(identifier, number) }

  /// Nil, and killed, where it has not ended after a time that is ample for whatever ends at all.
  func wait(atMostSeconds limit: Int) -> Finished? {
    for _ in 0..<limit * 100 where process.isRunning { usleep(10_000) }
    if process.isRunning {
      signal(SIGKILL)
      process.waitUntilExit()
      return nil
    }
    return wait()
  }

  @discardableResult
  func wait() -> Finished {
    process.waitUntilExit()
    let status = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    func text(_ url: URL) -> String { (try? String(contentsOf: url, encoding: .utf8)) ?? "" }
    return Finished(status: status, output: text(output), errors: text(errors))
  }
}

/// Libraries that are loaded before all others (`LD_PRELOAD`), built from their sources in Tests/Preload.
enum Preload {
  static func library(_ name: String, in folder: TestFolder) throws -> String {
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Preload/\(name).c").path
    let library = folder.file("\(name).so")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["clang", "-shared", "-fPIC", "-O1", "-o", library, source]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(source)")
    return library
  }
}

struct HeldRun {
  let process: RunningProcess
  let hold: String

  func goOn() { unlink(hold) }
}

/// All voxels of an array, C order, for comparison byte by byte.
func voxels(_ path: String) throws -> [UInt8] {
  let array = try ZarrArray.open(path)
  let context = CodecContext()
  let element = array.elementType.byteCount
  // as five axes
  func five(_ values: [Int]) -> TCZYX {
    values.count == 5
      ? TCZYX(t: values[0], c: values[1], z: values[2], y: values[3], x: values[4])
      : TCZYX(t: values[0], c: values[1], z: 1, y: values[2], x: values[3])
  }
  let (shape, chunk) = (five(array.shape), five(array.chunkShape))
  let grid = BlockGrid(shape: shape, block: chunk)
  var bytes = [UInt8](repeating: 0, count: shape.product * element)
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: array.chunkByteCount, alignment: 16)
  defer { buffer.deallocate() }
  for i in 0..<grid.total {
    let p = grid.position(at: i)
    let index = array.shape.count == 5 ? p.array : [p.t, p.c, p.y, p.x]
    guard case .present = try array.readChunk(index, into: buffer, context: context) else { continue }
    let box = grid.box(of: p)
    for z in box.lower[0]..<box.upper[0] {
      for y in box.lower[1]..<box.upper[1] {
        let from = ((z - box.lower[0]) * chunk.y + y - box.lower[1]) * chunk.x * element
        let to = ((((p.t * shape.c + p.c) * shape.z + z) * shape.y + y) * shape.x + box.lower[2]) * element
        for i in 0..<box.shape[2] * element { bytes[to + i] = buffer[from + i] }
      }
    }
  }
  return bytes
}

/// The levels of an OME-Zarr output.
func levels(_ path: String) throws -> [[UInt8]] {
  try OMEImage.open(path).levels.map { try voxels(path + "/" + $0.path) }
}

/// Every block that is recorded done has its file: what the record promises at any moment.
func expectRecordedBlocksOnDisk(_ folder: TestFolder, job: Int, _ comment: String = "") throws {
  let store = try folder.database
  let description = try store.job(job).description
  for level in try store.levels(of: job) {
    let path = description.ngffVersion == nil ? description.outputPath : "\(description.outputPath)/\(level.layout.level)"
    let array = try ZarrArray.open(path)
    var cursor = try store.blocks(of: job, BlockFilter(level: level.layout.level, state: .done))
    while let entry = try cursor.next() {
      let file = array.path + "/" + array.blockFile(entry.block.position.array)
      #expect(FileManager.default.fileExists(atPath: file), "\(entry.block) is recorded done and has no file \(comment)")
    }
  }
}
