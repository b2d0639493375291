import Diagnostics
import Engine
import Foundation
import JSON
import JobStore
import Jobs
import Synchronization

/// Says how work is getting on: a line that is redrawn on a terminal; in a log, lines with the time (`ProgressSchedule`); with
/// `--json`, an object a second on stdout.
package final class ProgressReporter: Sendable {
  private let words = Mutex(ProgressSchedule(Terminal.isInteractive ? .terminal : .log, now: ProgressReporter.now))
  private let objects: Mutex<ProgressSchedule>?

  init(isJSON: Bool) { objects = isJSON ? Mutex(ProgressSchedule(.everySecond, now: Self.now)) : nil }

  private static var now: Double { ProcessInfo.processInfo.systemUptime }

  func show(_ reading: RunMeter.Reading) {
    let (part, total) = (reading.counts.settled, reading.counts.total)
    if objects?.withLock({ $0.isDue(part, of: total, now: Self.now) }) == true {
      Terminal.result(Self.json(reading, ending: nil).text)
    }
    show(part, of: total) { Self.line(reading, width: $0) }
  }

  /// - Parameter line: the words, for so many columns; nil: as many as there are.
  func show(_ part: Int, of total: Int, line: (Int?) -> String) {
    guard words.withLock({ $0.isDue(part, of: total, now: Self.now) }) else { return }
    Terminal.progress(Terminal.isInteractive ? line(Terminal.progressWidth) : "\(momentText(Date()))  \(line(nil))")
  }

  /// `[####..........]  21.7 %  about 1 h 22 min left  1,234 of 5,678 blocks  level 0 of 3  94.5 Mvoxel/s`; where that is
  /// wider than the terminal, without what matters least.
  package static func line(_ reading: RunMeter.Reading, width: Int?) -> String {
    let (settled, total) = (reading.counts.settled, reading.counts.total)
    // what matters least has the highest number
    var parts: [(text: String, rank: Int)] = []
    if width != nil { parts.append((bar(Double(settled) / Double(max(1, total)), width: 20), 5)) }
    parts.append((percentText(settled, of: total), 0))
    if reading.counts.failed > 0 { parts.append(("\(reading.counts.failed.grouped) failed", 1)) }
    if let left = reading.secondsLeft, settled < total { parts.append(("about \(durationText(left)) left", 2)) }
    parts.append(("\(settled.grouped) of \(counted(total, "block"))", 3))
    parts.append(("level \(reading.level) of \(reading.levelCount - 1)", 6))
    if let rate = reading.voxelsPerSecond { parts.append((rateText(rate), 4)) }
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
      "seconds": JSONValue(measured: reading.elapsedSeconds),
    ]
    object["voxels_per_second"] = reading.voxelsPerSecond.map { JSONValue(measured: $0) }
    object["seconds_left"] = reading.secondsLeft.map { JSONValue(measured: $0) }
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
