import Foundation

/// The B-spline of an order from 2 to 5: its weights, and the filter that turns voxels into the coefficients that are weighed.
///
/// A sample at `p` is `Σ β(p − i) c(i)` over `order + 1` coefficients along each axis, and the coefficients are those with which
/// the samples at whole voxels are the voxels (Unser, Aldroubi and Eden, 1993). Beyond its ends a view goes on as in a mirror
/// that stands on its last voxel.
package struct Spline: Sendable {
  package let order: Int
  /// How much the voxels to both sides count in a coefficient, from the next one on: those whose share could be seen in a
  /// `Float`. A coefficient is `f(i) + Σ filter[k − 1] ((f(i − k) + f(i + k)) − 2 f(i))`, so a constant stays exactly constant.
  package let filter: [Double]

  /// How many coefficients a sample is made of, along each axis.
  package var tapCount: Int { order + 1 }
  /// How many of them lie before the one that the place of a sample is rounded to.
  package var centre: Int { order / 2 }
  /// What is added to a place before it is rounded down: with an even order it is rounded to the nearest.
  package var raise: Double { order % 2 == 0 ? 0.5 : 0 }
  /// How many voxels to each side a coefficient is made of.
  package var reach: Int { filter.count }
  /// How far from its place the voxels lie that a sample is made of, at most.
  var support: Int { reach + centre + 2 }

  /// Those of all orders; nil for an order that has no filter, or is none.
  package static func of(order: Int) -> Spline? { all.first { $0.order == order } }

  private static let all = (2...5).map { Spline(order: $0) }
  /// The share of voxels that is left out.
  private static let remainder = 0x1p-26

  private init(order: Int) {
    self.order = order
    // at whole voxels, from the middle to the end
    filter = Self.inverse((0...(order / 2)).map { Self.value(order, at: Double($0)) })
  }

  /// The weights of a sample's coefficients; `fraction`, from 0 to 1, is how far its raised place lies beyond a whole one.
  package func weights(at fraction: Double) -> [Double] {
    (0..<tapCount).map { Self.value(order, at: (fraction - raise - Double($0 - centre)).magnitude) }
  }

  /// The centred B-spline, by its definition as a sum of truncated powers.
  private static func value(_ order: Int, at x: Double) -> Double {
    let half = Double(order + 1) / 2
    var (sum, binomial, factorial) = (0.0, 1.0, 1.0)
    for k in 0...(order + 1) {
      let t = half - x - Double(k)
      if t <= 0 { break }
      sum += (k % 2 == 0 ? binomial : -binomial) * pow(t, Double(order))
      binomial *= Double(order + 1 - k) / Double(k + 1)
    }
    for k in 1...order { factorial *= Double(k) }
    return sum / factorial
  }

  /// The inverse of a symmetric filter `b[0], b[1], …`, as far as it counts: a sum of powers of the filter's poles.
  private static func inverse(_ b: [Double]) -> [Double] {
    // in u = z + 1/z the filter is b0 + b1 u, or b0 + b1 u + b2 (u² − 2)
    let roots: [Double]
    if b.count == 2 {
      roots = [-b[0] / b[1]]
    } else {
      let (p, q) = (b[1] / b[2] / 2, b[0] / b[2] - 2)
      roots = [-p + (p * p - q).squareRoot(), -p - (p * p - q).squareRoot()]
    }
    let poles = roots.map { u in u / 2 + (u * u / 4 - 1).squareRoot() }
    let shares = poles.map { z in
      1 / (1..<b.count).reduce(0) { $0 + b[$1] * Double($1) * (pow(z, Double($1)) - pow(z, -Double($1))) }
    }
    func beyond(_ k: Int) -> Double {
      2 * zip(poles, shares).reduce(0) { $0 + ($1.1 * pow($1.0, Double(k)) / (1 - $1.0.magnitude)).magnitude }
    }
    let count = (1...).first { beyond($0 + 1) <= remainder } ?? 1
    return (1...count).map { k in zip(poles, shares).reduce(0) { $0 + $1.1 * pow($1.0, Double(k)) } }
  }

  /// The voxel of an axis of `length` voxels that a place along it is, in the mirrors at its ends.
  package static func mirrored(_ place: Int, length: Int) -> Int {
    if place >= 0 && place < length { return place }
    if length == 1 { return 0 }
    let period = 2 * (length - 1)
    let at = ((place % period) + period) % period
    return at < length ? at : period - at
  }
}
