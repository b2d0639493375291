import Engine
import Files
import Foundation
import Fusion
import Geometry
import JSON
import JobStore
import Jobs
import Orders
import Output
import Planning
import Store
import Synchronization
import TestSupport
import Testing
import Threads
import Zarr

/// A job whose inputs, output, work order and logs lie in a store without folders, without renames and without objects that
/// grow: it is fused, stopped, resumed, collected and verified as one on a disk is, and its output has the same bytes.
@Suite struct StoredJobTests {
  private static let options = [
    #"{"output_chunksize": 8, "output_spacing": {"z": 2, "y": 1, "x": 1}}"#,
    """
    {"output_chunksize": 4, "output_spacing": {"z": 2, "y": 1, "x": 1}, "zarr_options": {"ngff_version": "0.5",
      "zarr_array_creation_kwargs": {"compressor": {"id": "blosc", "cname": "lz4"}, "shards": {"z": 8, "y": 8, "x": 8}}}}
    """,
    #"{"output_chunksize": 8, "output_spacing": {"z": 2, "y": 1, "x": 1}, "zarr_options": {"ome_zarr": false}}"#,
  ]

  /// A dataset of two tiles, with a database in a folder of its own.
  private final class Scene {
    let folder: TemporaryFolder
    let store = MemoryStore(pageLength: 20)
    private let fault = Fault()
    let options: JobOptions
    var root: String { store.root }
    var output: String { root + "/results/out.zarr" }
    var database: String { folder.path + "/jobs.sqlite" }

    init(options: String) throws {
      folder = try TemporaryFolder()
      self.options = try JobOptions(JSONValue.parse(options))
      let fault = fault
      KnownStores.add(FaultyStore(store) { fault.number($0, $1) }, root: store.root)
      try Scene.writeTiles(into: Place(root) / "data")
      try Scene.writeTiles(into: Place(folder.path + "/data").above / "data")
    }

    deinit {
      KnownStores.remove(root: store.root)
      folder.remove()
    }

    /// Makes the `count`th step of a kind from now on fail or do what `action` says.
    func plan(_ step: StoreStep, _ count: Int, _ action: @escaping @Sendable () -> Int32?) { fault.plan(step, count, action) }

    private static func writeTiles(into data: Place) throws {
      let context = CodecContext()
      for name in ["a", "b"] {
        let spec = ArraySpec(
          zarrFormat: 2, shape: [1, 1, 5, 40, 30], chunkShape: [1, 1, 5, 16, 16], elementType: .uint16, compressor: .zstd(level: 1))
        let writer = OMEWriter(
          version: .v04, name: name, is3D: true, spacing: Vector3(2, 1, 1), origin: .zero,
          levels: [OMEWriter.Level(path: "0", absoluteFactor: Index3(1, 1, 1))], channels: [], elementType: .uint16)
        let image = data / "\(name).ome.zarr"
        for file in writer.groupFiles() { try (image / file.name).put([UInt8](file.bytes)) }
        for file in spec.metadataFiles() { try (image / "0" / file.name).put([UInt8](file.bytes)) }
        let array = try ZarrArray(place: image / "0", spec: spec)
        for y in 0..<3 {
          for x in 0..<2 where (x, y) != (1, 2) {
            let raw = (0..<array.chunkByteCount).map { UInt8(truncatingIfNeeded: ($0 &* 7 &+ $0 / 9 &+ y &* 31 &+ x) & 0x7F) }
            let index = [0, 0, 0, y, x]
            let bytes = try raw.withUnsafeBytes { [UInt8](try array.encodeChunk($0, context: context)) }
            try (image / "0" / array.blockFile(index)).put(bytes)
          }
        }
      }
      let dataset = """
        {"views": [
          {"name": "a", "path": "a.ome.zarr", "transforms": {"stage": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]}},
          {"name": "b", "path": "b.ome.zarr", "transforms": {"stage": [[1, 0, 0, 0.2], [0, 1, 0, 3.5], [0, 0, 1, 19.1], [0, 0, 0, 1]]}}
        ]}
        """
      try (data / "dataset.json").put(Array(dataset.utf8))
    }

    @discardableResult
    func submit(from root: String, to output: String, database: String) throws -> JobRecord {
      let (job, store) = try Submitter(registry: .builtin).submit(
        Submitter.Request(datasetPath: root + "/data/dataset.json", outputPath: output, name: nil, options: options),
        databasePath: database)
      try store.close()
      return job
    }

    /// With objects of its own, as another process would.
    func run(database: String? = nil, stopFlag: StopFlag = StopFlag()) throws -> LevelRunner.Ending {
      let store = try JobStore.open(database ?? self.database, mode: .existing)
      defer { try? store.close() }
      return try JobRunner(store: store, registry: .builtin, settings: LevelRunner.Settings(workers: 2)).run(
        nil, command: "test", stopFlag: stopFlag, note: { _ in }, observe: { _ in }
      ).ending
    }

