import Zarr

/// What program this is, and what its voxels and bytes depend on.
public enum Program {
  public static let version = "0.1.0"

  /// With the libraries that encode: the same version of all of them writes equal bytes.
  public static var versionWithLibraries: String { "blockfuse \(version), \(codecLibraryVersions())" }
}
