import Planning
import ArgumentParser
import Foundation
import JobStore
import Jobs

/// What `submit` and `fuse` take.
struct SubmitArguments: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "The views: dataset.json, an XML of BigStitcher, TileConfiguration.txt, an OME-Zarr scene, or a folder or list of images.",
      valueName: "dataset"), completion: .file(), transform: localPath)
  var dataset: String

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Output folder.", valueName: "out"), completion: .file(), transform: outputPath)
  var output: String

  @Option(help: ArgumentHelp("Name of the job, which can be used instead of its number.", valueName: "name"))
  var name: String?

  @OptionGroup(title: "Fusion") var flags: FusionFlags

  func validate() throws {
    if let name, let problem = JobName.problem(name) { throw ValidationError("--name\(problem)") }
  }

  /// Checked before a database is made.
  func resolve() throws -> Submitter.Request {
    let (options, file) = try flags.resolve()
    return Submitter.Request(
      datasetPath: dataset, outputPath: output, name: name, options: options, optionsFile: file)
  }

  /// Submits, and says what is worth a warning. A signal that comes before anything is made ends the program at once, a later
  /// one leaves nothing of the job, and one that comes when the job is recorded leaves it whole.
  ///
  /// - Parameters:
  ///   - goesOn: see `Submitter.submit`.
  ///   - recorded: called as soon as the job is there, with whether it was before.
  static func submit(
    _ request: Submitter.Request, into database: DatabaseOption, goesOn: Bool = false, recorded: (JobRecord, Bool) -> Void
  ) throws -> (job: JobRecord, store: JobStore) {
    let submitter = Submitter(registry: CommandSetup.registry)
    do {
      return try submitter.submit(request, databasePath: database.resolvedPath, goesOn: goesOn, stopFlag: Signals.stopFlag) { event in
        switch event {
        case .begins: Signals.install()
        case .isThere(let job): recorded(job, true)
        case .recorded(let job): recorded(job, false)
        case .note(let note): Terminal.message("note: \(note)")
        }
      }
    } catch JobError.interrupted(let signal) {
      Terminal.news("stopped by \(Signals.name(signal)); there is no job, and nothing is left of its output")
      throw JobError.interrupted(signal: signal)
    }
  }
}
