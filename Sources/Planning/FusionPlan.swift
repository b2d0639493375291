import Geometry

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
}
