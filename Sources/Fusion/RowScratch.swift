import Memory

/// Rows to work in while views are combined, in one piece of memory.
final class RowScratch<S: RowArithmetic> {
  /// The combined row.
  let result: UnsafeMutablePointer<S>
  let value: UnsafeMutablePointer<S>
  /// Sums of weights are as exact as those of values: a constant would not survive another rounding.
  let weightSum: UnsafeMutablePointer<S>
  let blendSum: UnsafeMutablePointer<S>
  let blended: UnsafeMutablePointer<S>
  let weight: UnsafeMutablePointer<Float>
  let bestWeight: UnsafeMutablePointer<Float>
  /// A row of values and one of weights for each view.
  let values: [UnsafeMutablePointer<S>]
  let weights: [UnsafeMutablePointer<Float>]
  /// The rows of values and weights, to be read.
  let constValues: [UnsafePointer<S>]
  let constWeights: [UnsafePointer<Float>]

  static func byteCount(width: Int, views: Int) -> Int {
    (5 + views) * width * MemoryLayout<S>.stride + (2 + views) * width * MemoryLayout<Float>.stride
  }

  init(_ buffer: ScratchBuffer, width: Int, views: Int) {
    buffer.reserve(byteCount: Self.byteCount(width: width, views: views))
    let numbers = buffer.base.assumingMemoryBound(to: S.self)
    result = numbers
    value = numbers + width
    weightSum = numbers + 2 * width
    blendSum = numbers + 3 * width
    blended = numbers + 4 * width
    values = (0..<views).map { numbers + (5 + $0) * width }
    let floats = UnsafeMutableRawPointer(numbers + (5 + views) * width).assumingMemoryBound(to: Float.self)
    weight = floats
    bestWeight = floats + width
    weights = (0..<views).map { floats + (2 + $0) * width }
    (constValues, constWeights) = (values.map { UnsafePointer($0) }, weights.map { UnsafePointer($0) })
  }
}
