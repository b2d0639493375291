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
  /// What is there is neither a file nor a folder; `kind` says what, as `a FIFO`.
  case noFile(path: String, kind: String)
  /// A small file is expected; `byteCount` is nil if it grew while it was read.
  case tooLong(path: String, byteCount: Int?, limit: Int)

  public var code: FailureCode {
    switch self {
    case .io(_, _, let number): ErrnoMeaning(number).isDiskFull ? .diskFull : .ioFailed
    case .noFile: .noFile
    case .tooLong: .metadataInvalid
    }
  }

  public var hint: String {
    switch self {
    case .io(_, let path, ENOSPC) where FileStatus.isOutOfFiles(at: path):
      "the disk has room for bytes, but for no more files (no inodes are left, see `df -i`): remove files, or choose larger blocks or shards"
    case .io(_, _, let number): ErrnoMeaning(number).hint
    case .noFile: "remove it, and put the file there"
    case .tooLong: "check that this is the file meant"
    }
  }

  public var isTransient: Bool { systemNumber.map { ErrnoMeaning($0).isTransient } ?? false }

  /// Whether the file system does not answer, whatever was asked of it.
  public var isUnanswered: Bool { systemNumber.map { ErrnoMeaning($0).isUnanswered } ?? false }

  public var isDiskFull: Bool { systemNumber.map { ErrnoMeaning($0).isDiskFull } ?? false }

  public var systemNumber: Int32? {
    if case .io(_, _, let number) = self { number } else { nil }
  }

  /// Whether there is no such file, or a part of its path is no folder.
  public var isMissing: Bool { systemNumber.map { ErrnoMeaning($0).isMissing } ?? false }

  public var path: String {
    switch self {
    case .io(_, let path, _), .noFile(let path, _), .tooLong(let path, _, _): path
    }
  }

  public var description: String {
    switch self {
    case .io(let step, let path, let number) where isUnanswered:
      "the file system of \(path) does not answer: cannot \(step.rawValue): \(systemText(number))"
    case .noFile(let path, let kind): "\(path) is \(kind), not a file"
    case .io(let step, let path, let number): "cannot \(step.rawValue) \(path): \(systemText(number))"
    case .tooLong(let path, let byteCount?, let limit): "\(path): the file has \(byteCount) bytes, more than \(limit)"
    case .tooLong(let path, nil, let limit): "\(path): the file has more than \(limit) bytes"
    }
  }
}
