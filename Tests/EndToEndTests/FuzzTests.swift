import Foundation
import Testing

/// Some seconds of the fuzzer; `BLOCKFUSE_TEST_FUZZ_SECONDS` raises that.
@Suite struct FuzzTests {
  @Test func almostRightInputNeverCrashes() throws {
    let seconds = ProcessInfo.processInfo.environment["BLOCKFUSE_TEST_FUZZ_SECONDS"] ?? "5"
    let folder = try TestFolder()
    let end = try RunningProcess("fuzz", ["--seconds", seconds], folder: folder.path).wait()
    #expect(end.status == 0, "\(end.output) \(end.errors)")
    // every area had a turn
    let counts = end.output.split(separator: "\n").compactMap { Int($0.split(separator: " ")[1]) }
    #expect(counts.count == 5 && counts.allSatisfy { $0 > 5 }, "\(end.output)")
  }
}
