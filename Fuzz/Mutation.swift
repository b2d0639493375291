import Foundation
import JSON
import Zarr

/// Small changes to what was right.
enum Mutation {
  private static let numbers: [Int64] = [
    0, 1, -1, 2, 3, 7, 8, 127, 128, 255, 256, 65_535, 65_536, 1 << 31, (1 << 31) - 1, 1 << 32, 1 << 48, .max, .min,
  ]
  private static let doubles: [Double] = [0, -0.0, 0.5, -1, 1e-300, 1e300, .nan, .infinity, -.infinity, 1e18, 9.3e18, 0.1]
  private static let strings = [
    "", "0", "..", "../..", "/", "a/b", ".", "zstd", "blosc", "gzip", "bytes", "NaN", "<u2", ">f8", "|b1", "float16", "\u{0}",
    "é", "end", "start", "scale", "z", "x", "c", "t", "0x7fc00000", String(repeating: "x", count: 300),
  ]

  /// Flips, overwrites, removes, inserts or repeats bytes.
  static func change(_ bytes: inout [UInt8], using random: inout SeededRandom) {
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      guard !bytes.isEmpty else {
        bytes.append(.random(in: 0...255, using: &random))
        continue
      }
      let at = Int.random(in: 0..<bytes.count, using: &random)
      let count = min(bytes.count - at, random.once(in: 3) ? Int.random(in: 1...64, using: &random) : 1)
      switch Int.random(in: 0..<7, using: &random) {
      case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: for i in at..<at + count { bytes[i] = .random(in: 0...255, using: &random) }
      case 2: bytes.removeSubrange(at..<at + count)
      case 3: bytes.insert(contentsOf: (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }, at: at)
      case 4: bytes.insert(contentsOf: bytes[at..<at + count], at: at)
      case 5: bytes.removeLast(bytes.count - at)
      default: for i in at..<at + count { bytes[i] = random.pick([0, 0x7F, 0x80, 0xFF]) }
      }
    }
  }

  /// The bytes of a document that is almost `json`: values changed, or now and then the text itself.
  static func text(of json: JSONValue, using random: inout SeededRandom) -> [UInt8] {
    var changed = json
    for _ in 0..<Int.random(in: 1...3, using: &random) { changed = change(changed, using: &random) }
    var bytes = [UInt8](changed.serialized(pretty: random.once(in: 4)))
    if random.once(in: 8) { change(&bytes, using: &random) }
    return bytes
  }

  static func change(_ json: JSONValue, using random: inout SeededRandom) -> JSONValue {
    // down to some value, and there something else
    switch json {
    case .object(var members) where !members.isEmpty && !random.once(in: 8):
      let key = random.pick(members.keys.sorted())
      switch Int.random(in: 0..<10, using: &random) {
      case 0: members[key] = nil
      case 1: members[random.pick(strings)] = members[key]
      default: members[key] = change(members[key] ?? .null, using: &random)
      }
      return .object(members)
    case .array(var entries) where !entries.isEmpty && !random.once(in: 8):
      let at = Int.random(in: 0..<entries.count, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0: entries.remove(at: at)
      case 1: entries.insert(entries[at], at: at)
      case 2: entries.swapAt(at, 0)
      default: entries[at] = change(entries[at], using: &random)
      }
      return .array(entries)
    case .int(let value) where random.once(in: 2):
      return .int(value &+ Int64.random(in: -2...2, using: &random))
    case .double(let value) where random.once(in: 2):
      return .double(value * Double.random(in: -2...2, using: &random))
    default: return other(using: &random)
    }
  }

  private static func other(using random: inout SeededRandom) -> JSONValue {
    switch Int.random(in: 0..<8, using: &random) {
    case 0: .null
    case 1: .bool(random.once(in: 2))
    case 2: .double(random.pick(doubles))
    case 3: .string(random.pick(strings))
    case 4: .array((0..<Int.random(in: 0...6, using: &random)).map { _ in .int(random.pick(numbers)) })
    case 5: .object([random.pick(strings): .int(random.pick(numbers))])
    default: .int(random.pick(numbers))
    }
  }
}
