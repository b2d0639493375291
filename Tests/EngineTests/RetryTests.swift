import Diagnostics
import Engine
import Planning
import Testing

@Suite struct RetryTests {
  private let retry = Retry(waitsSeconds: [0, 0, 0])

  /// How often a body that fails is run before it goes well, or for good.
  private func tries(failing times: Int, isTransient: Bool) -> (tries: Int, isDone: Bool) {
    var tries = 0
    let result: Void? = try? retry.transient {
      tries += 1
      if tries <= times { throw WorkFailure(code: .ioFailed, message: "fails", isTransient: isTransient) }
    }
    return (tries, result != nil)
  }

  @Test func whatPassesIsTriedAgain() {
    #expect(tries(failing: 0, isTransient: true) == (1, true))
    #expect(tries(failing: 3, isTransient: true) == (4, true))
    #expect(tries(failing: 4, isTransient: true) == (4, false))
  }

  @Test func whatStaysIsNot() {
    #expect(tries(failing: 1, isTransient: false) == (1, false))
  }

  @Test func aRunTriesFourTimes() {
    #expect(Retry.standard.attemptLimit == 4)
  }
}
