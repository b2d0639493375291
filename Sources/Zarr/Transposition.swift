/// Brings the elements of a chunk that is stored with its axes in another order into C order, in one pass that can also
/// reverse the bytes of each element.
///
/// Axes of length 1 are dropped and axes that stay neighbours are joined, so that the common orders become a copy of
/// rows or a transposition of planes, which goes by tiles that fit the cache.
package struct Transposition: Sendable, Hashable {
  /// Along one axis of the target, outermost first; in elements.
  private struct Axis: Hashable {
    var length: Int
    var sourceStride: Int
    var targetStride: Int
  }

  /// All axes but the one or two that the inner loops run along.
  private let outer: [Axis]
  /// Where source and target run fast along different axes, the one along which the source does; else of length 1.
  private let sourceFast: Axis
  /// The innermost axis of the target.
  private let targetFast: Axis

  /// - Parameters:
  ///   - shape: the chunk's, in the array's axis order.
  ///   - order: axis `i` as stored is the array's axis `order[i]`.
  /// - Returns: nil where the two orders of elements are the same.
  package init?(shape: [Int], order: [Int]) {
    var sourceStrides = [Int](repeating: 1, count: shape.count)
    var stride = 1
    for i in order.indices.reversed() {
      sourceStrides[order[i]] = stride
      stride *= shape[order[i]]
    }
    var axes: [Axis] = []
    stride = 1
    for i in shape.indices.reversed() where shape[i] != 1 {
      let axis = Axis(length: shape[i], sourceStride: sourceStrides[i], targetStride: stride)
      stride *= shape[i]
      if let inner = axes.first, axis.sourceStride == inner.sourceStride * inner.length {
        axes[0].length *= axis.length
      } else {
        axes.insert(axis, at: 0)
      }
    }
    guard let last = axes.popLast(), !(axes.isEmpty && last.sourceStride == 1) else { return nil }
    targetFast = last
    if last.sourceStride == 1 {
      sourceFast = Axis(length: 1, sourceStride: 1, targetStride: 1)
    } else {
      guard let i = axes.firstIndex(where: { $0.sourceStride == 1 }) else { return nil }
      sourceFast = axes.remove(at: i)
    }
    outer = axes
  }

  /// `source` and `target` hold the chunk and do not overlap.
  package func copy(
    _ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer, elementByteCount: Int,
    swappingBytes: Bool
  ) {
    let count = outer.reduce(sourceFast.length * targetFast.length) { $0 * $1.length } * elementByteCount
    precondition(source.count == count && target.count == count)
    guard let from = source.baseAddress, let to = target.baseAddress else { return }
    switch (elementByteCount, swappingBytes) {
    case (1, _): copy(from, to, UInt8.self) { $0 }
    case (2, false): copy(from, to, UInt16.self) { $0 }
    case (2, true): copy(from, to, UInt16.self) { $0.byteSwapped }
    case (4, false): copy(from, to, UInt32.self) { $0 }
    case (4, true): copy(from, to, UInt32.self) { $0.byteSwapped }
    case (_, false): copy(from, to, UInt64.self) { $0 }
    case (_, true): copy(from, to, UInt64.self) { $0.byteSwapped }
    }
  }

  @inline(__always)
  private func copy<Word: FixedWidthInteger & SIMDScalar>(
    _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _: Word.Type, _ change: (Word) -> Word
  ) {
    var index = [Int](repeating: 0, count: outer.count)
    var source = 0
    var target = 0
    while true {
      let (fromPlane, toPlane) = (from + source * MemoryLayout<Word>.size, to + target * MemoryLayout<Word>.size)
      if sourceFast.length == 1 {
        copyRow(fromPlane, toPlane, change)
      } else {
        copyPlane(fromPlane, toPlane, change)
      }
      var i = outer.count - 1
      while i >= 0 {
        index[i] += 1
        source += outer[i].sourceStride
        target += outer[i].targetStride
        if index[i] < outer[i].length { break }
        source -= outer[i].sourceStride * outer[i].length
        target -= outer[i].targetStride * outer[i].length
        index[i] = 0
        i -= 1
      }
      if i < 0 { return }
    }
  }

  @inline(__always)
  private func copyRow<Word: FixedWidthInteger>(
    _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ change: (Word) -> Word
  ) {
    let size = MemoryLayout<Word>.size
    for i in 0..<targetFast.length {
      (to + i &* size).storeBytes(of: change((from + i &* size).loadUnaligned(as: Word.self)), as: Word.self)
    }
  }

  /// By tiles of one cache line a side: a tile's lines are brought into a buffer and turned there, so that each line of
  /// source and target is touched once, also where the strides are powers of two and their lines drive each other out
  /// of the cache.
  @inline(__always)
  private func copyPlane<Word: FixedWidthInteger & SIMDScalar>(
    _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ change: (Word) -> Word
  ) {
    let size = MemoryLayout<Word>.size
    let side = Self.tileByteCount / size
    let sourceStep = targetFast.sourceStride &* size
    let targetStep = sourceFast.targetStride &* size
    withUnsafeTemporaryAllocation(byteCount: side * Self.tileByteCount, alignment: 64) { buffer in
      guard let tile = buffer.baseAddress else { return }
      for row in stride(from: 0, to: sourceFast.length, by: side) {
        let rowCount = min(side, sourceFast.length - row)
        for column in stride(from: 0, to: targetFast.length, by: side) {
          let columnCount = min(side, targetFast.length - column)
          for c in 0..<columnCount {
            (tile + c &* Self.tileByteCount)
              .copyMemory(from: from + row &* size + (column &+ c) &* sourceStep, byteCount: rowCount &* size)
          }
          if rowCount == side, columnCount == side {
            let target = to + row &* targetStep + column &* size
            for r in stride(from: 0, to: side, by: 8) {
              for c in stride(from: 0, to: side, by: 8) {
                turn8x8(
                  tile + c &* Self.tileByteCount + r &* size, target + r &* targetStep + c &* size, targetStep, change)
              }
            }
            continue
          }
          for r in 0..<rowCount {
            let target = to + (row &+ r) &* targetStep + column &* size
            let source = tile + r &* size
            for c in 0..<columnCount {
              let word = (source + c &* Self.tileByteCount).load(as: Word.self)
              (target + c &* size).storeBytes(of: change(word), as: Word.self)
            }
          }
        }
      }
    }
  }

  /// Three perfect shuffles of 64 elements turn 8 rows of 8 around their diagonal.
  @inline(__always)
  private func turn8x8<Word: FixedWidthInteger & SIMDScalar>(
    _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ targetStep: Int, _ change: (Word) -> Word
  ) {
    typealias Row = SIMD8<Word>
    var a = from.load(as: Row.self)
    var b = (from + Self.tileByteCount).load(as: Row.self)
    var c = (from + 2 &* Self.tileByteCount).load(as: Row.self)
    var d = (from + 3 &* Self.tileByteCount).load(as: Row.self)
    var e = (from + 4 &* Self.tileByteCount).load(as: Row.self)
    var f = (from + 5 &* Self.tileByteCount).load(as: Row.self)
    var g = (from + 6 &* Self.tileByteCount).load(as: Row.self)
    var h = (from + 7 &* Self.tileByteCount).load(as: Row.self)
    for _ in 0..<3 {
      let (ae0, ae1) = interleaved(a, e)
      let (bf0, bf1) = interleaved(b, f)
      let (cg0, cg1) = interleaved(c, g)
      let (dh0, dh1) = interleaved(d, h)
      (a, b, c, d, e, f, g, h) = (ae0, ae1, bf0, bf1, cg0, cg1, dh0, dh1)
    }
    to.storeBytes(of: changed(a, change), as: Row.self)
    (to + targetStep).storeBytes(of: changed(b, change), as: Row.self)
    (to + 2 &* targetStep).storeBytes(of: changed(c, change), as: Row.self)
    (to + 3 &* targetStep).storeBytes(of: changed(d, change), as: Row.self)
    (to + 4 &* targetStep).storeBytes(of: changed(e, change), as: Row.self)
    (to + 5 &* targetStep).storeBytes(of: changed(f, change), as: Row.self)
    (to + 6 &* targetStep).storeBytes(of: changed(g, change), as: Row.self)
    (to + 7 &* targetStep).storeBytes(of: changed(h, change), as: Row.self)
  }

  @inline(__always)
  private func changed<Word: SIMDScalar>(_ row: SIMD8<Word>, _ change: (Word) -> Word) -> SIMD8<Word> {
    var row = row
    for i in 0..<8 { row[i] = change(row[i]) }
    return row
  }

  @inline(__always)
  private func interleaved<Word: SIMDScalar>(_ a: SIMD8<Word>, _ b: SIMD8<Word>) -> (SIMD8<Word>, SIMD8<Word>) {
    var both = SIMD16<Word>()
    both.evenHalf = a
    both.oddHalf = b
    return (both.lowHalf, both.highHalf)
  }

  private static let tileByteCount = 64
}
