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
    #expect(counts.count == 6 && counts.allSatisfy { $0 > 5 }, "\(end.output)")
  }

  /// What an hour of it came upon: of each answer the first case.
  @Test func theCorpusNeverCrashes() throws {
    let folder = try TestFolder()
    let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/Fuzz/corpus.txt").path
    let seeds = try String(contentsOfFile: corpus, encoding: .utf8).split(separator: "\n").count
    let end = try RunningProcess("fuzz", ["--replay", corpus], folder: folder.path).wait()
    #expect(end.status == 0, "\(end.output) \(end.errors)")
    let counts = end.output.split(separator: "\n").compactMap { Int($0.split(separator: " ")[1]) }
    #expect(counts.reduce(0, +) == seeds && seeds > 100, "\(end.output)")
  }
}
