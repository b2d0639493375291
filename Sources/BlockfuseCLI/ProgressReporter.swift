import Diagnostics
import Engine
import Foundation
import JSON
import JobStore
import Jobs
import Synchronization

/// Says how a run is getting on: a line that is redrawn on a terminal, a plain line now and then elsewhere.
final class ProgressReporter: Sendable {
  private let isJSON: Bool
  private let last = Mutex<(at: Date, blocks: Int)>((Date(), -1))
  /// Between two plain lines.
  private let plainSeconds: Double

  init(isJSON: Bool, plainSeconds: Double = 10) { (self.isJSON, self.plainSeconds) = (isJSON, plainSeconds) }

  func show(_ reading: RunMeter.Reading) {
    let now = Date()
    let interval = Terminal.isInteractive && !isJSON ? 0.1 : (isJSON ? 1 : plainSeconds)
    let isDue = last.withLock { last in
      guard now.timeIntervalSince(last.at) >= interval, Terminal.isInteractive || reading.finishedBlocks != last.blocks
      else { return false }
      last = (now, reading.finishedBlocks)
      return true
    }
    guard isDue else { return }
    if isJSON { Terminal.result(Self.json(reading, ending: nil).text) }
    Terminal.progress(Self.line(reading, width: Terminal.progressWidth))
  }

  /// `[####..........]  21.7 %  about 1 h 22 min left  1,234 of 5,678 blocks  level 0 of 3  94.5 Mvoxel/s`; where that is
  /// wider than the terminal, without what matters least.
  static func line(_ reading: RunMeter.Reading, width: Int?) -> String {
    let (settled, total) = (reading.counts.settled, reading.counts.total)
    // what matters least has the highest number
    var parts: [(text: String, rank: Int)] = []
    if width != nil { parts.append((bar(Double(settled) / Double(max(1, total)), width: 20), 5)) }
    parts.append((percentText(settled, of: total), 0))
    if reading.counts.failed > 0 { parts.append(("\(reading.counts.failed.grouped) failed", 1)) }
    if let left = reading.secondsLeft, settled < total { parts.append(("about \(durationText(left)) left", 2)) }
    parts.append(("\(settled.grouped) of \(total.grouped) blocks", 3))
    parts.append(("level \(reading.level) of \(reading.levelCount - 1)", 6))
    if let rate = reading.voxelsPerSecond { parts.append((String(format: "%.1f Mvoxel/s", rate / 1e6), 4)) }
    func line() -> String { parts.map(\.text).joined(separator: "  ") }
    while let width, line().count > width, parts.count > 1, let least = parts.indices.max(by: { parts[$0].rank < parts[$1].rank }) {
      parts.remove(at: least)
    }
    return line()
  }

  static func json(_ reading: RunMeter.Reading, ending: LevelRunner.Ending?) -> JSONValue {
    var object: [String: JSONValue] = [
      "level": JSONValue(reading.level),
      // of the job
      "blocks": .object([
        "total": JSONValue(reading.counts.total), "settled": JSONValue(reading.counts.settled),
        "done": JSONValue(reading.counts.done), "empty": JSONValue(reading.counts.empty),
        "failed": JSONValue(reading.counts.failed),
      ]),
      "this_run": .object([
        "done": JSONValue(reading.doneBlocks), "empty": JSONValue(reading.emptyBlocks + reading.bulkEmptyBlocks),
        "failed": JSONValue(reading.failedBlocks),
      ]),
      "voxels": JSONValue(reading.voxels), "bytes_written": JSONValue(reading.writtenByteCount),
      "seconds": .double(reading.elapsedSeconds),
    ]
    object["voxels_per_second"] = reading.voxelsPerSecond.map { .double($0) }
    object["seconds_left"] = reading.secondsLeft.map { .double($0) }
    if let ending {
      let name =
        switch ending {
        case .complete, .leftToOthers: "complete"
        case .someFailed: "failed"
        case .limitReached, .reopened, .stopped: "interrupted"
        }
      object["ending"] = .string(name)
    }
    return .object(object)
  }
}
