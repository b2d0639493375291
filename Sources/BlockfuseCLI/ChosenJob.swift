import ArgumentParser

/// The job that a command changes as a whole: never a default.
struct ChosenJob: ParsableArguments {
  @Argument(help: ArgumentHelp("The job's number or name.", valueName: "job"), completion: .jobs)
  var job: String
}
