import Geometry

/// A grid of linear maps `a v + b` over a view, one for each cell of equal size: between the centres of cells `a` and `b` are
/// interpolated linearly along each axis, beyond the outermost centres they stay what they are there.
public struct CoefficientField: Sendable {
  /// Cells along z, y, x.
  public let shape: Index3
  /// Values below it stay as they are; NaN: none do.
  public let threshold: Double
  private let gain: [Double]
  private let offset: [Double]

  /// - Parameters: one number for each cell, in C order.
  public init(gain: [Double], offset: [Double], shape: Index3, threshold: Double = .nan) {
    (self.gain, self.offset, self.shape, self.threshold) = (gain, offset, shape, threshold)
  }

  public var byteCount: Int { (gain.count + offset.count) * MemoryLayout<Double>.stride }

  /// Two neighbouring cells along an axis, and how far from the first to the second a voxel lies.
  private struct Cells {
    let first: Int
    let second: Int
    let fraction: Double

    init(voxel: Int, length: Int, cells: Int) {
      // the centre of cell k is where (k + 0.5) cells are; that of voxel i at i
      let place = Double(voxel) * Double(cells) / Double(length) - 0.5
      let held = min(max(place, 0), Double(cells - 1))
      first = Int(held)
      second = min(first + 1, cells - 1)
      fraction = held - Double(first)
    }
  }

  /// Corrects the numbers of a row of a view of a shape, from a voxel on.
  func apply<S: RowArithmetic>(to row: UnsafeMutablePointer<S>, count: Int, from voxel: Index3, of view: Index3) {
    let (z, y) = (Cells(voxel: voxel[0], length: view[0], cells: shape[0]), Cells(voxel: voxel[1], length: view[1], cells: shape[1]))
    // the cells of this row, along x
    let gains = line(gain, z, y)
    let offsets = line(offset, z, y)
    let (threshold, isHeld) = (S(threshold), threshold == threshold)
    var i = 0
    while i < count {
      let cells = Cells(voxel: voxel[2] + i, length: view[2], cells: shape[2])
      let a = S(gains[cells.first] + cells.fraction * (gains[cells.second] - gains[cells.first]))
      let b = S(offsets[cells.first] + cells.fraction * (offsets[cells.second] - offsets[cells.first]))
      if !isHeld || !(row[i] < threshold) { row[i] = row[i] * a + b }
      i += 1
    }
  }

  private func line(_ numbers: [Double], _ z: Cells, _ y: Cells) -> [Double] {
    func at(_ k: Int, _ j: Int, _ i: Int) -> Double { numbers[(k * shape[1] + j) * shape[2] + i] }
    return (0..<shape[2]).map { i in
      func along(_ k: Int) -> Double { at(k, y.first, i) + y.fraction * (at(k, y.second, i) - at(k, y.first, i)) }
      return along(z.first) + z.fraction * (along(z.second) - along(z.first))
    }
  }
}
