import Foundation
import Fusion
import Geometry

/// Fusion with `content_based_dct` from its definition, in double precision: the whole output at once, every coefficient of
/// every tile.
struct TwinTileFuser {
  let size: Index3
  var exponent = 1.0
  var fraction: Double? = 0.5
  let volume: Index3
  let twin: TwinFuser

  private var sides: Index3 {
    let cut = pointwiseMin(size, volume)
    return Index3(twin.blendsZ ? cut[0] : 1, cut[1], cut[2])
  }

  /// One a voxel of the volume; nil where no view has a value.
  func fuse(_ views: [TwinView]) -> [Double?] {
    let voxels = Array(Box3(shape: volume).positions)
    let samples = views.map { view in voxels.map { twin.sample(view, $0) } }
    let tiles = Index3((0..<3).map { (volume[$0] + sides[$0] - 1) / sides[$0] })
    let weights = tileWeights(samples, tiles)
    return voxels.enumerated().map { i, voxel in
      let has = (0..<views.count).filter { samples[$0][i] != nil }
      if has.isEmpty { return nil }
      let own = has.map { k in
        (value: samples[k][i]?.value ?? 0, blending: samples[k][i]?.weight ?? 0, content: interpolate(weights[k], tiles, voxel))
      }
      let total = own.reduce(0) { $0 + $1.blending * $1.content }
      if total > 0 { return own.reduce(0) { $0 + $1.blending * $1.content * $1.value } / total }
      let border = own.reduce(0) { $0 + $1.blending }
      return border > 0 ? own.reduce(0) { $0 + $1.blending * $1.value } / border : own.reduce(0) { $0 + $1.value } / Double(own.count)
    }
  }

  /// By view and tile.
  private func tileWeights(_ samples: [[(value: Double, weight: Double)?]], _ tiles: Index3) -> [[Double]] {
    var weights = samples.map { _ in [Double]() }
    for tile in Box3(shape: tiles).positions {
      let box = Box3(lower: tile &* sides, upper: pointwiseMin((tile &+ 1) &* sides, volume))
      let qualities = samples.map { quality($0, box) }
      let least = qualities.min() ?? 0
      let sum = qualities.reduce(0) { $0 + $1 - least }
      for k in samples.indices { weights[k].append(sum > 0 ? (qualities[k] - least) / sum : 0) }
    }
    return weights
  }

  private func quality(_ samples: [(value: Double, weight: Double)?], _ box: Box3) -> Double {
    var numbers = box.positions.map { samples[($0[0] * volume[1] + $0[1]) * volume[2] + $0[2]]?.value ?? .nan }
    let found = numbers.filter { !$0.isNaN }
    guard let least = found.min(), Double(found.count) >= 0.2 * Double(numbers.count) else { return 0 }
    numbers = numbers.map { $0.isNaN ? (least > 0.0001 ? least : 0) : $0 }
    let shape = box.shape
    for axis in 0..<3 { numbers = transform(numbers, axis, shape) }
    let sizes = numbers.map(\.magnitude)
    guard sizes.contains(where: { $0 > 0 }) else { return 0 }
    func entropy(_ numbers: [Double], _ unit: Double) -> Double {
      -numbers.reduce(0) { $0 + ($1 > 0 ? $1 / unit * log2($1 / unit) : 0) }
    }
    guard let fraction else {
      let mean = sizes.reduce(0, +) / Double(sizes.count)
      return pow(mean * entropy(sizes, mean), exponent)
    }
    let limit = fraction * Double(twin.blendsZ ? min(sides[0], sides[1], sides[2]) : min(sides[1], sides[2]))
    let passed = Box3(shape: shape).positions.enumerated().filter { Double($0.element.wrappedSum()) < limit }.map { sizes[$0.offset] }
    let length = sizes.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let plain = 2 / (limit * limit) * entropy(passed, length)
    // a flat tile's only coefficient has the whole length, but for rounding
    return plain > 1e-9 ? pow(plain, exponent) : 0
  }

  private func transform(_ numbers: [Double], _ axis: Int, _ shape: Index3) -> [Double] {
    let (n, step) = (shape[axis], axis == 2 ? 1 : axis == 1 ? shape[2] : shape[1] * shape[2])
    return numbers.indices.map { i in
      let k = i / step % n
      var sum = 0.0
      for j in 0..<n { sum += numbers[i + (j - k) * step] * cos(.pi * Double((2 * j + 1) * k) / Double(2 * n)) }
      return sum * (Double(k == 0 ? 1 : 2) / Double(n)).squareRoot()
    }
  }

  private func interpolate(_ map: [Double], _ tiles: Index3, _ voxel: Index3) -> Double {
    var (base, fraction) = (Index3(0, 0, 0), Vector3.zero)
    for axis in 0..<3 {
      let q = (Double(voxel[axis]) - Double(sides[axis] - 1) / 2) / Double(sides[axis])
      let clamped = min(max(q, 0), Double(tiles[axis] - 1))
      base[axis] = Int(clamped)
      fraction[axis] = clamped - clamped.rounded(.down)
    }
    var sum = 0.0
    for corner in 0..<8 {
      let d = Index3(corner >> 2 & 1, corner >> 1 & 1, corner & 1)
      var w = 1.0
      for axis in 0..<3 { w *= d[axis] == 1 ? fraction[axis] : 1 - fraction[axis] }
      let at = base &+ d
      if w > 0 { sum += w * map[(at[0] * tiles[1] + at[1]) * tiles[2] + at[2]] }
    }
    return sum
  }
}
