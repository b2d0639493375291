import BlockfuseCLI
import Testing

/// When there are colours, and where.
@Suite struct TerminalStyleTests {
  @Test(
    arguments: [
      ([:], true), (["TERM": "xterm"], true), (["NO_COLOR": ""], true), (["NO_COLOR": "1"], false), (["NO_COLOR": "0"], false),
      (["CLICOLOR": "0"], false), (["CLICOLOR": "1"], true), (["TERM": "dumb"], false), (["CLICOLOR_FORCE": "1", "NO_COLOR": "1"], false),
    ] as [([String: String], Bool)])
  func asTheEnvironmentSays(environment: [String: String], isWanted: Bool) {
    #expect(TerminalStyle.isWanted(isTerminal: true, environment: environment) == isWanted)
    #expect(!TerminalStyle.isWanted(isTerminal: false, environment: environment))
  }

  @Test func theFirstWordOfAMessageHasAColour() {
    #expect(TerminalStyle.colored(message: "error: the disk is full") == "\u{1b}[1;31merror:\u{1b}[0m the disk is full")
    #expect(TerminalStyle.colored(message: "hint: free some") == "\u{1b}[1;36mhint:\u{1b}[0m free some")
    #expect(TerminalStyle.colored(message: "job 1 is complete") == "job 1 is complete")
  }
}
