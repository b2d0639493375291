/// What becomes of output voxels that lie beyond the voxel centres of all views, but within half a voxel of some
/// (`edges`).
public enum EdgeRule: String, CaseIterable, Sendable, Codable {
  /// They are background, as the reference has it.
  case reference
  /// They are made of the views that they lie within half a voxel of, at the nearest place of each.
  case filled
}
