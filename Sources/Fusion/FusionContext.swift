import Geometry

/// The output of a job, as a function knows it before it sees voxels.
public struct FusionContext: Sendable, Hashable {
  /// The whole of level 0.
  public let outputVolume: Box3
  /// The size of an output voxel along z, y, x, in world units.
  public let outputSpacing: Vector3
  /// The place of output voxel 0, in world units: voxel `i` sits at `outputOrigin + i * outputSpacing`.
  public let outputOrigin: Vector3
  /// Whether z has a part in weights, filters and halos: not in 2D, nor if each z plane is fused for itself.
  public let blendsZ: Bool

  public init(outputVolume: Box3, outputSpacing: Vector3, outputOrigin: Vector3, blendsZ: Bool) {
    (self.outputVolume, self.outputSpacing, self.outputOrigin) = (outputVolume, outputSpacing, outputOrigin)
    self.blendsZ = blendsZ
  }
}
