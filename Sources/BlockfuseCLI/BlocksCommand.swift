import ArgumentParser
import Diagnostics
import Foundation
import Geometry
import JSON
import JobStore
import Jobs
import Output
import Planning
import Zarr

struct BlocksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "blocks",
    abstract: "List the blocks of a job; with --block also the views, file and failures of one.",
    discussion: """
      A block is its level and its position in the level's grid of blocks, t,c,z,y,x (t,c,y,x in 2D).

        blockfuse blocks --level 0 --state failed
        blockfuse blocks --region z=0:4,y=2:9
        blockfuse blocks --level 0 --block 0,0,3,5,7
      """)

  @OptionGroup var job: JobArgument
  @Option(help: "Only blocks of this level.") var level: Int?
  @Option(help: "Only blocks in this state: pending, running, done, empty or failed.", completion: .names(BlockState.self)) var state:
    String?
  @Option(help: ArgumentHelp("Only blocks at these grid positions, such as z=0:4,y=2:9 (the end is not included).", valueName: "ranges"))
  var region: String?
  @Option(
    help: ArgumentHelp("One block only, such as 0,0,3,5,7 or z=3,y=5,x=7; of level 0 unless --level says otherwise.", valueName: "position")
  )
  var block: String?
  @Flag(help: "Print one JSON object per line.") var json = false
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      let store = try database.readOnly()
      let record = try store.job(job.job)
      let levelCount = try store.levels(of: record.id).count
      if let level, level < 0 || level >= levelCount {
        throw JobError.invalid(
          what: "job \(record.id) has no level \(level)", hint: "it has levels 0 to \(levelCount - 1)")
      }
      if let block { return try showOne(block, record, store) }
      let wanted = try state.map(parseState)
      var filter = try parseRegion(record.description.is3D)
      (filter.level, filter.state) = (level, wanted)
      var cursor = try store.blocks(of: record.id, filter)
      if !json { Terminal.result("level  block  state") }
      while let entry = try cursor.next() {
        let answer = json ? line(entry.block, entry.state, entry.failure, record).text : text(entry, record)
        guard Terminal.line(answer) else { return }
      }
    }
  }

  private func parseState(_ text: String) throws -> BlockState {
    guard let state = BlockState(rawValue: text) else {
      let names = BlockState.allCases.map(\.rawValue)
      throw JobError.invalid(
        what: "--state \(text): there is no such state",
        hint: nearestName(to: text, among: names).map { "did you mean \($0)?" } ?? "one of \(names.joined(separator: ", "))")
    }
    return state
  }

  private func parseRegion(_ is3D: Bool) throws -> BlockFilter {
    guard let region else { return BlockFilter() }
    var ranges: [Axis: Range<Int>] = [:]
    for part in region.split(separator: ",") {
      let sides = part.split(separator: "=", maxSplits: 1)
      guard sides.count == 2, let axis = Axis(rawValue: String(sides[0])), is3D || axis != .z else {
        throw JobError.invalid(what: "--region \(part): no such axis", hint: "write z=0:4,y=2:9; axes are t, c, z, y, x")
      }
      let bounds = sides[1].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      let low = bounds[0].isEmpty ? 0 : Int(bounds[0])
      let high = bounds.count == 1 ? low.map { $0 + 1 } : (bounds[1].isEmpty ? Int.max : Int(bounds[1]))
      guard bounds.count <= 2, let low, let high, low >= 0, low < high else {
        throw JobError.invalid(what: "--region \(part): expected FIRST:END or one position", hint: "such as z=0:4")
      }
      ranges[axis] = low..<high
    }
    // beyond any grid; the record clips it
    let all = 0..<Int.max / 2
    let space = Axis.space.map { (ranges[$0] ?? all).clamped(to: all) }
    return BlockFilter(
      t: ranges[.t], c: ranges[.c],
      region: Box3(
        lower: Index3(space[0].lowerBound, space[1].lowerBound, space[2].lowerBound),
        upper: Index3(space[0].upperBound, space[1].upperBound, space[2].upperBound)))
  }

  private func showOne(_ text: String, _ record: JobRecord, _ store: JobStore) throws {
    let axes = axisNames(record)
    let numbers = try blockNumbers(text, axes)
    let layout = try store.levels(of: record.id)[level ?? 0].layout
    var position = TCZYX.zero
    for (axis, number) in zip(axes, numbers) { position[axis] = number ?? -1 }
    guard numbers.count == axes.count, layout.grid.contains(position) else {
      throw JobError.invalid(
        what: "--block \(text): no such block at level \(layout.level)",
        hint: "the grid is \(axes.map { "\($0)=\(layout.grid.count[$0])" }.joined(separator: ","))")
    }
    let id = BlockID(level: layout.level, position: position)
    let opened = try LoadedJob(record)
    let state = try store.state(of: record.id, block: id)
    let failure = try store.failure(of: record.id, block: id)
    let file = opened.file(of: id)
    let views = try opened.views(in: store).names(touching: id, plan: opened.plan)
    if json {
      var object = line(id, state, failure, record).object ?? [:]
      object["views"] = JSONValue(views)
      object["file"] = .string(file)
      object["failures"] = .array(failure.map { [failureJSON($0)] } ?? [])
      Terminal.result(JSONValue.object(object).text)
      return
    }
    let box = layout.grid.box(of: position)
    var lines = [
      "block   \(blockText(position, record)) of level \(layout.level)", "state   \(state.rawValue)",
      "voxels  "
        + axes.suffix(record.description.is3D ? 3 : 2).map { axis in
          let lane = axis.spaceLane ?? 0
          return "\(axis)=\(box.lower[lane]):\(box.upper[lane])"
        }.joined(separator: ","),
      "file    \(file)", "views   \(views.isEmpty ? "none" : views.joined(separator: ", "))",
    ]
    if let failure {
      lines.append("failure \(failure.code), \(failure.attempts) times, last \(timeText(failure.at)): \(failure.message)")
    }
    Terminal.result(lines.map(\.printableLine).joined(separator: "\n"))
  }

  /// `0,0,3,5,7`, or `z=3,y=5,x=7` with 0 for axes that are not named.
  private func blockNumbers(_ text: String, _ axes: [Axis]) throws -> [Int?] {
    guard text.contains("=") else {
      return text.split(separator: ",").map { Int($0.trimmingCharacters(in: .whitespaces)) }
    }
    var numbers = [Int?](repeating: 0, count: axes.count)
    for part in text.split(separator: ",") {
      let sides = part.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      guard sides.count == 2, let at = axes.firstIndex(where: { $0.rawValue == sides[0] }) else {
        throw JobError.invalid(
          what: "--block \(part): no such axis", hint: "write z=3,y=5,x=7; axes are \(axes.map(\.rawValue).joined(separator: ", "))")
      }
      numbers[at] = Int(sides[1])
    }
    return numbers
  }

  private func axisNames(_ record: JobRecord) -> [Axis] { Axis.all(is3D: record.description.is3D) }

  private func blockText(_ p: TCZYX, _ record: JobRecord) -> String {
    axisNames(record).map { String(p[$0]) }.joined(separator: ",")
  }

  private func text(_ entry: BlockEntry, _ record: JobRecord) -> String {
    let reason = entry.failure.map { "  \($0.code): \($0.message)" } ?? ""
    return "\(entry.block.level)  \(blockText(entry.block.position, record))  \(entry.state.rawValue)\(reason)"
  }

  private func line(_ block: BlockID, _ state: BlockState, _ failure: BlockFailure?, _ record: JobRecord) -> JSONValue {
    var object: [String: JSONValue] = [
      "level": JSONValue(block.level),
      "block": JSONValue(axisNames(record).map { block.position[$0] }),
      "state": .string(state.rawValue),
    ]
    if let failure { object["failure"] = failureJSON(failure) }
    return .object(object)
  }

  private func failureJSON(_ failure: BlockFailure) -> JSONValue {
    .object([
      "code": .string(failure.code), "message": .string(failure.message), "attempts": JSONValue(failure.attempts),
      "time": .string(timeText(failure.at)),
    ])
  }
}
