import CSystem
import Testing
import Zarr

@Suite struct Crc32cTests {
  @Test func knownVectors() {
    #expect(Array("123456789".utf8).withUnsafeBytes { Crc32c.checksum($0) } == 0xE306_9283)
    #expect([UInt8](repeating: 0, count: 32).withUnsafeBytes { Crc32c.checksum($0) } == 0x8A91_36AA)
    #expect([UInt8](repeating: 255, count: 32).withUnsafeBytes { Crc32c.checksum($0) } == 0x62A8_AB43)
    #expect([UInt8]().withUnsafeBytes { Crc32c.checksum($0) } == 0)
  }

  @Test func tablesAndInstructionsAgreeAtEveryLengthAndOffset() {
    let bytes = noise(byteCount: 80)
    bytes.withUnsafeBytes { all in
      for start in 0..<9 {
        for end in start...80 {
          let part = all[start..<end]
          var slow: UInt32 = 0xFFFF_FFFF
          for byte in part {
            slow ^= UInt32(byte)
            for _ in 0..<8 { slow = slow >> 1 ^ (slow & 1 == 1 ? 0x82F6_3B78 : 0) }
          }
          let memory = UnsafeRawBufferPointer(rebasing: part)
          #expect(Crc32c.checksum(memory) == ~slow)
          #expect(csystem_crc32c_by_tables(0, memory.baseAddress, memory.count) == ~slow)
        }
      }
    }
  }

  @Test func continues() {
    let bytes = noise(byteCount: 50)
    bytes.withUnsafeBytes { all in
      let first = csystem_crc32c(0, all.baseAddress, 13)
      #expect(csystem_crc32c(first, all.baseAddress.map { $0 + 13 }, 37) == Crc32c.checksum(all))
    }
  }
}
