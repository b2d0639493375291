import Diagnostics
import Foundation
import Geometry
import JSON
import JobStore
import Jobs

/// The tables of `export`, a row at a time: however many blocks a job has, few of them are in memory.
struct ExportedTable {
  let columns: [String]
  /// The next row, a value for each column; nil at the end.
  let next: () throws -> [JSONValue]?

  /// As CSV with a line of column names, or as a JSON object a line. Ends where the reader goes away.
  func write(asJSON: Bool) throws {
    var lines = RowBuffer()
    if !asJSON, !lines.add(columns.joined(separator: ",")) { return }
    while let row = try next() {
      let line =
        asJSON
        ? JSONValue.object(Dictionary(zip(columns, row), uniquingKeysWith: { first, _ in first })).text
        : row.map(Self.cell).joined(separator: ",")
      guard lines.add(line) else { return }
    }
    lines.flush()
  }

  /// Text in quotes where it holds what separates cells and lines; nothing for null.
  private static func cell(_ value: JSONValue) -> String {
    let text = value.isNull ? "" : value.string ?? value.text
    guard text.utf8.contains(where: { [UInt8(ascii: ","), UInt8(ascii: "\""), 0x0A, 0x0D].contains($0) }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  // MARK: - The tables

  static func views(of job: JobRecord, in store: JobStore) throws -> ExportedTable {
    var views = try store.views(of: job.id).makeIterator()
    return ExportedTable(
      columns: [
        "view", "name", "path", "t", "c", "z", "y", "x", "element_type", "spacing_z", "spacing_y", "spacing_x", "origin_z", "origin_y",
        "origin_x", "transforms",
      ]
    ) {
      views.next().map { view in
        [JSONValue(view.ordinal), .string(view.name), .string(view.path)] + view.shape.array.map { JSONValue($0) }
          + [.string(view.elementType)] + (0..<3).map { .double(view.spacing[$0]) } + (0..<3).map { .double(view.origin[$0]) }
          + [.array(view.transforms.map(transform))]
      }
    }
  }

  private static func transform(_ transform: ViewRecord.Transform) -> JSONValue {
    let (rows, shift) = (transform.affine.rows, transform.affine.translation)
    return .object([
      "t": JSONValue(transform.t),
      "matrix": .array((0..<3).map { row in .array((0..<3).map { .double(rows[row][$0]) } + [.double(shift[row])]) }),
    ])
  }

  static func blocks(of job: JobRecord, in store: JobStore) throws -> ExportedTable {
    var blocks = try store.blocks(of: job.id)
    return ExportedTable(columns: ["level"] + positionColumns + ["state"]) {
      try blocks.next().map { [JSONValue($0.block.level)] + position($0.block) + [.string($0.state.rawValue)] }
    }
  }

  static func failures(of job: JobRecord, in store: JobStore) throws -> ExportedTable {
    var failures = try store.failureCursor(of: job.id)
    return ExportedTable(columns: ["level"] + positionColumns + ["failed", "code", "message", "attempts", "time"]) {
      try failures.next().map { failure in
        [JSONValue(failure.block.level)] + position(failure.block) + [
          .bool(failure.isFailed), .string(failure.code), .string(failure.message), JSONValue(failure.attempts),
          .string(timeText(failure.at)),
        ]
      }
    }
  }

  static func runs(of job: JobRecord, in store: JobStore) throws -> ExportedTable {
    let progress = try store.progress(of: job.id)
    var runs = progress.runs.makeIterator()
    return ExportedTable(
      columns: [
        "run", "host", "pid", "command", "started", "ended", "live", "outcome", "message", "seconds", "blocks", "voxels", "written_voxels",
        "bytes",
      ]
    ) {
      runs.next().map { run in
        let (outcome, message) = words(run.outcome)
        return [
          JSONValue(Int(run.id)), .string(run.worker.host), JSONValue(run.worker.pid), .string(run.worker.command),
          .string(timeText(run.worker.startedAt)), JSONValue(run.endedAt.map(timeText)), .bool(run.isLive), JSONValue(outcome),
          JSONValue(message), .double(progress.seconds(of: run)), JSONValue(run.progress.blocks), JSONValue(run.progress.voxels),
          JSONValue(run.progress.writtenVoxels), JSONValue(run.progress.bytes),
        ]
      }
    }
  }

  private static func words(_ outcome: RunOutcome?) -> (outcome: String?, message: String?) {
    switch outcome {
    case .finished: ("finished", nil)
    case .interrupted: ("interrupted", nil)
    case .error(let message): ("error", message)
    case .died: ("died", nil)
    case nil: (nil, nil)
    }
  }

  /// In 2D too, so that a table has the same columns for all jobs.
  private static let positionColumns = ["t", "c", "z", "y", "x"]

  private static func position(_ block: BlockID) -> [JSONValue] { block.position.array.map { JSONValue($0) } }
}

/// Lines on their way to stdout, many at a time.
private struct RowBuffer {
  private var text = ""

  /// False where nobody reads any more.
  mutating func add(_ line: String) -> Bool {
    if !text.isEmpty { text += "\n" }
    text += line
    return text.utf8.count < 1 << 16 || flush()
  }

  @discardableResult
  mutating func flush() -> Bool {
    if text.isEmpty { return true }
    defer { text = "" }
    return Terminal.result(text)
  }
}
