/// Which levels an output has above level 0: by how much each axis shrinks from one level to the next.
public struct Pyramid: Hashable, Sendable {
  public enum Scheme: Hashable, Sendable {
    /// Each axis is halved at every level, as the reference's `calc_resolution_levels` does it.
    case reference
    /// At each level those of the finest axes are halved that bring the spacings nearest to each other, so that they become
    /// equal, as far as halving can make them, and then grow together. The spacing is that of level 0.
    case isotropic(spacing: Vector3)
    /// The voxels of level 0 that a voxel of each level stands for, along each axis; each a multiple of those before.
    case factors([Index3])
  }

  public var scheme: Scheme
  /// How many levels there are above level 0 at most; nil: as many as the lengths allow.
  public var levelLimit: Int?
  /// An axis is halved while half its length, in voxels, is above this. Factors that are given do not ask for it.
  public var minimumLength: Int

  /// The reference's least length.
  public static let referenceLength = 100
  /// The largest factor from one level to the next, along an axis.
  public static let largestStep = 16
  /// Level 0 alone.
  public static let none = Pyramid(levelLimit: 0)

  public init(_ scheme: Scheme = .reference, levelLimit: Int? = nil, minimumLength: Int = referenceLength) {
    (self.scheme, self.levelLimit, self.minimumLength) = (scheme, levelLimit, minimumLength)
  }

  /// By how much a level shrinks to the next, along each axis; nil where it is the last.
  ///
  /// - Parameters:
  ///   - length: of the level, in voxels.
  ///   - absolute: the voxels of level 0 that one of its voxels stands for, along each axis.
  func step(from level: Int, length: Index3, absolute: Index3) -> Index3? {
    if let levelLimit, level >= levelLimit { return nil }
    if case .factors(let factors) = scheme { return level < factors.count ? factors[level] / absolute : nil }
    let lanes = halved(length, absolute)
    if lanes.isEmpty { return nil }
    var step = Index3(repeating: 1)
    for lane in lanes { step[lane] = 2 }
    return step
  }

  private func halved(_ length: Index3, _ absolute: Index3) -> [Int] {
    let long = (0..<3).filter { length[$0] / 2 > minimumLength }
    guard case .isotropic(let spacing) = scheme else { return long }
    let now = spacing * Vector3(absolute)
    let finestFirst = long.sorted { now[$0] < now[$1] }
    var best: (count: Int, stretch: Double) = (0, .infinity)
    for count in stride(from: 1, through: long.count, by: 1) {
      let next = finestFirst.enumerated().map { now[$0.element] * ($0.offset < count ? 2 : 1) }
      let stretch = (next.max() ?? 1) / (next.min() ?? 1)
      // of equals, the one that halves more
      if stretch <= best.stretch * (1 + 1e-9) { best = (count, stretch) }
    }
    return Array(finestFirst.prefix(best.count))
  }
}
