import JobStore
import Testing

/// The table of how a job stands: by the blocks of its levels, the state before, and the change.
@Suite struct JobStateTests {
  struct Row: Sendable, CustomStringConvertible {
    let description: String
    let levels: [BlockCounts]
    let before: JobState
    let expected: [JobChange: JobState]

    init(_ description: String, _ levels: [BlockCounts], _ before: JobState, _ expected: [JobChange: JobState]) {
      (self.description, self.levels, self.before, self.expected) = (description, levels, before, expected)
    }
  }

  private static func level(_ done: Int, empty: Int = 0, failed: Int = 0, of total: Int) -> BlockCounts {
    BlockCounts(total: total, done: done, empty: empty, failed: failed)
  }

  static let rows: [Row] = [
    Row(
      "untouched", [level(0, of: 8), level(0, of: 1)], .pending,
      [
        .finished: .interrupted, .stopped: .interrupted, .abandoned: .pending, .retried: .pending, .setBack: .pending,
        .collected: .pending,
      ]),
    Row(
      "begun, then its processes died", [level(3, of: 8), level(0, of: 1)], .running,
      [
        .finished: .interrupted, .stopped: .interrupted, .abandoned: .interrupted, .retried: .running,
        .setBack: .interrupted, .collected: .interrupted,
      ]),
    Row(
      "died before anything was settled", [level(0, of: 8), level(0, of: 1)], .running,
      [.abandoned: .interrupted, .setBack: .pending, .collected: .running, .retried: .running]),
    Row(
      "all settled", [level(5, empty: 3, of: 8), level(1, of: 1)], .running,
      [.finished: .complete, .stopped: .interrupted, .collected: .complete, .setBack: .interrupted]),
    Row(
      "a level with nothing left but failures", [level(7, failed: 1, of: 8), level(0, of: 1)], .running,
      [.finished: .failed, .stopped: .interrupted, .collected: .failed, .setBack: .interrupted]),
    Row(
      "failures, and others still to do at the same level", [level(3, failed: 1, of: 8), level(0, of: 1)], .interrupted,
      [
        // of a run that finished, those rest on what failed or wait for another level
        .finished: .failed, .collected: .interrupted, .retried: .interrupted, .setBack: .interrupted,
        .abandoned: .interrupted,
      ]),
    Row(
      "failures above a level that is not done", [level(3, of: 8), level(0, failed: 1, of: 1)], .interrupted,
      [.finished: .failed, .collected: .interrupted]),
    Row(
      "failed blocks are to be tried again", [level(7, of: 8), level(0, of: 1)], .failed,
      [.retried: .interrupted, .abandoned: .failed, .setBack: .interrupted, .collected: .interrupted]),
    Row(
      "all blocks failed and are to be tried again", [level(0, of: 8)], .failed,
      [.retried: .interrupted, .setBack: .pending, .collected: .failed]),
    Row(
      "a complete job lost a block", [level(7, of: 8), level(0, of: 1)], .complete,
      [.setBack: .interrupted, .abandoned: .complete]),
    Row("a complete job lost its only block", [level(0, of: 1)], .complete, [.setBack: .pending]),
  ]

  @Test(arguments: rows)
  func theTable(row: Row) {
    for (change, expected) in row.expected {
      #expect(JobState(of: row.levels, before: row.before, after: change) == expected, "after \(change)")
    }
  }

  @Test(arguments: JobState.allCases)
  func onlyARunningJobCanBeAbandoned(state: JobState) {
    let after = JobState(of: [BlockCounts(total: 1)], before: state, after: .abandoned)
    #expect(after == (state == .running ? .interrupted : state))
  }
}
