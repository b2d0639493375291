import ArgumentParser

/// `--quiet`, for commands that can take long: warnings and errors alone on stderr. Results are still printed.
struct QuietFlag: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Print warnings and errors only.")
  var quiet = false

  // taking effect here, no command can forget it
  func validate() { if quiet { Terminal.beQuiet() } }
}
