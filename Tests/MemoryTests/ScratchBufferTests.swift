import Memory
import Testing

@Suite struct ScratchBufferTests {
  @Test(arguments: [0, 1, 64, 65, 4097, 65_535, 65_537, (1 << 20) + 1, (3 << 20) + 5])
  func givesWhatIsAskedForAndAllOfItCanBeWritten(byteCount: Int) throws {
    let buffer = ScratchBuffer()
    for memory in [buffer.reserve(byteCount: byteCount), try #require(buffer.reserveIfPossible(byteCount: byteCount))] {
      #expect(memory.count == byteCount && memory.baseAddress == buffer.base)
      #expect(UInt(bitPattern: buffer.base) % 64 == 0)
      memory.initializeMemory(as: UInt8.self, repeating: 7)
      #expect(memory.allSatisfy { $0 == 7 })
    }
  }

  @Test func staysWhereItIsWhileItIsLargeEnough() {
    let buffer = ScratchBuffer()
    let large = buffer.reserve(byteCount: 100_000)
    large[99_999] = 9
    #expect(buffer.reserve(byteCount: 10).baseAddress == large.baseAddress)
    // a little more than before is there already
    #expect(buffer.reserveIfPossible(byteCount: 100_001)?.baseAddress == large.baseAddress)
    #expect(buffer.content(byteCount: 100_000)[99_999] == 9)
  }

  @Test func valuesHaveTheirSize() {
    let buffer = ScratchBuffer()
    let numbers = buffer.reserve(Double.self, count: 1000)
    for i in 0..<1000 { numbers[i] = Double(i) }
    #expect((0..<1000).allSatisfy { numbers[$0] == Double($0) })
    #expect(buffer.content(byteCount: 8000).count == 8000)
  }

  @Test func moreThanThereIsGivesNothingAndLeavesItUsable() {
    let buffer = ScratchBuffer()
    #expect(buffer.reserveIfPossible(byteCount: 1 << 58) == nil)
    #expect(buffer.reserveIfPossible(byteCount: Int.max) == nil)
    buffer.reserve(byteCount: 1000).initializeMemory(as: UInt8.self, repeating: 3)
    #expect(buffer.content(byteCount: 1000).allSatisfy { $0 == 3 })
  }
}