    func work(_ order: String, task: Int, of count: Int, stopFlag: StopFlag = StopFlag()) throws -> LevelRunner.Ending {
      try TaskRunner(order: order, registry: .builtin, settings: LevelRunner.Settings(workers: 2)).run(
        index: task, count: count, level: nil, stopFlag: stopFlag, note: { _ in }, observe: { _ in }
      ).ending
    }

    /// Throws where anything is not as recorded.
    func verify() throws {
      let store = try JobStore.open(database, mode: .existing)
      defer { try? store.close() }
      let report = try Verifier(job: LoadedJob.load(nil, in: store), store: store, workers: 2)
        .verify(stopFlag: StopFlag()) { _, _ in }
      #expect(report.problems.isEmpty && report.strays.isEmpty && report.metadataProblems.isEmpty, "\(report)")
      #expect(report.checkedBlocks > 10)
    }

    /// All objects of an output, without what is of the one job alone.
    func content(_ output: String, of job: JobRecord) throws -> [String: [UInt8]] {
      var names: [String] = []
      try Place(output).list(isDeep: true) { entry in
        names.append(entry.name)
        return true
      }
      var content: [String: [UInt8]] = [:]
      for name in names {
        var bytes = try #require(try (Place(output) / name).bytes(limit: 1 << 30))
        if name.contains(".z") || name.hasSuffix("zarr.json") {
          let text = String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: job.description.uuid, with: "UUID")
            .replacingOccurrences(of: job.description.datasetPath, with: "DATASET")
          bytes = Array(text.utf8)
        }
        content[name] = bytes
      }
      return content
    }

    /// Throws unless the output has the bytes of that of a calm run on the disk.
    func compare(_ job: JobRecord) throws {
      let (database, output) = (folder.path + "/calm.sqlite", folder.path + "/calm/out.zarr")
      let calm = try submit(from: folder.path, to: output, database: database)
      #expect(try run(database: database) == .complete)
      let (stored, expected) = (try content(self.output, of: job), try content(output, of: calm))
      #expect(Set(stored.keys) == Set(expected.keys))
      for (name, bytes) in expected { #expect(stored[name] == bytes, "\(name)") }
      #expect(expected.count > 10)
    }
  }

  /// What a scene's store is to fail at.
  private final class Fault: Sendable {
    private let planned = Mutex<(step: StoreStep, left: Int, action: @Sendable () -> Int32?)?>(nil)

    func plan(_ step: StoreStep, _ count: Int, _ action: @escaping @Sendable () -> Int32?) {
      planned.withLock { $0 = (step, count, action) }
    }

    func number(_ step: StoreStep, _ key: String) -> Int32? {
      let action = planned.withLock { planned -> (@Sendable () -> Int32?)? in
        guard let now = planned, now.step == step else { return nil }
        planned?.left -= 1
        guard now.left <= 1 else { return nil }
        planned = nil
        return now.action
      }
      return action?()
    }
  }

  @Test(arguments: options.indices) func aRunThatIsStoppedGoesOn(_ number: Int) throws {
    let scene = try Scene(options: Self.options[number])
    let job = try scene.submit(from: scene.root, to: scene.output, database: scene.database)
    // a full disk is nobody's fault, and ends the run at once
    scene.plan(.finish, 4) { ENOSPC }
    #expect(throws: (any Error).self) { try scene.run() }
    let stopFlag = StopFlag()
    scene.plan(.finish, 3) {
      stopFlag.stop(signal: SIGINT)
      return nil
    }
    #expect(try scene.run(stopFlag: stopFlag) == .stopped(signal: SIGINT))
    // one that passes is tried again
    scene.plan(.append, 2) { EIO }
    #expect(try scene.run() == .complete)
    try scene.verify()
    try scene.compare(job)
    #expect(!scene.store.keys.contains { $0.hasSuffix(".tmp") })
  }

