import Foundation

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

/// Whether all elements have the same bytes: what is not stored of an output with another fill value. Nil: all are 0.
public func isFilled(_ bytes: UnsafeRawBufferPointer, with element: [UInt8]?) -> Bool {
  guard let element else { return isAllZero(bytes) }
  let size = element.count
  guard size > 0, bytes.count >= size else { return bytes.isEmpty }
  guard bytes[..<size].elementsEqual(element) else { return false }
  // each element is like the one before it
  return UnsafeRawBufferPointer(rebasing: bytes[size...]).withMemoryRebound(to: UInt8.self) { rest in
    bytes.withMemoryRebound(to: UInt8.self) { all in
      guard let rest = rest.baseAddress, let first = all.baseAddress else { return true }
      return memcmp(rest, first, bytes.count - size) == 0
    }
  }
}
