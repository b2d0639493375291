import ArgumentParser
import BlockfuseCLI
import Foundation
import Fusion
import Jobs
import Planning
import Testing

/// What the command line says of itself.
@Suite struct CommandTreeTests {
  /// The message that a command line ends with, such as `fuse --help`.
  private func message(_ line: String) -> String {
    do {
      // a call for help is a command that ends so
      var command = try Blockfuse.parseAsRoot(line.split(separator: " ").map(String.init))
      try command.run()
      return ""
    } catch {
      return Blockfuse.fullMessage(for: error, columns: 80)
    }
  }

  @Test func everyCommandHasHelp() throws {
    let commands = try CommandTree.read().shown.map(\.commandName)
    #expect(commands.count >= 18)
    for command in commands { #expect(message("\(command) --help").contains("USAGE: blockfuse \(command)"), "\(command)") }
  }

  @Test func optionsOfAFusionAreInHelpManualAndCompletions() throws {
    let tree = try CommandTree.read()
    let manual = ManualPage(tree).text
    let scripts = [CompletionShell.bash, .zsh, .fish].map { Blockfuse.completionScript(for: $0) }
    for row in OptionTable.all where row.form != nil {
      for command in ["fuse", "plan", "submit"] {
        #expect(tree.command(command)?.optionNames.contains("--\(row.flag)") == true, "\(command) --\(row.flag)")
      }
      #expect(manual.contains("\\-\\-" + row.flag.replacing("-", with: "\\-")), "\(row.flag)")
      for script in scripts { #expect(script.contains(row.flag), "\(row.flag)") }
    }
    #expect(tree.command("run")?.optionNames.contains("--rounding") == false)
  }

  @Test func helpNamesTheFunctionsThatThereAre() throws {
    let help = message("fuse --help").split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(help.contains(FusionRegistry.builtin.fusionNamesAsRegistered.joined(separator: ", ")))
    #expect(Set(FusionRegistry.builtin.fusionNamesAsRegistered) == Set(FusionRegistry.builtin.fusionNames))
    for name in FusionRegistry.builtin.weightsNames { #expect(help.contains(name)) }
  }

  @Test func commandsThatDestroyAreThere() throws {
    let commands = try Set(CommandTree.read().shown.map(\.commandName))
    #expect(CommandLineMistake.destroying.isSubset(of: commands))
  }

  @Test(arguments: [
    (["statsu"], "there is no command \"statsu\"", "did you mean status?"),
    (["fuse", "x.json", "--ouput", "o"], "unknown option --ouput", "did you mean --output?"),
    (["plan", "x.json", "--output_chunksize", "64"], "unknown option --output_chunksize", "did you mean --output-chunksize?"),
    (["run", "--workers", "0"], "--workers must be from 1 to 4096", "usage: blockfuse run"),
    (["verify", "--workers", "5000"], "--workers must be from 1 to 4096", "usage: blockfuse verify"),
    (["slurm", "--workers", "5000"], "--workers must be from 1 to 4096", "usage: blockfuse slurm"),
  ])
  func mistakes(line: [String], what: String, hint: String) throws {
    let tree = try CommandTree.read()
    let error = #expect(throws: (any Error).self) { try Blockfuse.parseAsRoot(line) }
    let mistake = CommandLineMistake(error.map { Blockfuse.fullMessage(for: $0) } ?? "", line, tree)
    #expect(mistake.what == what)
    #expect(mistake.hints.first?.hasPrefix(hint) == true, "\(mistake.hints)")
  }
}
