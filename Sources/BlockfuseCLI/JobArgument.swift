import ArgumentParser

/// The job that a command is about.
struct JobArgument: ParsableArguments {
  @Argument(help: ArgumentHelp("Number or name of a job. Default: the newest.", valueName: "job"), completion: .jobs)
  var job: String?
}