  @Test(arguments: options.indices) func aWorkOrderIsWorkedOnAndCollected(_ number: Int) throws {
    let scene = try Scene(options: Self.options[number])
    let job = try scene.submit(from: scene.root, to: scene.output, database: scene.database)
    let order = try withStore(scene) { try OrderMaker(store: $0, registry: .builtin).make(nil) { _ in } }
    #expect(order.path == scene.output + ".blockfuse/order-1")
    scene.plan(.put, 2) { ENOSPC }
    #expect(throws: (any Error).self) { try scene.work(order.path, task: 0, of: 2) }
    let stopFlag = StopFlag()
    scene.plan(.finish, 3) {
      stopFlag.stop(signal: SIGTERM)
      return nil
    }
    // nothing may be left of its share that three blocks are to be finished for
    _ = try scene.work(order.path, task: 0, of: 2, stopFlag: stopFlag)
    let early = try withStore(scene) { try Collector(store: $0).collect(nil) }
    #expect(early.settledBlocks > 0 && early.state != .complete)
    for task in [1, 0, 1] { _ = try scene.work(order.path, task: task, of: 2) }
    // what looks on, however little it reads at a time, sees all that is collected then
    let seen = try withStore(scene) { store in
      var watch = OrderWatch(order, levels: try store.levels(of: job.id).map(\.layout))
      var looks = 0
      var progress = try watch.look(in: store, seconds: 0)
      while progress.tasks?.asOf == nil, looks < 100 {
        #expect(progress.counts.settled >= early.settledBlocks)
        (progress, looks) = (try watch.look(in: store, seconds: 0), looks + 1)
      }
      #expect(looks > 0 && looks < 100)
      // again, and nothing is counted twice
      #expect(try watch.look(in: store).counts == progress.counts)
      #expect(try store.progress(of: job.id).counts.settled == early.settledBlocks, "nothing is written")
      return progress
    }
    #expect(seen.counts.isSettled && seen.job.state == .interrupted && (seen.tasks?.grownLogs ?? 0) > 0)
    let late = try withStore(scene) { try Collector(store: $0).collect(nil) }
    #expect(late.state == .complete && late.tornLogs == 0)
    try scene.verify()
    try scene.compare(job)
    // logs are never written again: each has an end
    let logs = scene.store.keys.filter { $0.hasSuffix(".log") }
    #expect(logs.count > 3 && late.logs.endedCount == late.logs.count)
  }

  @Test func anOrderThatIsWithdrawnOrReplacedStops() throws {
    let scene = try Scene(options: Self.options[0])
    try scene.submit(from: scene.root, to: scene.output, database: scene.database)
    let first = try withStore(scene) { try OrderMaker(store: $0, registry: .builtin).make(nil) { _ in } }
    let second = try withStore(scene) { try OrderMaker(store: $0, registry: .builtin).make(nil) { _ in } }
    #expect(second.path.hasSuffix("order-2"))
    #expect(throws: (any Error).self) { try scene.work(first.path, task: 0, of: 1) }
    #expect(try scene.work(second.path, task: 0, of: 1) == .complete)
    #expect(try withStore(scene) { try Collector(store: $0).collect(nil).state } == .complete)
    try scene.verify()
  }

  @Test func anOutputInItsPlaceIsReplacedOnlyWhenAskedFor() throws {
    let scene = try Scene(options: Self.options[0])
    try scene.submit(from: scene.root, to: scene.output, database: scene.database)
    #expect(try scene.run() == .complete)
    let other = scene.folder.path + "/other.sqlite"
    #expect(throws: (any Error).self) { try scene.submit(from: scene.root, to: scene.output, database: other) }
    try scene.verify()
    let overwriting = try Scene(options: #"{"output_chunksize": 8, "zarr_options": {"overwrite": true}}"#)
    try overwriting.submit(from: scene.root, to: scene.output, database: other)
    #expect(throws: (any Error).self) { try scene.verify() }
    // a stranger's object keeps it from being removed
    try (Place(scene.output) / "notes.txt").put([1])
    #expect(throws: (any Error).self) { try overwriting.submit(from: scene.root, to: scene.output, database: other) }
  }

  @Test func whatIsLostOrDamagedIsFoundAndMadeAgain() throws {
    let scene = try Scene(options: Self.options[0])
    let job = try scene.submit(from: scene.root, to: scene.output, database: scene.database)
    #expect(try scene.run() == .complete)
    let chunks = scene.store.keys.filter {
      $0.hasPrefix("results/out.zarr/0/") && !$0.contains(".z") || $0.hasPrefix("results/out.zarr/0/0/")
    }
    let (lost, damaged) = (try #require(chunks.first), try #require(chunks.last))
    _ = try scene.store.remove(lost)
    try scene.store.put(damaged, [1, 2, 3], if: .always)
    try scene.store.put("results/out.zarr/0/0/0/0/0/99", [1], if: .always)
    try withStore(scene) { store in
      let verifier = Verifier(job: try LoadedJob.load(nil, in: store), store: store, workers: 2)
      let report = try verifier.verify(stopFlag: StopFlag()) { _, _ in }
      #expect(report.problems.count == 2 && report.strays.count == 1)
      let repair = try verifier.repair(report, note: { _ in })
      #expect(repair.removedStrays == 1 && repair.blockCount >= 2)
    }
    #expect(try scene.run() == .complete)
    try scene.verify()
    try scene.compare(job)
  }

  private func withStore<Result>(_ scene: Scene, _ body: (JobStore) throws -> Result) throws -> Result {
    let store = try JobStore.open(scene.database, mode: .existing)
    defer { try? store.close() }
    return try body(store)
  }
}
