import Foundation

// Ends with 1 where the codec layer is slower than 0.9 of its libraries.
let usage = """
  benchmarks [FOLDER] [--full] [--only codecs,kernels,records,growth]
  Measures, prints, and writes the table into the folder (results). --full also records all of 2.4e8 blocks: some minutes.

  """
do {
  var arguments = Array(CommandLine.arguments.dropFirst())
  let isFull = arguments.contains("--full")
  arguments.removeAll { $0 == "--full" }
  var parts = ["codecs", "kernels", "records", "growth"]
  if let i = arguments.firstIndex(of: "--only"), i + 1 < arguments.count {
    parts = arguments[i + 1].split(separator: ",").map(String.init)
    arguments.removeSubrange(i...i + 1)
  }
  if arguments.count > 1 || arguments.contains(where: { $0.hasPrefix("-") }) {
    FileHandle.standardError.write(Data(usage.utf8))
    exit(arguments == ["--help"] ? 0 : 64)
  }
  var table = Table(machine: machine())
  if parts.contains("codecs") { try CodecBenchmark().run(&table) }
  if parts.contains("kernels") { try KernelBenchmark().run(&table) }
  if parts.contains("records") { try RecordBenchmark().run(&table) }
  if parts.contains("growth") { try GrowthBenchmark(isFull: isFull).run(&table) }
  let path = try table.write(to: arguments.first ?? "results")
  print("\nwritten to \(path)")
  if !table.isGood { exit(1) }
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(2)
}
