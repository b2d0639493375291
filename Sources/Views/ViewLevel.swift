import Files
import Geometry
import Zarr

/// One resolution of a view.
public struct ViewLevel: Sendable, Hashable, Codable {
  /// The absolute path of the array, or of the file that holds it.
  public private(set) var arrayPath: String
  /// The place of the array in a file with several.
  public let dataset: String?
  public let stack: StackProperties
  public let shape: TCZYX
  public let chunk: TCZYX
  /// Whether `chunk` is how the file stores voxels, as in Zarr, and no mere piece to read at a time. Nil in records of
  /// jobs that are older than this field.
  public let storesChunks: Bool?
  public let elementType: ElementType
  /// One line on type, codecs and chunks.
  public let codecSummary: String
  /// The axes of the array, in its order.
  public let axes: [Axis]

  public init(
    arrayPath: String, stack: StackProperties, shape: TCZYX, chunk: TCZYX, elementType: ElementType,
    codecSummary: String, axes: [Axis], dataset: String? = nil, storesChunks: Bool = true
  ) {
    (self.dataset, self.storesChunks) = (dataset, storesChunks)
    (self.arrayPath, self.stack, self.shape, self.chunk) = (arrayPath, stack, shape, chunk)
    (self.elementType, self.codecSummary, self.axes) = (elementType, codecSummary, axes)
  }

  /// The same, where its array has another place.
  func moved(_ moves: [PathMove]) -> ViewLevel {
    var level = self
    level.arrayPath = moves.moved(arrayPath) ?? arrayPath
    return level
  }
}
