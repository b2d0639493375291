/// Copies elements and reverses the bytes of each; `source` and `target` may be the same memory, else must not overlap.
/// Both hold the same number of whole elements.
package func swapBytes(
  _ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer, elementByteCount: Int
) {
  precondition(source.count == target.count && source.count % elementByteCount == 0)
  guard let from = source.baseAddress, let to = target.baseAddress else { return }
  let count = source.count / elementByteCount
  switch elementByteCount {
  case 2: swap(from, to, count, UInt16.self)
  case 4: swap(from, to, count, UInt32.self)
  case 8: swap(from, to, count, UInt64.self)
  default: if from != UnsafeRawPointer(to) { target.copyMemory(from: source) }
  }
}

@inline(__always)
private func swap<Word: FixedWidthInteger>(
  _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ count: Int, _: Word.Type
) {
  if from == UnsafeRawPointer(to) {
    // one pointer: the optimiser then needs no check for overlap
    for i in 0..<count {
      let at = to + i &* MemoryLayout<Word>.size
      at.storeBytes(of: at.loadUnaligned(as: Word.self).byteSwapped, as: Word.self)
    }
  } else {
    for i in 0..<count {
      let offset = i &* MemoryLayout<Word>.size
      (to + offset).storeBytes(of: (from + offset).loadUnaligned(as: Word.self).byteSwapped, as: Word.self)
    }
  }
}
