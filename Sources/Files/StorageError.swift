import Diagnostics
import Foundation

/// What can go wrong with a file, a folder or another stored object.
public enum StorageError: Failure, Equatable, Sendable {
  /// A step of work on a file or folder.
  public enum Step: String, Sendable {
    case open, stat, read, write, sync, link, rename, remove
    case makeFolder = "make the folder"
  }

  /// The system refused a call; `errno` is its number for why.
  case io(step: Step, path: String, errno: Int32)
  /// A small file is expected; `byteCount` is nil if it grew while it was read.
  case tooLong(path: String, byteCount: Int?, limit: Int)

  public var code: FailureCode {
    switch self {
    case .io(_, _, let number): ErrnoMeaning(number).isDiskFull ? .diskFull : .ioFailed
    case .tooLong: .metadataInvalid
    }
  }

  public var hint: String {
    switch self {
    case .io(_, let path, ENOSPC) where FileStatus.isOutOfFiles(at: path):
      "the disk has room for bytes, but for no more files (no inodes are left, see `df -i`): remove files, or choose larger blocks or shards"
    case .io(_, _, let number): ErrnoMeaning(number).hint
    case .tooLong: "check that this is the file meant"
    }
  }

  public var isTransient: Bool { systemNumber.map { ErrnoMeaning($0).isTransient } ?? false }

  public var isDiskFull: Bool { systemNumber.map { ErrnoMeaning($0).isDiskFull } ?? false }

  public var systemNumber: Int32? {
    if case .io(_, _, let number) = self { number } else { nil }
  }

  /// Whether there is no such file, or a part of its path is no folder.
  public var isMissing: Bool { systemNumber.map { ErrnoMeaning($0).isMissing } ?? false }

  public var path: String {
    switch self {
    case .io(_, let path, _), .tooLong(let path, _, _): path
    }
  }

  public var description: String {
    switch self {
    case .io(let step, let path, let number): "cannot \(step.rawValue) \(path): \(systemText(number))"
    case .tooLong(let path, let byteCount?, let limit): "\(path): the file has \(byteCount) bytes, more than \(limit)"
    case .tooLong(let path, nil, let limit): "\(path): the file has more than \(limit) bytes"
    }
  }
}
