import Diagnostics
import Files
import JSON

/// Everything that can go wrong with arrays on disk: what, where, what to do next, and whether trying again can help.
public enum ZarrError: Failure, Equatable, Sendable {
  case arrayMissing(path: String)
  /// What is there does not serve; the advice is what to do instead.
  case metadataInvalid(path: String, reason: String, advice: String = Advice.metadata)
  case unsupported(path: String, feature: String, advice: String = Advice.codec)
  case unsafePath(path: String)
  case chunkMissing(chunk: [Int], path: String)
  case chunkDamaged(chunk: [Int], path: String, reason: String)
  /// A shard whose index cannot be used.
  case shardDamaged(shard: [Int], path: String, reason: String)
  case compressorInvalid(reason: String)
  case specInvalid(reason: String)
  case indexOutside(index: [Int], grid: [Int], path: String)
  case bufferMismatch(expectedByteCount: Int, actualByteCount: Int)
  case encodingFailed(path: String, reason: String)
  case shardIncomplete(expectedChunkCount: Int, appendedChunkCount: Int)
  case outOfMemory(byteCount: Int)
  /// A metadata document is not valid JSON.
  case json(JSONError)
  /// Work on a file or folder failed.
  case storage(StorageError)

  /// Stable names, for machines.
  public var code: FailureCode {
    switch self {
    case .arrayMissing: .inputMissing
    case .metadataInvalid: .metadataInvalid
    case .unsupported: .formatUnsupported
    case .unsafePath: .pathUnsafe
    case .chunkMissing: .chunkMissing
    case .chunkDamaged: .chunkDamaged
    case .shardDamaged: .shardDamaged
    case .compressorInvalid: .compressorInvalid
    case .specInvalid: .arrayInvalid
    case .indexOutside: .chunkOutside
    case .bufferMismatch: .bufferMismatch
    case .encodingFailed: .encodingFailed
    case .shardIncomplete: .shardIncomplete
    case .outOfMemory: .outOfMemory
    case .json(let error): error.code
    case .storage(let error): error.code
    }
  }

  public var hint: String {
    switch self {
    case .arrayMissing: "check the path, and that its disk is mounted"
    case .metadataInvalid(_, _, let advice), .unsupported(_, _, let advice): advice
    case .unsafePath: "paths in metadata must stay in the folder of the metadata"
    case .chunkMissing: "run `verify --repair` and then `run` to make it again"
    case .chunkDamaged, .shardDamaged:
      "restore the file from its source; if it is an output, run `verify --repair` and then `run`"
    case .compressorInvalid: "use {\"id\": \"zstd\", \"level\": 1}, \"blosc\", \"gzip\" or null"
    case .specInvalid: "change the chunk size, the shards or the element type"
    case .indexOutside, .bufferMismatch, .shardIncomplete: "this is a mistake in the program; please report it"
    case .encodingFailed: "try another compressor; if it happens again, please report it"
    case .outOfMemory: "give the program less to do at a time, with fewer workers or smaller chunks"
    case .json(let error): error.hint
    case .storage(let error): error.hint
    }
  }

  /// Whether trying again, with nothing changed, can help.
  public var isTransient: Bool {
    switch self {
    case .outOfMemory: true
    case .storage(let error): error.isTransient
    default: false
    }
  }

  /// Whether the file system does not answer, whatever was asked of it.
  public var isUnanswered: Bool { systemNumber.map { ErrnoMeaning($0).isUnanswered } ?? false }

  public var isDiskFull: Bool { systemNumber.map { ErrnoMeaning($0).isDiskFull } ?? false }

  public var systemNumber: Int32? {
    if case .storage(let error) = self { error.systemNumber } else { nil }
  }
}

/// The result of work on files, whose errors become those of arrays.
package func onStorage<Result: ~Copyable>(_ work: () throws(StorageError) -> Result) throws(ZarrError) -> Result {
  do throws(StorageError) {
    return try work()
  } catch {
    throw .storage(error)
  }
}

extension ZarrError {
  public var description: String {
    switch self {
    case .arrayMissing(let path): "there is no Zarr array at \(path)"
    case .metadataInvalid(let path, let reason, _): "\(path): \(reason)"
    case .unsupported(let path, let feature, _): "\(path): \(feature) is not supported"
    case .unsafePath(let path): "the path \"\(path)\" leaves its folder"
    case .chunkMissing(let chunk, let path): "chunk \(chunk) is missing: \(path)"
    case .chunkDamaged(let chunk, let path, let reason): "chunk \(chunk) is damaged: \(path): \(reason)"
    case .shardDamaged(let shard, let path, let reason): "shard \(shard) is damaged: \(path): \(reason)"
    case .compressorInvalid(let reason): "the compressor is wrong: \(reason)"
    case .specInvalid(let reason): "the array cannot be written: \(reason)"
    case .indexOutside(let index, let grid, let path): "there is no chunk \(index) in the grid \(grid) of \(path)"
    case .bufferMismatch(let expected, let actual): "a buffer has \(actual) bytes where \(expected) are needed"
    case .encodingFailed(let path, let reason): "a chunk of \(path) cannot be encoded: \(reason)"
    case .shardIncomplete(let expected, let appended): "a shard of \(expected) chunks was given \(appended)"
    case .outOfMemory(let byteCount): "no memory for a buffer of \(byteCount) bytes"
    case .json(let error): error.description
    case .storage(let error): error.description
    }
  }
}
