import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A process that works on a job, so that people can find it.
public struct WorkerInfo: Hashable, Sendable, CustomStringConvertible {
  public var host: String
  /// Tells apart two boots of one host, which may use the same pid.
  public var bootID: String
  public var pid: Int
  public var command: String
  public var startedAt: Date

  public init(host: String, bootID: String, pid: Int, command: String, startedAt: Date = Date()) {
    (self.host, self.bootID, self.pid, self.command, self.startedAt) = (host, bootID, pid, command, startedAt)
  }

  /// This process.
  public static func current(command: String) -> WorkerInfo {
    WorkerInfo(
      host: ProcessInfo.processInfo.hostName, bootID: currentBootID(),
      pid: Int(ProcessInfo.processInfo.processIdentifier), command: command)
  }

  public var description: String {
    "process \(pid) on \(host), started \(startedAt.formatted(.iso8601)): \(command)"
  }
}

private func currentBootID() -> String {
  #if os(Linux)
    let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
    return text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "unknown"
  #else
    var bytes = [UInt8](repeating: 0, count: 64)
    var byteCount = bytes.count
    guard sysctlbyname("kern.bootsessionuuid", &bytes, &byteCount, nil, 0) == 0 else { return "unknown" }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  #endif
}

/// What a run has done so far.
public struct RunProgress: Hashable, Sendable {
  public var blocks: Int
  /// Voxels of all blocks that were looked at.
  public var voxels: Int
  /// Voxels of blocks that have a file now.
  public var writtenVoxels: Int
  /// Bytes of files that were written.
  public var bytes: Int
  /// Time at work, without that in which the machine slept or the process was stopped; nil if it is not known.
  public var workedSeconds: Double?

  public init(blocks: Int = 0, voxels: Int = 0, writtenVoxels: Int = 0, bytes: Int = 0, workedSeconds: Double? = nil) {
    (self.blocks, self.voxels, self.writtenVoxels, self.bytes) = (blocks, voxels, writtenVoxels, bytes)
    self.workedSeconds = workedSeconds
  }

  var workedMilliseconds: Int? { workedSeconds.map { Int(($0 * 1000).rounded()) } }
}

/// How far a run was at one moment.
public struct RunSample: Hashable, Sendable {
  public let run: Int64
  public let at: Date
  public let progress: RunProgress
}

/// How a run ended.
public enum RunOutcome: Hashable, Sendable {
  /// Nothing was left that could be done.
  case finished
  /// Stopped by a signal or a limit.
  case interrupted
  /// Stopped by an error that is not a block's own, such as a full disk.
  case error(message: String)
  /// Found dead. Recorded by others; not for `Run.end`.
  case died
}

/// One process's work on a job, now or earlier.
public struct RunRecord: Hashable, Sendable, Identifiable {
  public let id: Int64
  public let job: JobID
  public let worker: WorkerInfo
  public let heartbeatAt: Date
  /// The end of the run; nil while it runs, and if it died and nobody has noticed in writing.
  public let endedAt: Date?
  public let outcome: RunOutcome?
  /// The exit status of the run's process; nil if it died, or is not known.
  public let exitStatus: Int?
  public let progress: RunProgress
  /// Whether its process lives, by its lock.
  public let isLive: Bool
}
