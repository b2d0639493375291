import ArgumentParser
import Diagnostics
import Files
import Foundation

/// Runs the command that a command line names, and ends the program. What is wrong with the line itself is said like
/// any other error, with the word that was probably meant; exit status 64.
func launch(_ arguments: [String]) -> Never {
  // a reader of stdout that goes away is noticed where it is written to
  signal(SIGPIPE, SIG_IGN)
  // a file at its limit (`ulimit -f`) is an error like others
  signal(SIGXFSZ, SIG_IGN)
  do {
    if arguments.first == "help", let mistake = (try? CommandTree.read()).flatMap({ CommandLineMistake.command(arguments, $0) }) {
      mistake.tell()
    }
    var command = try Blockfuse.parseAsRoot(arguments)
    // what `sbatch` finds it gives to every task, and complains where a host allows less
    if !(command is SlurmCommand) { OpenFiles.raiseLimit() }
    try command.run()
    exit((Terminal.hasLostResults ? ExitStatus.unexpected : .done).code)
  } catch let status as ExitStatus {
    // what is wrong was said already, also where it is the command line
    exit(status.code)
  } catch {
    guard Blockfuse.exitCode(for: error) == .validationFailure else { Blockfuse.exit(withError: error) }
    CommandLineMistake(Blockfuse.fullMessage(for: error), arguments, try? CommandTree.read()).tell()
  }
}
