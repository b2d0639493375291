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

@Suite struct FilledTests {
  @Test(arguments: [1, 2, 4, 8]) func oneElementAnywhereIsFound(_ size: Int) {
    let element = (0..<size).map { UInt8($0 * 7 + 1) }
    for count in [0, 1, 2, 1000] {
      var bytes = (0..<count).flatMap { _ in element }
      func isBackground() -> Bool { bytes.withUnsafeBytes { isFilled($0, with: element) } }
      #expect(isBackground(), "\(count)")
      for at in Set([0, size * count / 2, size * count - 1]) where at >= 0 && at < size * count {
        bytes[at] ^= 0x20
        #expect(!isBackground(), "\(at) of \(count)")
        bytes[at] ^= 0x20
      }
      #expect(bytes.withUnsafeBytes { isFilled($0, with: nil) } == (count == 0))
    }
  }
}
