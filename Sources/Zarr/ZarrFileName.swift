/// The names of the files by which Zarr and its readers know a group or an array. Whoever looks for one takes its name from
/// here.
public enum ZarrFileName {
  /// The metadata of a v3 group or array, with its attributes.
  public static let v3 = "zarr.json"
  /// The metadata of a v2 group.
  public static let v2Group = ".zgroup"
  /// The metadata of a v2 array.
  public static let v2Array = ".zarray"
  /// The attributes of a v2 group or array, which may have none.
  public static let v2Attributes = ".zattrs"
  /// A copy of all metadata below a v2 group, which some writers add.
  public static let v2Consolidated = ".zmetadata"
  /// The folder of a v3 array's chunks, and the beginning of their names.
  public static let v3Chunks = "c"

  /// Files of which a group or array has one at least; whoever looks for one finds that of v3 first.
  public static let all = [v3, v2Attributes, v2Group, v2Array]

  /// The file that says what an array is.
  public static func array(zarrFormat: Int) -> String { zarrFormat == 2 ? v2Array : v3 }
  /// The file that has the attributes of a group or array.
  public static func attributes(zarrFormat: Int) -> String { zarrFormat == 2 ? v2Attributes : v3 }
}
