import ArgumentParser
import Files
import Foundation
import Geometry
import JSON
import JobStore
import Jobs
import Output
import Pictures
import Planning
import Projections
import Zarr

struct PreviewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "Write a picture (PNG) of the fused image: a maximum projection of a coarse level.",
    discussion: """
      Works at any moment, also while the job runs; missing parts are black, and a note says so. It reads one coarse level, \
      or a few hundred blocks if there is none yet, however large the job is.

      Example: blockfuse preview 3 --output liver.png --axis y
      """)

  @OptionGroup var job: JobArgument
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "PNG file to write; an existing one is replaced. A link is followed; /dev/stdout and named pipes work, too.", valueName: "png"),
    completion: .file(extensions: ["png"]), transform: localPath)
  var output: String
  @Option(help: ArgumentHelp("Axis of the projection: z, y or x.", valueName: "axis"), completion: .list(["z", "y", "x"]))
  var axis = "z"
  @Option(help: ArgumentHelp("Level to project: its number, or auto.", valueName: "level"))
  var level = "auto"
  @Option(help: ArgumentHelp("Time point, from 0.", valueName: "index"))
  var timepoint = 0
  @Flag(help: "Print the result as one JSON document.") var json = false
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      guard let along = Axis(rawValue: axis), along.spaceLane != nil else {
        throw JobError.invalid(what: "--axis \(axis): no axis of space", hint: "one of z, y, x")
      }
      let number = Int(level)
      guard level == "auto" || number != nil else {
        throw JobError.invalid(what: "--level \(level)", hint: "auto, or the number of a level")
      }
      let store = try database.readOnly()
      try NamedPlace(output).check(in: store)
      let opened = try LoadedJob.load(job.job, in: store)
      let made = try Projection.make(opened, store: store, axes: [along], level: number, time: timepoint)
      guard let projection = made.first else { return }
      try writeReplacing(Data(PNG.encode(projection.picture)), to: output, kind: "PNG picture")
      if json {
        Terminal.result(document(projection, opened).text)
        return
      }
      let size = "\(projection.picture.width) x \(projection.picture.height) pixels"
      Terminal.news("\(output): \(size), along \(along.rawValue), level \(projection.level)")
      for note in projection.notes { Terminal.message("note: \(note)") }
    }
  }

  private func document(_ projection: Projection, _ job: LoadedJob) -> JSONValue {
    .object([
      "job": JSONValue(job.record.id), "file": .string(output), "axis": .string(projection.axis.rawValue),
      "level": JSONValue(projection.level), "timepoint": JSONValue(projection.time),
      "width": JSONValue(projection.picture.width), "height": JSONValue(projection.picture.height),
      "pixel_size": .double(projection.pixelSize), "notes": JSONValue(projection.notes),
      "channels": .array(
        projection.channels.map {
          .object(["name": .string($0.name), "low": .double($0.range.lowerBound), "high": .double($0.range.upperBound)])
        }),
    ])
  }
}
