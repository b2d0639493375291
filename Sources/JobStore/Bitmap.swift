import Foundation

/// The bits of a brick's blocks. Bit `i` is bit `i % 8` of byte `i / 8`, in memory as on disk.
package struct Bitmap: Hashable, Sendable {
  package let count: Int
  /// Bits beyond `count` are 0.
  package private(set) var words: [UInt64]

  package init(count: Int) {
    self.count = count
    words = [UInt64](repeating: 0, count: (count + 63) / 64)
  }

  /// Nil if the bytes are not those of a bitmap of `count` bits.
  package init?(_ data: Data, count: Int) {
    self.init(count: count)
    guard data.count == Bitmap.byteCount(count) else { return nil }
    data.withUnsafeBytes { bytes in
      for i in 0..<bytes.count / 8 {
        words[i] = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: i * 8, as: UInt64.self))
      }
      for i in bytes.count / 8 * 8..<bytes.count { words[i >> 3] |= UInt64(bytes[i]) << UInt64((i & 7) << 3) }
    }
    if let last = words.last, last & ~lastWordMask != 0 { return nil }
  }

  package static func byteCount(_ bits: Int) -> Int { (bits + 7) / 8 }

  package var data: Data {
    let bytes = words.map(\.littleEndian)
    return bytes.withUnsafeBytes { Data($0.prefix(Bitmap.byteCount(count))) }
  }

  package subscript(index: Int) -> Bool {
    get { words[index >> 6] >> UInt64(index & 63) & 1 == 1 }
    set {
      let bit = UInt64(1) << UInt64(index & 63)
      if newValue { words[index >> 6] |= bit } else { words[index >> 6] &= ~bit }
    }
  }

  /// The number of bits that are set.
  package var population: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
  package var isFull: Bool { population == count }

  package mutating func formUnion(_ other: Bitmap) {
    for i in words.indices { words[i] |= other.words[i] }
  }

  package mutating func subtract(_ other: Bitmap) {
    for i in words.indices { words[i] &= ~other.words[i] }
  }

  package mutating func invert() {
    for i in words.indices { words[i] = ~words[i] }
    if !words.isEmpty { words[words.count - 1] &= lastWordMask }
  }

  package static func full(count: Int) -> Bitmap {
    var bits = Bitmap(count: count)
    bits.invert()
    return bits
  }

  private var lastWordMask: UInt64 { count & 63 == 0 ? ~0 : (1 << UInt64(count & 63)) - 1 }
}
