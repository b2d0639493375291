import Memory
import Testing

@Suite struct PagesTests {
  @Test(arguments: [1, 63, 65_536, 1 << 20, (1 << 20) + 1, (2 << 20) - 1, 5 << 20, (16 << 20) + 4097])
  func memoryIsAlignedAndAllOfItCanBeWritten(byteCount: Int) throws {
    let memory = try #require(Pages.allocate(byteCount: byteCount))
    defer { Pages.free(memory) }
    #expect(memory.count == byteCount)
    #expect(UInt(bitPattern: memory.baseAddress) % 64 == 0)
    memory.initializeMemory(as: UInt8.self, repeating: 7)
    #expect(memory[0] == 7 && memory[byteCount - 1] == 7)
  }

  @Test func moreThanThereIsGivesNothing() {
    #expect(Pages.allocate(byteCount: 1 << 58) == nil)
    #expect(Pages.allocate(byteCount: Int.max) == nil)
  }
}
