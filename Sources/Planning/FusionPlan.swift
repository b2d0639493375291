import Fusion
import Geometry
import JSON
import Views

/// How views become voxels.
package struct FusionPlan: Sendable, Codable {
  package var transformKey: String?
  package var function: String
  package var functionArguments: [String: JSONText]
  package var weights: String?
  package var weightsArguments: [String: JSONText]
  package var blendingWidths: Vector3
  package var interpolationOrder: Int
  package var isPlanewise: Bool
  package var rounding: String
  package var overlap: Index3
  package var intensityRange: [Double]?
  package var isMask: Bool
  /// How the levels above 0 are made; nil in records of versions that made means only.
  package var downsample: String?
  /// Of `blending: product`; nil where weights are the reference's, or have no part in voxels.
  package var product: ProductBlending?
  /// Nil: as the reference has it.
  package var edges: EdgeRule?
  /// The numbers of the views that the fusion function wants first, in its order; nil: none.
  package var viewOrder: [Int]?
  /// The value where no view has one; nil: 0.
  package var background: StoredNumber?

  /// The same as a number, and as metadata write it; nil: 0.
  package var backgroundNumber: Double { background?.json.double ?? 0 }
  package var backgroundJSON: JSONValue? { background?.json }

  /// The places of views among those of which the first or the last wins, as far as they are not that of the dataset.
  func ranks(count: Int) -> [Int]? {
    guard let viewOrder else { return nil }
    var ranks = (0..<count).map { viewOrder.count + $0 }
    for (place, view) in viewOrder.enumerated() where view < count { ranks[view] = place }
    return ranks
  }

  /// Whether voxels of the levels above 0 lie where the first of those that they span lies, and not in their middle.
  package var levelsAreSampled: Bool { downsampling == .nearest }

  package var downsampling: Downsampling { downsample.flatMap { Downsampling(rawValue: $0) } ?? .mean }
}
