import ArgumentParser
import Diagnostics
import Files
import Foundation
import Output
import Planning
import Views
import Zarr

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Write any dataset as a dataset.json that gives the same fusion.",
    discussion: "Example: blockfuse convert dataset.xml dataset.json")

  @Argument(help: ArgumentHelp("Dataset of any kind that can be fused.", valueName: "dataset"), completion: .file(), transform: localPath)
  var dataset: String

  @Argument(
    help: ArgumentHelp("File to write.", valueName: "dataset.json"), completion: .file(extensions: ["json"]), transform: localPath)
  var output: String

  @Option(
    help: ArgumentHelp("Length of one of the dataset's world units, such as 0.25um. Default: what the dataset shows.", valueName: "length"))
  var worldUnit: String?

  @Flag(help: "Replace an existing file.")
  var overwrite = false

  @OptionGroup var quiet: QuietFlag

  func run() throws {
    try reportingErrors {
      try NamedPlace(output).checkFolder()
      // an image that is missing is no reason not to write down where it belongs
      let choice = ViewChoice(skipsMissing: true)
      let source = try DatasetFile.read(dataset, choice: choice)
      var file = source.moved(to: output)
      guard !isSameFile(file.path, source.path) else {
        throw JobError.invalid(what: "\(file.path) is the dataset itself", hint: "give another file to write")
      }
      guard overwrite || !FileManager.default.fileExists(atPath: file.path) else {
        throw JobError.invalid(what: "\(file.path) exists", hint: "choose another file, or add --overwrite")
      }
      if let worldUnit {
        guard let unit = WorldUnit(length: worldUnit) else {
          throw JobError.invalid(what: "--world-unit \(worldUnit) is no length", hint: "give one with its unit, such as 0.25um")
        }
        file.worldUnit = unit
      }
      // a dataset.json that could not be fused is of no use
      let opened = try Dataset(source, options: Dataset.LoadOptions(choice: choice))
      do throws(StorageError) {
        try writeNamedFile(file.serialized(), to: file.path, sync: true)
      } catch {
        throw ViewsError.datasetUnwritable(path: file.path, why: .storage(error))
      }
      let unitNote = worldUnit == nil ? opened.worldUnitNote : nil
      for note in opened.notes + [unitNote].compactMap(\.self) { Terminal.message("note: \(note)") }
      for view in opened.missingViews { Terminal.message("note: an image cannot be opened: \(view.reason)") }
      let series = "\(counted(opened.timeCount, "time point")), \(counted(opened.channelCount, "channel"))"
      Terminal.news("\(file.path) has \(counted(file.entries.count, "view")), \(series)")
    }
  }

  /// Also where one name is a link to the other.
  private func isSameFile(_ a: String, _ b: String) -> Bool {
    var (first, second) = (stat(), stat())
    if a == b { return true }
    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }
}
