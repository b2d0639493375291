import Geometry

/// A Gaussian cut off at 4 sigma, along x, y and, unless planes are apart, z.
///
/// Every sum runs over the same numbers in the same order wherever a block ends, so results do not depend on blocks.
/// Where all rows that a row needs are uniform, it is filled with the one sum that its voxels would give.
final class GaussianFilter {
  let radius: Int
  /// Of the centre, and of each pair beside it.
  private let weights: [Float]
  private let filtersZ: Bool
  private let afterZ = ScratchBuffer()
  private let afterY = ScratchBuffer()
  private let padded = ScratchBuffer()
  private let zeros = ScratchBuffer()
  /// The rows before and after the centre, nearest first. Plain memory: arrays would be checked at each access.
  private let low: UnsafeMutablePointer<UnsafePointer<Float>>
  private let high: UnsafeMutablePointer<UnsafePointer<Float>>

  static func radius(sigma: Double) -> Int { Int(4 * sigma + 0.5) }

  init(sigma: Double, filtersZ: Bool) {
    radius = Self.radius(sigma: sigma)
    self.filtersZ = filtersZ
    let raw = (0...radius).map { sigma > 0 ? gaussian(Double($0) / sigma) : 1 }
    let sum = raw[0] + 2 * raw.dropFirst().reduce(0, +)
    weights = raw.map { Float($0 / sum) }
    let none = UnsafePointer(zeros.base.assumingMemoryBound(to: Float.self))
    low = .allocate(capacity: max(radius, 1))
    high = .allocate(capacity: max(radius, 1))
    low.initialize(repeating: none, count: max(radius, 1))
    high.initialize(repeating: none, count: max(radius, 1))
  }

  deinit {
    low.deallocate()
    high.deallocate()
  }

  static func scratchByteCount(source: Box3) -> Int { 4 * (source.count + 4 * source.shape[2] + 4096) }

  /// Filters `source` into `target`; outside `sourceBox` the signal is 0.
  func apply(
    _ source: UnsafePointer<Float>, _ sourceBox: Box3, into target: UnsafeMutablePointer<Float>, _ targetBox: Box3
  ) {
    let (from, to) = (sourceBox.shape, targetBox.shape)
    let width = from[2]
    let zeroRow = zeros.reserve(Float.self, count: width)
    zeroRow.update(repeating: 0, count: width)
    let places = (0..<3).map { taps(sourceBox, targetBox, axis: $0) }

    // along z: rows of x for each y, for all z of the target
    let planes = afterZ.reserve(Float.self, count: to[0] * from[1] * width)
    let input = RowSet(source, rows: from[0] * from[1], width: width)
    var middle = RowSet(planes, rows: to[0] * from[1], width: width)
    for y in 0..<from[1] {
      for z in 0..<to[0] {
        let row = z * from[1] + y
        middle.uniform[row] = places[0].withUnsafeBufferPointer {
          filterRow(input, $0, at: z, step: from[1], first: y, zeroRow, into: planes + row * width, filters: filtersZ)
        }
      }
    }

    // along y and x, row by row
    let blended = afterY.reserve(Float.self, count: width)
    let line = padded.reserve(Float.self, count: to[2] + 2 * radius)
    var lastUniform: (value: Float, row: UnsafeMutablePointer<Float>)?
    for z in 0..<to[0] {
      for y in 0..<to[1] {
        let uniform = places[1].withUnsafeBufferPointer {
          filterRow(middle, $0, at: y, step: 1, first: z * from[1], zeroRow, into: blended, filters: true)
        }
        let out = target + (z * to[1] + y) * to[2]
        if let uniform, let lastUniform, lastUniform.value == uniform {
          out.update(from: lastUniform.row, count: to[2])
          continue
        }
        for (i, x) in places[2].enumerated() { line[i] = x >= 0 ? blended[x] : 0 }
        for j in 0..<radius {
          low[j] = UnsafePointer(line + (radius - 1 - j))
          high[j] = UnsafePointer(line + (radius + 1 + j))
        }
        convolve(UnsafePointer(line + radius), radius, count: to[2], into: out)
        lastUniform = uniform.map { ($0, out) }
      }
    }
  }

  /// Where in the source the neighbours of the target's indices lie, from `radius` before the first on; -1 outside.
  private func taps(_ source: Box3, _ target: Box3, axis: Int) -> [Int] {
    ((target.lower[axis] - radius)..<(target.upper[axis] + radius)).map {
      $0 >= source.lower[axis] && $0 < source.upper[axis] ? $0 - source.lower[axis] : -1
    }
  }

  /// One row from the rows around it along another axis; returns its value where it is uniform.
  ///
  /// - Parameter places: of neighbours along the axis, each standing for the row `place * step + first`.
  @inline(__always)
  private func filterRow(
    _ input: RowSet, _ places: UnsafeBufferPointer<Int>, at: Int, step: Int, first: Int,
    _ zeroRow: UnsafeMutablePointer<Float>, into target: UnsafeMutablePointer<Float>, filters: Bool
  ) -> Float? {
    let radius = filters ? self.radius : 0
    let width = input.width
    var isUniform = true
    let uniform = input.uniform
    func pick(_ place: Int) -> UnsafePointer<Float> {
      if place < 0 { return UnsafePointer(zeroRow) }
      let row = place * step + first
      if uniform[row] == nil { isUniform = false }
      return input.base + row * width
    }
    let centre = pick(places[at + self.radius])
    for j in 0..<radius {
      low[j] = pick(places[at + radius - 1 - j])
      high[j] = pick(places[at + radius + 1 + j])
    }
    if isUniform {
      var value: Float = 0
      convolve(centre, radius, count: 1, into: &value)
      target.update(repeating: value, count: width)
      return value
    }
    convolve(centre, radius, count: width, into: target)
    return nil
  }

  /// `target[i] = w0 centre[i] + w1 (low[0][i] + high[0][i]) + …`, 16 numbers at a time.
  private func convolve(
    _ centre: UnsafePointer<Float>, _ radius: Int, count: Int, into target: UnsafeMutablePointer<Float>
  ) {
    if radius == 0 {
      target.update(from: centre, count: count)
      return
    }
    let (low, high) = (UnsafePointer(low), UnsafePointer(high))
    weights.withUnsafeBufferPointer { weights in
      var i = 0
      while i + 16 <= count {
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

@inline(__always)
private func load(_ p: UnsafePointer<Float>, _ at: Int) -> SIMD4<Float> {
  UnsafeRawPointer(p + at).loadUnaligned(as: SIMD4<Float>.self)
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
}
