import Foundation

/// Random numbers with a seed, so that a failure can be repeated (SplitMix64).
package struct SeededRandom: RandomNumberGenerator, CustomStringConvertible {
  private let seed: UInt64
  private var state: UInt64

  package init(_ seed: UInt64) { (self.seed, state) = (seed, seed) }

  /// Others in each run, or those of the seed in `BLOCKFUSE_TEST_SEED`.
  package static func chosen() -> SeededRandom {
    let given = ProcessInfo.processInfo.environment["BLOCKFUSE_TEST_SEED"].flatMap { UInt64($0) }
    return SeededRandom(given ?? UInt64.random(in: 0...0xffff_ffff))
  }

  /// How to get the same numbers again: for the message of an expectation.
  package var description: String { "BLOCKFUSE_TEST_SEED=\(seed)" }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
