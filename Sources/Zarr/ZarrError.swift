import Foundation

/// Everything that can go wrong with arrays on disk: what, where, what to do next, and whether trying again can help.
public enum ZarrError: Error, Equatable, Sendable {
  /// A step of work on a file or folder.
  public enum Step: String, Sendable {
    case open, stat, read, write, sync, link, rename, remove
    case makeFolder = "make the folder"
  }

  case arrayMissing(path: String)
  /// What is there does not serve; the advice is what to do instead.
  case metadataInvalid(path: String, reason: String, advice: String = Advice.metadata)
  case unsupported(path: String, feature: String, advice: String = Advice.codec)
  case unsafePath(path: String)
  case jsonInvalid(byteOffset: Int, reason: String)
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
  case io(step: Step, path: String, errno: Int32)

  /// Stable names, for machines.
  public var code: String {
    switch self {
    case .arrayMissing: "input-missing"
    case .metadataInvalid: "metadata-invalid"
    case .unsupported: "format-unsupported"
    case .unsafePath: "path-unsafe"
    case .jsonInvalid: "json-invalid"
    case .chunkMissing: "chunk-missing"
    case .chunkDamaged: "chunk-damaged"
    case .shardDamaged: "shard-damaged"
    case .compressorInvalid: "compressor-invalid"
    case .specInvalid: "array-invalid"
    case .indexOutside: "chunk-outside"
    case .bufferMismatch: "buffer-mismatch"
    case .encodingFailed: "encoding-failed"
    case .shardIncomplete: "shard-incomplete"
    case .outOfMemory: "out-of-memory"
    case .io: isDiskFull ? "disk-full" : "io-failed"
    }
  }

  public var hint: String {
    switch self {
    case .arrayMissing: "check the path, and that its disk is mounted"
    case .metadataInvalid(_, _, let advice), .unsupported(_, _, let advice): advice
    case .jsonInvalid: Advice.metadata
    case .unsafePath: "paths in metadata must stay in the folder of the metadata"
    case .chunkMissing: "run `verify --repair` and then `run` to make it again"
    case .chunkDamaged, .shardDamaged:
      "restore the file from its source; if it is an output, run `verify --repair` and then `run`"
    case .compressorInvalid: "use {\"id\": \"zstd\", \"level\": 1}, \"blosc\", \"gzip\" or null"
    case .specInvalid: "change the chunk size, the shards or the element type"
    case .indexOutside, .bufferMismatch, .shardIncomplete: "this is a mistake in the program; please report it"
    case .encodingFailed: "try another compressor; if it happens again, please report it"
    case .outOfMemory: "give the program less to do at a time, with fewer workers or smaller chunks"
    case .io(_, _, let number):
      switch number {
      case ENOSPC, EDQUOT: "free some space and run again; finished blocks are kept"
      case EACCES, EPERM, EROFS: "check the permissions"
      case EMFILE, ENFILE: "raise the limit of open files (`ulimit -n`)"
      default: "check the disk and the mount, then run again"
      }
    }
  }

  /// Whether trying again, with nothing changed, can help.
  public var isTransient: Bool {
    switch self {
    case .outOfMemory: true
    case .io(_, _, let number):
      [EIO, EAGAIN, EBUSY, EMFILE, ENFILE, ENOMEM, ESTALE, ETIMEDOUT, EINTR, ENOBUFS, ECONNRESET, EHOSTDOWN]
        .contains(number)
    default: false
    }
  }

  /// No space, or over quota.
  public var isDiskFull: Bool {
    if case .io(_, _, let number) = self { number == ENOSPC || number == EDQUOT } else { false }
  }
}

extension ZarrError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .arrayMissing(let path): "there is no Zarr array at \(path)"
    case .metadataInvalid(let path, let reason, _): "\(path): \(reason)"
    case .unsupported(let path, let feature, _): "\(path): \(feature) is not supported"
    case .unsafePath(let path): "the path \"\(path)\" leaves its folder"
    case .jsonInvalid(let offset, let reason): "not valid JSON at byte \(offset): \(reason)"
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
    case .io(let step, let path, let number):
      "cannot \(step.rawValue) \(path): \(String(cString: strerror(number))) (errno \(number))"
    }
  }
}
