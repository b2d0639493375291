import Foundation
import Geometry

/// A made-up tissue: nuclei in clouds, and bright fibres; defined everywhere, so that every tile sees the same.
struct Tissue {
  private let lattice: [Float]
  private static let side = 32
  // turned against each other and the tiles, so that no lattice shows
  private static let turns = [turn(0.7, 0.9), turn(-0.5, 0.6), turn(1.9, -0.8)]

  init(seed: UInt64) {
    var random = RandomNumbers(seed: seed)
    lattice = (0..<Self.side * Self.side * Self.side).map { _ in Float(random.unit()) }
  }

  /// At a position in micrometres; grey values of about 100 to 4000.
  func value(at p: Vector3) -> Double {
    let q = Self.turns[2](p)
    let cloud = noise(q / 70)
    let density = max(0, min(1, 3 * (cloud - 0.42)))
    // where two surfaces meet
    let (a, b) = (noise(q / 45 + 9) - 0.5, noise(q / 38 + 21) - 0.5)
    let fibre = max(0, 1 - (a * a + b * b).squareRoot() / 0.035)
    let rest =
      110 + 260 * cloud + nuclei(Self.turns[0](p) / 12, share: 0.45 * density)
      + nuclei(Self.turns[1](p) / 9, share: 0.3 * density)
    return max(rest, 3400 * fibre * fibre * (3 - 2 * fibre))
  }

  private static func turn(_ a: Double, _ b: Double) -> AffineMap {
    AffineMap(
      rows: [
        Vector3(cos(b), -sin(b), 0), Vector3(cos(a) * sin(b), cos(a) * cos(b), -sin(a)),
        Vector3(sin(a) * sin(b), sin(a) * cos(b), cos(a)),
      ], translation: .zero)
  }

  /// At most one ball in each cube of the lattice, inside it; the more often, the larger `share` is.
  private func nuclei(_ p: Vector3, share: Double) -> Double {
    let floor = p.rounded(.down)
    let (z, y, x) = (Int(floor[0]), Int(floor[1]), Int(floor[2]))
    let presence = random(z, y, x)
    if presence > share { return 0 }
    let radius = 0.2 + 0.22 * random(z + 7, y + 3, x + 11)
    let room = 1 - 2 * radius
    let centre = Vector3(random(z + 13, y, x + 5), random(z + 5, y + 17, x), random(z, y + 9, x + 23)) * room + radius
    let d = p - floor - centre
    let distance = (d * d).sum().squareRoot() / radius
    if distance >= 1 { return 0 }
    // bright inside, soft at the rim
    let rim = min(1, 2.5 * (1 - distance))
    return (700 + 2600 * random(z + 3, y + 21, x + 8)) * rim * rim * (3 - 2 * rim)
  }

  private func random(_ z: Int, _ y: Int, _ x: Int) -> Double {
    let mask = Self.side - 1
    return Double(lattice[((z & mask) * Self.side + (y & mask)) * Self.side + (x & mask)])
  }

  /// Smooth noise from 0 to 1: a periodic lattice of random numbers, interpolated.
  private func noise(_ p: Vector3) -> Double {
    let floor = p.rounded(.down)
    let fraction = p - floor
    let weight = fraction * fraction * (3 - 2 * fraction)
    var sum = 0.0
    for corner in 0..<8 {
      var index = 0
      var w = 1.0
      for axis in 0..<3 {
        let up = corner >> axis & 1
        index = index * Self.side + ((Int(floor[axis]) + up) & (Self.side - 1))
        w *= up == 1 ? weight[axis] : 1 - weight[axis]
      }
      sum += w * Double(lattice[index])
    }
    return sum
  }
}
