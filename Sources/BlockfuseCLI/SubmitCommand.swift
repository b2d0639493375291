import ArgumentParser
import Foundation
import JobStore
import Jobs
import JSON
import Zarr

struct SubmitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit",
    abstract: "Checks everything, records the job, writes the output's metadata; prints the job's number.",
    discussion: "Example: blockfuse submit dataset.json --output fused.ome.zarr --output-chunksize 128")

  @OptionGroup var request: SubmitArguments
  @Flag(help: "Print the answer as one JSON document.") var json = false
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      Signals.endAtOnce()
      let request = try request.resolve()
      _ = try submit(request, database, recorded: tell)
    }
  }

  private func tell(_ job: JobRecord) {
    let document = JSONValue.object([
      "job": .int(Int64(job.id)), "name": job.description.name.map { .string($0) } ?? .null,
      "output": .string(job.description.outputPath),
    ])
    let isTold = Terminal.result(json ? document.text : String(job.id))
    let news = "job \(job.id) is recorded; `blockfuse run \(job.id)` fuses it into \(job.description.outputPath)"
    // whoever does not get the number must not take it that there is no job
    if isTold { Terminal.news(news) } else { Terminal.message(news) }
  }
}

/// What `submit` and `fuse` take.
struct SubmitArguments: ParsableArguments {
  @Argument(help: ArgumentHelp("The views: dataset.json, an XML of BigStitcher, TileConfiguration.txt, an OME-Zarr scene, or a folder or list of images.", valueName: "dataset"), completion: .file(), transform: localPath)
  var dataset: String

  @Option(name: .shortAndLong, help: ArgumentHelp("Where the fused Zarr goes.", valueName: "out"), completion: .file(), transform: outputPath)
  var output: String

  @Option(help: ArgumentHelp("A name for the job, to be used in place of its number.", valueName: "name"))
  var name: String?

  @OptionGroup(title: "Fusion") var flags: FusionFlags

  func validate() throws {
    if let mark = name?.unicodeScalars.first(where: { Self.isControl($0) }) {
      throw ValidationError("--name: the name has a control character (U+\(String(format: "%04X", mark.value))); leave it out")
    }
    if let name, Int(name) != nil || name.isEmpty {
      throw ValidationError(
        name.isEmpty ? "--name: the name is empty" : "--name \(name): a number would be mistaken for that of a job")
    }
  }

  /// What a terminal obeys, or breaks a line at.
  private static func isControl(_ character: Unicode.Scalar) -> Bool {
    [.control, .lineSeparator, .paragraphSeparator].contains(character.properties.generalCategory)
  }

  /// Checked before a database is made.
  func resolve() throws -> Submitter.Request {
    let (options, file) = try flags.resolve()
    return Submitter.Request(
      datasetPath: dataset, outputPath: output, name: name, options: options, optionsFile: file)
  }
}

/// Submits, and says what is worth a warning. A signal that comes before anything is made ends the program at once, a later
/// one leaves nothing of the job, and one that comes when the job is recorded leaves it whole.
///
/// - Parameter recorded: called as soon as the job is there.
func submit(
  _ request: Submitter.Request, _ database: DatabaseOption, recorded: (JobRecord) -> Void
) throws -> (job: JobRecord, store: JobStore) {
  let submitter = Submitter(registry: CommandSetup.registry)
  do {
    return try submitter.submit(request, databasePath: database.resolvedPath, stopFlag: Signals.stopFlag) { event in
      switch event {
      case .begins: Signals.install()
      case .recorded(let job): recorded(job)
      case .note(let note): Terminal.message("note: \(note)")
      }
    }
  } catch JobError.interrupted(let signal) {
    Terminal.news("stopped by \(Signals.name(signal)); there is no job, and nothing is left of its output")
    throw JobError.interrupted(signal: signal)
  }
}
