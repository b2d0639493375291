import ArgumentParser
import Diagnostics
import JSON
import JobStore
import Jobs
import Views

struct RelocateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "relocate",
    abstract: "Tell a job where its inputs or its output are, after they were moved.",
    discussion: """
      It moves no files. The output at the new place must be this job's, and the inputs there must be those of the submit, \
      with their times (mv, rsync -a and cp -p keep them).

      Example: blockfuse relocate 3 --output /b/fused.ome.zarr --inputs /a=/b

      Exit status: 0 done; 4 what is at a new place is not what the job had; 11 the job runs; 64 a work order is out.
      """)

  @OptionGroup var job: ChosenJob
  @Option(
    name: .shortAndLong, help: ArgumentHelp("New place of the output.", valueName: "new"), completion: .file(), transform: localPath)
  var output: String?
  @Option(
    help: ArgumentHelp("Old and new folder of inputs. May be given several times.", valueName: "old=new"))
  var inputs: [String] = []
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func validate() throws {
    guard output != nil || !inputs.isEmpty else {
      throw CommandLineMistake.error("there is nothing to relocate", hint: "give --output NEW, --inputs OLD=NEW, or both")
    }
    for text in inputs {
      guard let sign = text.lastIndex(of: "="), let problem = PathProblem(String(text[text.index(after: sign)...])) else { continue }
      throw CommandLineMistake.error("--inputs \(text): \(problem.what)", hint: problem.hint)
    }
  }

  func run() throws {
    try reportingErrors {
      let relocator = Relocator(
        store: try database.existing(), registry: CommandSetup.registry, note: { Terminal.message("note: \($0)") })
      let moved = try relocator.relocate(job.job, output: output, inputs: inputs)
      var lines: [String] = []
      if !inputs.isEmpty { lines.append("\(moved.views.grouped) of \(moved.viewCount.grouped) views have another place") }
      if let path = moved.output { lines.append("the output is \(path)") }
      Terminal.news("job \(moved.job.id): \(lines.joined(separator: "; "))")
    }
  }
}
