import ArgumentParser

/// The job that a command is about.
struct JobArgument: ParsableArguments {
  @Argument(help: ArgumentHelp("A job's number or name. Default: the newest.", valueName: "job"), completion: .jobs)
  var job: String?
}
