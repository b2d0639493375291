import Diagnostics
import Foundation
import Testing

/// docs/troubleshooting.md has a line for everything that can go wrong.
@Suite struct FailureCodeTests {
  private func page() throws -> String {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return try String(contentsOf: package.appendingPathComponent("docs/troubleshooting.md"), encoding: .utf8)
  }

  private func backticked(_ text: some StringProtocol) -> [String] {
    text.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }

  @Test func everyErrorIsOnThePage() throws {
    let rows = try page().split(separator: "\n").filter { $0.hasPrefix("| `") }
    var named = rows.flatMap { backticked($0.split(separator: "|")[0]) }
    // those that are mistakes of the program are a paragraph at the end
    named += try backticked(#require(page().range(of: "## Mistakes of the program").map { String(try page()[$0.upperBound...]) }))
    named.removeAll { $0.hasPrefix("blockfuse") }
    #expect(Set(FailureCode.allCases.map(\.rawValue)).symmetricDifference(named) == [])
    #expect(named.count == Set(named).count, "an error is there twice")
  }

  @Test(arguments: [Diagnostics.ExitStatus.done, .unexpected, .someFailed, .changed, .noJob, .alreadyRunning, .damaged, .usage, .notYet])
  func everyExitStatusIsOnThePage(status: Diagnostics.ExitStatus) throws {
    #expect(try page().contains("\n| \(status.code) | "))
  }
}
