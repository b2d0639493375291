import Testing
import Zarr

@Suite struct ChunkPartsTests {
  private func shape(_ chunk: [Int], order: [Int]? = nil, _ element: Int) -> [Int]? {
    ChunkParts(ofChunk: chunk, order: order, elementByteCount: element)?.shape
  }

  @Test func usualChunksAreReadWhole() {
    #expect(shape([256, 256, 256], 2) == nil)
    #expect(shape([1, 4096, 8192], 1) == nil)
    #expect(shape([257, 256, 256], 2) != nil)
  }

  @Test func aPartIsOneRunOfBytesOfTheAxesThatAreStoredLast() {
    #expect(shape([1024, 1024, 1024], 2) == [2, 1024, 1024])
    // one plane is too much
    #expect(shape([64, 32768, 32768], 2) == [1, 64, 32768])
    #expect(shape([1024, 512, 2048], order: [2, 1, 0], 2) == [1024, 512, 4])
    #expect(shape([2, 3, 64, 2048, 2048], 1) == [1, 1, 1, 2048, 2048])
  }

  @Test func lengthsDivideThoseOfTheChunk() {
    #expect(shape([1009, 1024, 512], 2) == [1, 1024, 512])
    #expect(shape([999, 1024, 512], 2) == [3, 1024, 512])
    // many tiny parts would be worse than a long row
    #expect(shape([100, 4_000_037], 2) == [1, 4_000_037])
    // nothing but 1 is short of the whole
    #expect(shape([8009, 64, 64], 2) == [1, 64, 64])
  }
}
