import Foundation

// benchmarks [FOLDER]: measures, prints, and writes the table into the folder. Ends with 1 where the codec layer is
// slower than 0.9 of its libraries.
do {
  var table = Table(machine: machine())
  try CodecBenchmark().run(&table)
  try KernelBenchmark().run(&table)
  try RecordBenchmark().run(&table)
  let path = try table.write(to: CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "results")
  print("\nwritten to \(path)")
  if !table.isGood { exit(1) }
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(2)
}
