import Geometry

/// A maximum projection in the making: the largest value behind each pixel, for one channel.
///
/// Rows and columns are the two axes that remain, the earlier one the rows. Where there are more voxels than pixels, a
/// pixel is the largest of its voxels.
struct ProjectionPlane: Sendable {
  let along: Axis
  let rowAxis: Axis
  let columnAxis: Axis
  let height: Int
  let width: Int
  /// Minus infinity where nothing is known.
  private(set) var values: [Float]
  /// The pixel of each voxel position.
  private let rows: [Int]
  private let columns: [Int]

  init(along: Axis, shape: TCZYX, longestSide: Int) {
    let axes = Axis.space.filter { $0 != along }
    (self.along, rowAxis, columnAxis) = (along, axes[0], axes[1])
    func pixels(_ length: Int) -> (Int, [Int]) {
      let count = min(length, longestSide)
      return (count, (0..<length).map { $0 * count / length })
    }
    (height, rows) = pixels(shape[rowAxis])
    (width, columns) = pixels(shape[columnAxis])
    values = [Float](repeating: -.infinity, count: height * width)
  }

  /// Voxels of one value, all over a box.
  mutating func add(_ value: Float, over box: Box3) {
    if box.isEmpty { return }
    let (y, x) = pixels(of: box)
    for row in y {
      for column in x { raise(row * width + column, value) }
    }
  }

  /// Voxels of a box, the first of which is `first` in a C-order buffer with these steps.
  mutating func add<T>(
    _ voxels: UnsafeBufferPointer<T>, of box: Box3, first: Int, steps: (z: Int, y: Int), number: (T) -> Float
  ) {
    values.withUnsafeMutableBufferPointer { values in
      for z in box.lower[0]..<box.upper[0] {
        for y in box.lower[1]..<box.upper[1] {
          let start = first + (z - box.lower[0]) * steps.z + (y - box.lower[1]) * steps.y
          let line = UnsafeBufferPointer(rebasing: voxels[start..<start + box.shape[2]])
          if along == .x {
            var highest = -Float.infinity
            for voxel in line { highest = max(highest, number(voxel)) }
            let i = rows[z] * width + columns[y]
            values[i] = max(values[i], highest)
          } else {
            let row = rows[along == .z ? y : z] * width
            for (x, voxel) in line.enumerated() {
              let i = row + columns[box.lower[2] + x]
              let value = number(voxel)
              // NaN is no value
              if value > values[i] { values[i] = value }
            }
          }
        }
      }
    }
  }

  mutating func merge(_ other: ProjectionPlane) {
    for i in values.indices { raise(i, other.values[i]) }
  }

  private mutating func raise(_ i: Int, _ value: Float) {
    if value > values[i] { values[i] = value }
  }

  private func pixels(of box: Box3) -> (ClosedRange<Int>, ClosedRange<Int>) {
    let (r, c) = (rowAxis.spaceLane ?? 0, columnAxis.spaceLane ?? 0)
    return (rows[box.lower[r]]...rows[box.upper[r] - 1], columns[box.lower[c]]...columns[box.upper[c] - 1])
  }
}
