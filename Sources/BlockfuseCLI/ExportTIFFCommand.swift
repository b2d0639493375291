import ArgumentParser
import Diagnostics
import Files
import Geometry
import JSON
import JobStore
import Output
import Planning
import TIFFExport

struct ExportTIFFCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export-tiff",
    abstract: "Write a level of the fused image, or a part of it, as one OME-TIFF.",
    discussion: """
      For papers, Fiji and other programs: a BigTIFF in tiles (deflate) with voxel sizes, channel names and colours. Only a \
      level that is complete is exported. A region is counted in voxels of that level.

      Example: blockfuse export-tiff 3 --level 1 --output liver.ome.tif

      Exit status: 0 done; 10 no such job; 12 a block that was done is damaged; 64 the level is not complete, the file exists, \
      or OME-TIFF has no such type; 130 or 143 stopped by a signal, nothing is left.
      """)

  @OptionGroup var job: JobArgument
  @Option(
    name: .shortAndLong, help: ArgumentHelp("OME-TIFF file to write, such as liver.ome.tif. A link is followed.", valueName: "file"),
    completion: .file(extensions: ["tif", "tiff"]), transform: localPath)
  var output: String
  @Option(help: ArgumentHelp("Level to export; 0 is full resolution.", valueName: "level")) var level = 0
  @Option(
    help: ArgumentHelp(
      "A part of the level in its voxels, such as c=0,z=10:20,y=0:512; the end is not included. Default: all.", valueName: "ranges"))
  var region: String?
  @Flag(help: "Replace an existing TIFF.") var overwrite = false
  @Flag(help: "Print the result as one JSON document.") var json = false
  @OptionGroup var quiet: QuietFlag
  @OptionGroup var database: DatabaseOption

  func run() throws {
    try reportingErrors {
      Signals.install()
      let store = try database.readOnly()
      try NamedPlace(output).check(in: store, isImage: true)
      let opened = try LoadedJob.load(job.job, in: store)
      let ranges = try region.map { try RegionText.parse($0, is3D: opened.plan.is3D) } ?? [:]
      let result = try TIFFExport.write(
        opened, in: store, TIFFExport.Request(level: level, region: ranges, path: output, overwrites: overwrite),
        stopFlag: Signals.stopFlag)
      let shape = opened.plan.outputAxes(result.shape)
      if json {
        Terminal.result(document(result, shape, opened).text)
        return
      }
      Terminal.news(
        "\(output): level \(level), \(shape.map(String.init).joined(separator: " x ")) "
          + "(\(opened.plan.axes.map(\.rawValue).joined(separator: " "))) \(opened.plan.outputType.rawValue), \(byteText(result.byteCount))"
      )
    }
  }

  private func document(_ result: TIFFExport.Result, _ shape: [Int], _ job: LoadedJob) -> JSONValue {
    .object([
      "job": JSONValue(job.record.id), "file": .string(output), "level": JSONValue(level),
      "axes": JSONValue(job.plan.axes.map(\.rawValue)), "shape": JSONValue(shape),
      "element_type": .string(job.plan.outputType.rawValue), "pages": JSONValue(result.pageCount), "bytes": JSONValue(result.byteCount),
    ])
  }
}
