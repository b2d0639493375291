/// Fletcher's checksum as HDF5 writes it: of 16 bit numbers with the high byte first, the sum of all in the low half and the
/// sum of all sums in the high one.
enum Fletcher32 {
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
