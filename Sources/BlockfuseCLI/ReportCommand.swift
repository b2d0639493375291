import ArgumentParser
import Diagnostics
import Files
import Foundation
import JobStore
import Output
import Pictures
import Planning
import Projections
import Report
import Zarr

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write a self-contained HTML report of a job.",
    discussion: """
      It shows the state, pictures of the fused image, a map of the views, blocks by state, rates, and failures with a remedy. \
      Works at any moment, also while the job runs.

      Example: blockfuse report 3 --output report.html
      """)

  @OptionGroup var job: JobArgument
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "HTML file to write; an existing one is replaced. A link is followed; /dev/stdout and named pipes work, too.", valueName: "html"),
    completion: .file(extensions: ["html"]), transform: localPath)
  var output: String
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      let store = try database.readOnly()
      try NamedPlace(output).check(in: store)
      let opened = try LoadedJob.load(job.job, in: store)
      let content = try ReportContent(opened, in: store)
      var projections: [Projection] = []
      var problem: String?
      do {
        projections = try Projection.make(opened, store: store, axes: Report.axes(opened.plan))
      } catch JobError.changed(_, let differences, _) {
        // what the record says is worth a page also where the output is gone
        problem = differences.joined(separator: "; ")
      }
      let page = Report(content, projections: projections, pictureProblem: problem) {
        "data:image/png;base64," + Data(PNG.encode($0.picture)).base64EncodedString()
      }.page()
      try writeReplacing(Data(page.text.utf8), to: output, kind: "HTML page")
      Terminal.news("\(output): \(byteText(page.text.utf8.count)); open it in a browser")
      for note in projections.first?.notes ?? [] { Terminal.message("note: \(note)") }
    }
  }
}
