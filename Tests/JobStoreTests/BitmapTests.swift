import Foundation
import JobStore
import Testing

@Suite struct BitmapTests {
  @Test(arguments: [1, 7, 8, 9, 63, 64, 65, 4095, 4096])
  func bitsSurviveBytes(count: Int) throws {
    var bits = Bitmap(count: count)
    var expected: Set<Int> = []
    var random = SystemRandomNumberGenerator()
    for _ in 0..<count {
      let i = Int.random(in: 0..<count, using: &random)
      bits[i] = true
      expected.insert(i)
    }
    #expect(bits.population == expected.count)
    let data = bits.data
    #expect(data.count == (count + 7) / 8)
    let again = try #require(Bitmap(data, count: count))
    #expect(again == bits)
    #expect((0..<count).filter { again[$0] } == expected.sorted())
  }

  @Test func bitIIsInByteIOver8() {
    var bits = Bitmap(count: 20)
    bits[0] = true
    bits[11] = true
    bits[19] = true
    #expect(Array(bits.data) == [0x01, 0x08, 0x08])
  }

  @Test func setOperations() {
    var a = Bitmap(count: 70)
    var b = Bitmap(count: 70)
    (a[3], a[68], b[68], b[69]) = (true, true, true, true)
    var union = a
    union.formUnion(b)
    #expect((0..<70).filter { union[$0] } == [3, 68, 69])
    a.invert()
    #expect(a.population == 68)
    #expect(!a[3] && !a[68] && a[69])
    #expect(Bitmap.full(count: 70).isFull)
    #expect(Bitmap.full(count: 70).population == 70)
  }

  @Test func refusesBytesOfAnotherLengthOrBitsBeyondTheEnd() {
    #expect(Bitmap(Data([0, 0]), count: 20) == nil)
    #expect(Bitmap(Data([0, 0, 0, 0]), count: 20) == nil)
    #expect(Bitmap(Data([0, 0, 0x10]), count: 20) == nil)
    #expect(Bitmap(Data([0, 0, 0x0F]), count: 20) != nil)
  }
}
