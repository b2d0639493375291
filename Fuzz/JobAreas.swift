import Engine
import Foundation
import Fusion
import Geometry
import JobStore
import Jobs
import JSON
import Output
import Planning
import Threads
import Views
import Zarr

/// Two small tiles and their dataset file.
struct Tiles {
  let folder: String
  let dataset: JSONValue

  init(folder: String) throws {
    self.folder = folder
    let context = CodecContext()
    for name in ["a", "b"] {
      let spec = ArraySpec(
        zarrFormat: 2, shape: [1, 1, 5, 16, 14], chunkShape: [1, 1, 5, 8, 8], elementType: .uint16, compressor: .zstd(level: 1))
      let writer = OMEWriter(
        version: .v04, name: name, is3D: true, spacing: Vector3(2, 1, 1), origin: .zero,
        levels: [OMEWriter.Level(path: "0", absoluteFactor: Index3(1, 1, 1))], channels: [], elementType: .uint16)
      let path = "\(folder)/\(name).ome.zarr"
      for file in writer.groupFiles() { try write([UInt8](file.bytes), to: path + "/" + file.name) }
      for file in spec.metadataFiles() { try write([UInt8](file.bytes), to: path + "/0/" + file.name) }
      let array = try ZarrArray(path: path + "/0", spec: spec)
      let raw = (0..<array.chunkByteCount).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 9) }
      for index in [[0, 0, 0, 0, 0], [0, 0, 0, 1, 1]] {
        let bytes = try raw.withUnsafeBytes { [UInt8](try array.encodeChunk($0, context: context)) }
        try write(bytes, to: path + "/0/" + array.blockFile(index))
      }
    }
    dataset = try JSONValue.parse(
      """
      {"views": [
        {"name": "a", "path": "a.ome.zarr", "transforms": {"stage": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]}},
        {"name": "b", "path": "b.ome.zarr", "spacing": {"z": 2, "y": 1, "x": 1}, "origin": {"z": 0, "y": 0, "x": 0},
         "transforms": {"stage": {"t": [[[1, 0, 0, 0.2], [0, 0.99, 0.1, 3.5], [0, -0.1, 0.99, 9.1], [0, 0, 0, 1]]]}}}
      ]}
      """)
  }

  static let options: [JSONValue] = [
    #"{"output_chunksize": 8, "output_spacing": {"z": 2, "y": 1, "x": 1}, "output_stack_mode": "union"}"#,
    #"{"output_chunksize": {"z": 4, "y": 8, "x": 8}, "interpolation_order": 0, "blending_widths": {"z": 3, "y": 5, "x": 5}}"#,
    #"{"weights_func": "content_based", "weights_func_kwargs": {"sigma_1": 1, "sigma_2": 2}, "output_chunksize": 16}"#,
    #"{"output_origin": {"z": 0, "y": 1, "x": 2}, "output_shape": {"z": 4, "y": 20, "x": 20}, "fusion_func": "max_fusion"}"#,
    #"{"output_stack_properties": {"spacing": {"z": 2, "y": 1, "x": 1}, "origin": {"z": 0, "y": 0, "x": 0}, "shape": {"z": 3, "y": 9, "x": 9}}}"#,
    #"{"planewise": true, "output_chunksize": {"z": 1, "y": 8, "x": 8}, "rounding": "truncate", "overlap_in_pixels": 2}"#,
    """
    {"output_chunksize": 4, "zarr_options": {"ngff_version": "0.5", "zarr_array_creation_kwargs":
      {"compressor": {"id": "blosc", "cname": "lz4"}, "shards": {"z": 8, "y": 8, "x": 8}}}, "batch_options": {"n_batch": 2}}
    """,
  ].compactMap { try? JSONValue.parse($0) }
}

/// Dataset files, and the metadata of the images that they name.
struct DatasetArea: Area {
  static let name = "dataset"
  private let tiles: Tiles

  init(folder: String) throws { tiles = try Tiles(folder: folder) }

  func run(_ random: inout SeededRandom) throws {
    let path = tiles.folder + "/dataset.json"
    try write(Mutation.text(of: tiles.dataset, using: &random), to: path)
    let dataset = try Dataset.load(path, options: Dataset.LoadOptions(threads: 1))
    let options = try JobOptions(random.pick(Tiles.options))
    let result = try Planner.plan(dataset: dataset, options: options, name: "fuzz", registry: .builtin)
    _ = try MemoryPlan(result, registry: .builtin, workers: 2, memory: nil)
  }
}

/// Options, and what comes of them where a job would be small: the whole way, with a read back at the end.
struct JobArea: Area {
  static let name = "job"
  private let tiles: Tiles
  private let dataset: String

  init(folder: String) throws {
    tiles = try Tiles(folder: folder)
    dataset = folder + "/dataset.json"
    try write([UInt8](tiles.dataset.serialized()), to: dataset)
  }

  func run(_ random: inout SeededRandom) throws {
    let json = random.pick(Tiles.options)
    let options = try JobOptions(JSONValue.parse(Mutation.text(of: json, using: &random)))
    let loaded = try Dataset.load(dataset, options: Dataset.LoadOptions(threads: 1))
    let result = try Planner.plan(dataset: loaded, options: options, name: "fuzz", registry: .builtin)
    let memory = try MemoryPlan(result, registry: .builtin, workers: 1, memory: nil)
    guard result.plan.byteCount < 200_000, result.plan.blockCount < 200, memory.workerByteCount < 256 << 20 else { return }
    let database = tiles.folder + "/jobs.sqlite"
    let output = tiles.folder + "/out.zarr"
    for path in [output, database, database + "-wal", database + "-shm", database + ".lock"] {
      try? FileManager.default.removeItem(atPath: path)
    }
    let (job, store) = try Submitter(registry: .builtin).submit(
      Submitter.Request(datasetPath: dataset, outputPath: output, name: nil, options: options), databasePath: database)
    defer { try? store.close() }
    let outcome = try JobRunner(store: store, registry: .builtin, settings: LevelRunner.Settings(workers: 1)).run(
      String(job.id), command: "fuzz", stopFlag: StopFlag(), note: { _ in }, observe: { _ in })
    precondition(outcome.ending == .complete, "a job of good input ended \(outcome.ending)")
    let report = try Verifier(job: LoadedJob.load(nil, in: store), store: store, workers: 1)
      .verify(stopFlag: StopFlag()) { _, _ in }
    precondition(report.problems.isEmpty && report.strays.isEmpty, "what was written is not as recorded: \(report)")
  }
}
