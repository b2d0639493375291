/// Care for numbers that the usual arithmetic is wrong about: NaN and infinities, and those so large that a difference of two, or a
/// sum over views, could be above the largest float. Patches that hold any are known, and take a slower way, which gives
/// the same bits wherever the usual one gives a number.
enum ExtremeNumbers {
  /// The limit below which a sum of a million numbers is still a number.
  static let limit = Double(Float.greatestFiniteMagnitude) * 0x1p-20

  /// A linear interpolation that stays between its ends if those are far apart. It is infinite beside an infinity, and NaN
  /// between two of opposite signs and beside a NaN. With a fraction of 0 it is the first number, whatever the other.
  @inline(__always)
  static func interpolate<S: FusionScalar>(_ a: S, _ b: S, _ f: S) -> S {
    let usual = lerp(a, b, f)
    if usual.isFinite { return usual }
    if f == 0 { return a }
    // a fraction that was rounded to 1 leaves the first its say
    return a * max(1 - f, S.leastNormalMagnitude) + b * f
  }

  /// Makes NaN of all that are no numbers, or so large that the usual arithmetic may be wrong about them.
  static func remove<S: FusionScalar>(from row: UnsafeMutablePointer<S>, count: Int) {
    for i in 0..<count where !(row[i].magnitude <= S(limit)) { row[i] = .nan }
  }

  /// Blends two rows of numbers among which are extremes.
  static func blend<S: FusionScalar>(
    _ a: UnsafePointer<S>, _ b: UnsafePointer<S>, fraction: S, count: Int, into target: UnsafeMutablePointer<S>
  ) {
    for i in 0..<count { target[i] = interpolate(a[i], b[i], fraction) }
  }

  /// The weighted mean of numbers whose weighted sum is none, from the share of each. NaN has none, nor has what has no
  /// weight. Infinities of opposite signs have no mean: NaN.
  static func mean<S: FusionScalar>(count: Int, _ member: (Int) -> (value: S, weight: S)) -> S {
    var total: S = 0
    for i in 0..<count {
      let (value, weight) = member(i)
      if value == value { total += weight }
    }
    var sum: S = 0
    var (least, most) = (S.infinity, -S.infinity)
    for i in 0..<count {
      let (value, weight) = member(i)
      guard value == value, weight > 0 else { continue }
      sum += value * max(weight / total, S.leastNormalMagnitude)
      (least, most) = (min(least, value), max(most, value))
    }
    // a mean lies between its members, also where rounding the shares would take it beyond
    return sum == sum ? min(max(sum, least), most) : sum
  }
}

/// The loop that looks whether any voxel is NaN, infinite or above the limit, one for each element type.
struct ExtremesBody: VoxelBody {
  let source: UnsafeRawPointer
  let count: Int

  @inline(__always)
  func run<T: Voxel>(_ type: T.Type) -> Bool {
    let voxels = source.assumingMemoryBound(to: type)
    // counted, so that the loop vectorises; NaN is not below anything
    var marks: UInt32 = 0
    for i in 0..<count { marks |= voxels[i].double.magnitude <= ExtremeNumbers.limit ? 0 : 1 }
    return marks != 0
  }
}
