import ArgumentParser

/// The options of sbatch that most sites ask for; all others can be passed on as well.
struct SlurmOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Partition to use.", valueName: "name")) var partition: String?
  @Option(help: ArgumentHelp("Account to charge.", valueName: "name")) var account: String?
  @Option(help: ArgumentHelp("Quality of service.", valueName: "name")) var qos: String?
  @Option(help: ArgumentHelp("Time limit of a task, such as 12:00:00.", valueName: "time")) var time: String?
  @Option(help: ArgumentHelp("CPUs per task.", valueName: "n")) var cpusPerTask: String?
  @Option(help: ArgumentHelp("Memory per task, such as 16G.", valueName: "size")) var mem: String?

  var arguments: [String] {
    [
      ("partition", partition), ("account", account), ("qos", qos), ("time", time), ("cpus-per-task", cpusPerTask), ("mem", mem),
    ].compactMap { name, value in value.map { "--\(name)=\($0)" } }
  }
}
