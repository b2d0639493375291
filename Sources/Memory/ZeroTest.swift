/// Whether all bytes are 0: what is not stored of an output, whose fill value is 0.
///
/// Bytes are looked at in strides, since that is faster, and no further than the first stride that holds anything: most blocks
/// that hold anything hold it soon.
public func isAllZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
  let words = bytes.count / 8
  var i = 0
  while i < words {
    let end = min(i + 512, words)
    var any: UInt64 = 0
    while i < end {
      any |= bytes.loadUnaligned(fromByteOffset: i * 8, as: UInt64.self)
      i += 1
    }
    if any != 0 { return false }
  }
  return bytes[(words * 8)...].allSatisfy { $0 == 0 }
}
