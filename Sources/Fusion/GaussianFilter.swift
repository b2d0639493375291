import Geometry

/// A Gaussian cut off at 4 sigma, along x, y and, unless planes are apart, z.
///
/// At the faces of the output (not of a block) the signal is reflected, `d c b a | a b c d | d c b a`. Every sum runs
/// over the same numbers in the same order wherever a block ends, so results do not depend on blocks. Where all rows that
/// a row needs are uniform, it is filled with the one sum that its voxels would give.
final class GaussianFilter {
  let radius: Int
  /// Of the centre, and of each pair beside it.
  private let weights: [Float]
  private let filtersZ: Bool
  private let afterZ = ScratchBuffer()
  private let afterY = ScratchBuffer()
  private let padded = ScratchBuffer()
  private let zeros = ScratchBuffer()
  private var low: [UnsafePointer<Float>] = []
  private var high: [UnsafePointer<Float>] = []

  static func radius(sigma: Double) -> Int { Int(4 * sigma + 0.5) }

  init(sigma: Double, filtersZ: Bool) {
    radius = Self.radius(sigma: sigma)
    self.filtersZ = filtersZ
    let raw = (0...radius).map { sigma > 0 ? gaussian(Double($0) / sigma) : 1 }
    let sum = raw[0] + 2 * raw.dropFirst().reduce(0, +)
    weights = raw.map { Float($0 / sum) }
  }

  static func scratchByteCount(source: Box3) -> Int { 4 * (source.count + 4 * source.shape[2] + 4096) }

  /// Filters `source` into `target`; outside `sourceBox` the signal is 0.
  ///
  /// - Parameter volume: the output, at whose faces the signal is reflected.
  func apply(
    _ source: UnsafePointer<Float>, _ sourceBox: Box3, into target: UnsafeMutablePointer<Float>, _ targetBox: Box3,
    volume: Box3
  ) {
    let (from, to) = (sourceBox.shape, targetBox.shape)
    let width = from[2]
    let zeroRow = zeros.reserve(Float.self, count: width)
    zeroRow.update(repeating: 0, count: width)
    low = Array(repeating: UnsafePointer(zeroRow), count: radius)
    high = low

    // along z: rows of x for each y, for all z of the target
    let planes = afterZ.reserve(Float.self, count: to[0] * from[1] * width)
    let input = RowSet(source, rows: from[0] * from[1], width: width)
    var middle = RowSet(planes, rows: to[0] * from[1], width: width)
    for y in 0..<from[1] {
      for z in 0..<to[0] {
        let at = z + targetBox.lower[0]
        func row(_ z: Int) -> Int? {
          let z = reflected(z, volume.lower[0], volume.upper[0]) - sourceBox.lower[0]
          return z >= 0 && z < from[0] ? z * from[1] + y : nil
        }
        if filtersZ {
          middle.uniform[z * from[1] + y] = filterRow(
            input, at, row, zeroRow, into: planes + (z * from[1] + y) * width, width)
        } else {
          let out = planes + (z * from[1] + y) * width
          if let k = row(at) {
            out.update(from: input.row(k), count: width)
            middle.uniform[z * from[1] + y] = input.uniform[k]
          } else {
            out.update(repeating: 0, count: width)
            middle.uniform[z * from[1] + y] = 0
          }
        }
      }
    }

    // along y and x, row by row
    let blended = afterY.reserve(Float.self, count: width)
    let line = padded.reserve(Float.self, count: to[2] + 2 * radius)
    var lastUniform: (value: Float, row: UnsafeMutablePointer<Float>)?
    for z in 0..<to[0] {
      for y in 0..<to[1] {
        func row(_ y: Int) -> Int? {
          let y = reflected(y, volume.lower[1], volume.upper[1]) - sourceBox.lower[1]
          return y >= 0 && y < from[1] ? z * from[1] + y : nil
        }
        let uniform = filterRow(middle, y + targetBox.lower[1], row, zeroRow, into: blended, width)
        let out = target + (z * to[1] + y) * to[2]
        if let uniform, let lastUniform, lastUniform.value == uniform {
          out.update(from: lastUniform.row, count: to[2])
          continue
        }
        for i in 0..<(to[2] + 2 * radius) {
          let x = reflected(targetBox.lower[2] + i - radius, volume.lower[2], volume.upper[2]) - sourceBox.lower[2]
          line[i] = x >= 0 && x < width ? blended[x] : 0
        }
        for j in 0..<radius {
          low[j] = UnsafePointer(line + (radius - 1 - j))
          high[j] = UnsafePointer(line + (radius + 1 + j))
        }
        convolve(UnsafePointer(line + radius), count: to[2], into: out)
        lastUniform = uniform.map { ($0, out) }
      }
    }
  }

