import Memory
import Testing

@Suite struct ZeroTestTests {
  @Test func oneByteAnywhereIsFound() {
    // no bytes, a part of a word, one stride, and more than one, at odd places
    for count in [0, 1, 7, 8, 9, 4095, 4096, 4097, 9001] {
      for start in [0, 3] {
        var bytes = [UInt8](repeating: 0, count: start + count)
        func isZero() -> Bool { bytes.withUnsafeBytes { isAllZero(UnsafeRawBufferPointer(rebasing: $0[start...])) } }
        #expect(isZero(), "\(count)")
        for at in Set([0, 7, count / 2, count - 1]) where at >= 0 && at < count {
          bytes[start + at] = 1
          #expect(!isZero(), "\(at) of \(count)")
          bytes[start + at] = 0
        }
      }
    }
  }
}
