/// Fletcher's checksum as HDF5 appends it: of 16 bit numbers with the high byte first, the sum of all in the low half and the
/// sum of all sums in the high one.
struct Fletcher32: ByteCodec {
  static let names = CodecNames("fletcher32", hdf5: 3)
  static let hasChecksum = true

  private static let byteCount = 4

  init(_ settings: CodecSettings) {}

  var addedByteCount: Int? { Self.byteCount }

  func decode(
    _ stored: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(CodecFailure) -> Int {
    guard stored.count >= Self.byteCount else { throw .damaged("fletcher32: it ends early") }
    let content = UnsafeRawBufferPointer(rebasing: stored.dropLast(Self.byteCount))
    guard content.count <= output.count else { throw .damaged("fletcher32: it has more than \(output.count) bytes") }
    let written = UInt32(littleEndian: stored.loadUnaligned(fromByteOffset: content.count, as: UInt32.self))
    let sum = Self.checksum(content)
    // early versions of libhdf5 wrote the bytes of each half the other way round
    guard written == sum || written == (sum & 0x00FF_00FF) << 8 | (sum & 0xFF00_FF00) >> 8 else {
      throw .damaged("fletcher32: its checksum is not that of its bytes")
    }
    output.copyMemory(from: content)
    return content.count
  }

  static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var (sum, sums): (UInt32, UInt32) = (0, 0)
    func fold() {
      sum = (sum & 0xFFFF) + sum >> 16
      sums = (sums & 0xFFFF) + sums >> 16
    }
    let even = bytes.count & ~1
    var at = 0
    while at < even {
      // as many as cannot overflow
      let end = min(even, at + 720)
      while at < end {
        sum &+= UInt32(bytes[at]) << 8 | UInt32(bytes[at + 1])
        sums &+= sum
        at += 2
      }
      fold()
    }
    if even < bytes.count {
      sum &+= UInt32(bytes[even]) << 8
      sums &+= sum
      fold()
    }
    fold()
    return sums << 16 | sum
  }
}
