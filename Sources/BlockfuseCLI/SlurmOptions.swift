import ArgumentParser

/// The options of sbatch that most sites ask for; all others can be passed on as well.
struct SlurmOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Where tasks run.", valueName: "name")) var partition: String?
  @Option(help: ArgumentHelp("Who pays.", valueName: "name")) var account: String?
  @Option(help: ArgumentHelp("Quality of service.", valueName: "name")) var qos: String?
  @Option(help: ArgumentHelp("A task's limit, such as 12:00:00.", valueName: "time")) var time: String?
  @Option(help: ArgumentHelp("CPUs of a task.", valueName: "n")) var cpusPerTask: String?
  @Option(help: ArgumentHelp("Memory of a task, such as 16G.", valueName: "size")) var mem: String?

  var arguments: [String] {
    [
      ("partition", partition), ("account", account), ("qos", qos), ("time", time), ("cpus-per-task", cpusPerTask), ("mem", mem),
    ].compactMap { name, value in value.map { "--\(name)=\($0)" } }
  }
}