  /// One row from the rows around it along another axis; returns its value where it is uniform.
  @inline(__always)
  private func filterRow(
    _ input: RowSet, _ at: Int, _ row: (Int) -> Int?, _ zeroRow: UnsafeMutablePointer<Float>,
    into target: UnsafeMutablePointer<Float>, _ width: Int
  ) -> Float? {
    var isUniform = true
    func pick(_ index: Int?) -> (UnsafePointer<Float>) {
      guard let index else { return UnsafePointer(zeroRow) }
      if input.uniform[index] == nil { isUniform = false }
      return input.row(index)
    }
    let centre = pick(row(at))
    for j in 0..<radius {
      low[j] = pick(row(at - 1 - j))
      high[j] = pick(row(at + 1 + j))
    }
    if isUniform {
      var value: Float = 0
      convolve(centre, count: 1, into: &value)
      target.update(repeating: value, count: width)
      return value
    }
    convolve(centre, count: width, into: target)
    return nil
  }

  /// `target[i] = w0 centre[i] + w1 (low[0][i] + high[0][i]) + …`, 16 numbers at a time.
  private func convolve(_ centre: UnsafePointer<Float>, count: Int, into target: UnsafeMutablePointer<Float>) {
    let radius = radius
    weights.withUnsafeBufferPointer { weights in
      low.withUnsafeBufferPointer { low in
        high.withUnsafeBufferPointer { high in
          var i = 0
          while i + 16 <= count {
            func load(_ p: UnsafePointer<Float>, _ at: Int) -> SIMD4<Float> {
              UnsafeRawPointer(p + at).loadUnaligned(as: SIMD4<Float>.self)
            }
            var a = weights[0] * load(centre, i)
            var b = weights[0] * load(centre, i + 4)
            var c = weights[0] * load(centre, i + 8)
            var d = weights[0] * load(centre, i + 12)
            for j in 0..<radius {
              let w = SIMD4<Float>(repeating: weights[j + 1])
              let (p, q) = (low[j], high[j])
              a += w * (load(p, i) + load(q, i))
              b += w * (load(p, i + 4) + load(q, i + 4))
              c += w * (load(p, i + 8) + load(q, i + 8))
              d += w * (load(p, i + 12) + load(q, i + 12))
            }
            let out = UnsafeMutableRawPointer(target + i)
            out.storeBytes(of: a, as: SIMD4<Float>.self)
            (out + 16).storeBytes(of: b, as: SIMD4<Float>.self)
            (out + 32).storeBytes(of: c, as: SIMD4<Float>.self)
            (out + 48).storeBytes(of: d, as: SIMD4<Float>.self)
            i += 16
          }
          while i < count {
            var sum = weights[0] * centre[i]
            for j in 0..<radius { sum += weights[j + 1] * (low[j][i] + high[j][i]) }
            target[i] = sum
            i += 1
          }
        }
      }
    }
  }
}

/// Rows of one length, and which of them are uniform.
private struct RowSet {
  let base: UnsafePointer<Float>
  let width: Int
  var uniform: [Float?]

  /// Of rows that are there, with their uniformity found out.
  init(_ base: UnsafePointer<Float>, rows: Int, width: Int) {
    (self.base, self.width) = (base, width)
    uniform = (0..<rows).map { r in
      let row = base + r * width
      let first = row[0]
      for i in 1..<max(width, 1) where row[i] != first { return nil }
      return first
    }
  }

  /// Of rows still to be written.
  init(_ base: UnsafeMutablePointer<Float>, rows: Int, width: Int) {
    (self.base, self.width) = (UnsafePointer(base), width)
    uniform = Array(repeating: nil, count: rows)
  }

  func row(_ index: Int) -> UnsafePointer<Float> { base + index * width }
}

/// The index within `lower ..< upper` that stands for an index outside it.
@inline(__always)
func reflected(_ index: Int, _ lower: Int, _ upper: Int) -> Int {
  if index >= lower && index < upper { return index }
  let length = upper - lower
  let period = 2 * length
  var offset = (index - lower) % period
  if offset < 0 { offset += period }
  return lower + (offset < length ? offset : period - 1 - offset)
}
