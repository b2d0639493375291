/// What to do about metadata that cannot be used, by what is in the way.
public enum Advice {
  /// What cannot be right, whoever wrote it.
  public static let metadata = "the metadata were altered or written wrongly; restore or rewrite them"
  /// Right or wrong, they do not say what is needed.
  public static let ome =
    "correct the metadata of the image; or name its array (such as IMAGE/0) in a dataset.json, with axes, spacing and origin"
  public static let codec = "rewrite the array with a supported encoding, for example zstd or blosc without filters"
  public static let type =
    "convert the array to whole numbers of 8 to 64 bits or to floating point, for example a mask of bool to uint8"
  public static let chunkGrid = "write the array again with chunks of one shape (the chunk grid \"regular\")"
  public static let chunkSize = "write the array again with smaller chunks"
  public static let axes = "choose another array, or split it into arrays of at most 8 axes"
  public static let format =
    "Zarr v2 and v3 are read; a later version of blockfuse may read this, or write the array again as one of them"
  public static let omeVersion = "write the image again as OME-Zarr 0.4 or 0.5"
}
