import Geometry
import Zarr

/// One input image, placed: what a job needs to know of it to plan and to read, without its metadata files.
///
/// Plain data: a job's database keeps `name`, `path`, `transforms`, `details` and `fingerprint`, and makes the same
/// view of them again.
public struct View: Sendable {
  public let name: String
  /// The absolute path of the image.
  public let path: String
  public let transforms: [String: ViewTransform]
  public let details: ViewDetails
  /// The fingerprint of the image's metadata when it was loaded.
  public let fingerprint: Fingerprint

  public init(
    name: String, path: String, transforms: [String: ViewTransform], details: ViewDetails, fingerprint: Fingerprint
  ) {
    (self.name, self.path, self.transforms) = (name, path, transforms)
    (self.details, self.fingerprint) = (details, fingerprint)
  }

  /// The levels from finest to coarsest; never empty.
  public var levels: [ViewLevel] { details.levels }
  /// Whether the view is part of a time point and channel of the output at all.
  public func isPart(t: Int, c: Int) -> Bool { details.times[t] != nil && details.channels[c] != nil }
  /// Voxels count as `value * intensityScale + intensityOffset`.
  public var intensityScale: Double { details.intensityScale }
  public var intensityOffset: Double { details.intensityOffset }

  /// The coarsest level whose spacing is nowhere above what is asked for, walking from the finest and stopping at the
  /// first that is; the finest if already that is.
  ///
  /// - Parameter maps: the maps to the world, one for each time point or one for all. The maps of images that the dataset places
  ///   often begin at pixels. Their spacings are compared as they are in the world if a map scales by more than a
  ///   registration does, a twentieth; those of other images are physical already.
  public func levelIndex(for outputSpacing: Vector3, maps: [AffineMap] = []) -> Int {
    var scale = Vector3.zero
    let counts = details.isPlacedByDataset && !maps.isEmpty
    for map in maps { scale = pointwiseMax(scale, map.axisScales) }
    for lane in 0..<3 where !counts || (scale[lane] - 1).magnitude <= 0.05 { scale[lane] = 1 }
    var best = 0
    for (i, level) in levels.enumerated() {
      let spacing = level.stack.spacing * scale
      // a scale is a root, and not exact
      guard (0..<3).allSatisfy({ spacing[$0] <= outputSpacing[$0] * (scale[$0] == 1 ? 1 : 1 + 1e-9) }) else { break }
      best = i
    }
    return best
  }
}
