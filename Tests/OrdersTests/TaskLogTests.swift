import Diagnostics
import Foundation
import Orders
import Planning
import Testing

/// Logs of tasks: what was written is read; what is torn or damaged counts as never written.
@Suite struct TaskLogTests {
  private let header = LogHeader(
    order: "o", level: 0, share: 1, shareCount: 4, task: 1, host: "h", pid: 1, program: "p", temporaryTag: "t", startedAt: 5)

  private var records: [LogRecord] {
    let at = Date(milliseconds: 1_700_000_000_123)
    let place = BlockPlace(brick: 70_000, index: 4095)
    return [
      .taken([place, BlockPlace(brick: 0, index: 0)]),
      .settled(
        at: at,
        [
          SettledBlock(place: place, isEmpty: false, checksum: 0xdead_beef), SettledBlock(place: place, isEmpty: true),
          SettledBlock(place: BlockPlace(brick: 1, index: 2), isEmpty: false),
        ]),
      .failed(FailedBlock(place: place, code: "c", message: "möwe", at: 7)),
      .emptyBricks(at: at, [0..<5, 7..<8]),
      .ended(at: at, outcome: "complete"),
    ]
  }

  /// The bytes of a log with all kinds of records, and where each ends.
  private func written() throws -> (bytes: [UInt8], ends: [Int]) {
    let folder = NSTemporaryDirectory() + "blockfuse-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let log = TaskLog(folder: "\(folder)/a/b", root: folder, attempt: "x", header: header)
    for record in records { try log.append([record], sync: true) }
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/a/b/x-0.log")))
    var ends = [LogRecord.magic.count]
    for record in [LogRecord.header(header)] + records { ends.append(ends[ends.count - 1] + record.bytes.count) }
    return (bytes, ends)
  }

  private func read(_ bytes: [UInt8]) throws -> (records: [LogRecord], tail: LogTail) {
    let path = NSTemporaryDirectory() + "blockfuse-" + UUID().uuidString
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    var tail = LogTail(path: path)
    var found: [LogRecord] = []
    try tail.read { found.append($0) }
    return (found, tail)
  }

  @Test func whatIsWrittenIsRead() throws {
    let (bytes, ends) = try written()
    #expect(bytes.count == ends.last)
    let (found, tail) = try read(bytes)
    #expect(found == [.header(header)] + records)
    #expect(tail.position == bytes.count && tail.restByteCount == 0)
  }

  @Test func tornTailsAreIgnored() throws {
    let (bytes, ends) = try written()
    for length in stride(from: 0, to: bytes.count, by: 3) {
      let (found, tail) = try read(Array(bytes[..<length]))
      #expect(found.count == max(0, ends.filter { $0 <= length }.count - 1), "cut at \(length)")
      #expect(tail.position + tail.restByteCount == length)
    }
  }

  @Test func nothingAfterAFlippedBitIsBelieved() throws {
    let (bytes, ends) = try written()
    for bit in stride(from: 0, to: bytes.count * 8, by: 11) {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      let whole = ends.filter { $0 <= bit / 8 }.count
      #expect(try read(damaged).records.count == max(0, whole - 1), "bit \(bit)")
    }
  }

  @Test func aLogIsReadOnFromWhereItWasLeft() throws {
    let (bytes, ends) = try written()
    let path = NSTemporaryDirectory() + "blockfuse-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: path) }
    var tail = LogTail(path: path)
    var found: [LogRecord] = []
    for length in stride(from: 0, through: bytes.count, by: 5) + [bytes.count] {
      try Data(bytes[..<length]).write(to: URL(fileURLWithPath: path))
      try tail.read { found.append($0) }
    }
    #expect(found.count == ends.count - 1)
    try tail.read { _ in Issue.record("read twice") }
  }

  #if os(Linux)
    /// A folder that cannot be synced, as `/proc` cannot, is found when the log is there already.
    @Test func aLogThatCouldNotBeBegunIsNotGoneOnWith() throws {
      let folder = NSTemporaryDirectory() + "blockfuse-" + UUID().uuidString
      let way = folder + "/way"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      try FileManager.default.createSymbolicLink(atPath: way, withDestinationPath: "/proc/self")
      let log = TaskLog(folder: "\(way)/root\(folder)/share", root: folder, attempt: "x", header: header)
      #expect(throws: JobError.self) { try log.append([records[0]], sync: true) }
      // the same folder, by a way that can be synced
      try FileManager.default.removeItem(atPath: way)
      try FileManager.default.createDirectory(atPath: way, withIntermediateDirectories: false)
      try FileManager.default.createSymbolicLink(atPath: way + "/root", withDestinationPath: "/")
      try log.append([records[1]], sync: true)
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/share/x-1.log")))
      #expect(try read(bytes).records == [.header(header), records[1]])
    }
  #endif
}
