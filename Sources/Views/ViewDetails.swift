import Geometry
import Zarr

/// The image formats that views are read from.
public enum ImageFormat: String, Sendable, Codable, CaseIterable {
  /// OME-Zarr images and plain Zarr arrays, v2 and v3.
  case zarr
}

/// What a view is made of again, beside its name, path and transforms.
public struct ViewDetails: Sendable, Hashable {
  public let format: ImageFormat
  public let levels: [ViewLevel]
  /// Output index -> the view's own.
  public let timeIndices: [Int]
  public let channelIndices: [Int]
  public let intensityScale: Double
  public let intensityOffset: Double
  /// Whether the dataset gave spacing or origin, in place of the image.
  public let isPlacedByDataset: Bool

  public init(
    format: ImageFormat, levels: [ViewLevel], timeIndices: [Int], channelIndices: [Int], intensityScale: Double = 1,
    intensityOffset: Double = 0, isPlacedByDataset: Bool = false
  ) {
    (self.format, self.levels) = (format, levels)
    (self.timeIndices, self.channelIndices) = (timeIndices, channelIndices)
    (self.intensityScale, self.intensityOffset) = (intensityScale, intensityOffset)
    self.isPlacedByDataset = isPlacedByDataset
  }
}

/// Compact, since a job keeps one a view: what is as usual is left out, and an order that keeps the view's own is its
/// length.
extension ViewDetails: Codable {
  private enum Key: String, CodingKey {
    case format, levels, times, channels, scale, offset, placed
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    func indices(_ key: Key) throws -> [Int] {
      guard values.contains(key) else { return [0] }
      if let count = try? values.decode(Int.self, forKey: key) { return Array(0..<max(0, count)) }
      return try values.decode([Int].self, forKey: key)
    }
    self.init(
      format: try values.decode(ImageFormat.self, forKey: .format),
      levels: try values.decode([ViewLevel].self, forKey: .levels),
      timeIndices: try indices(.times), channelIndices: try indices(.channels),
      intensityScale: try values.decodeIfPresent(Double.self, forKey: .scale) ?? 1,
      intensityOffset: try values.decodeIfPresent(Double.self, forKey: .offset) ?? 0,
      isPlacedByDataset: try values.decodeIfPresent(Bool.self, forKey: .placed) ?? false)
    if levels.isEmpty || timeIndices.isEmpty || channelIndices.isEmpty {
      throw DecodingError.dataCorruptedError(forKey: .levels, in: values, debugDescription: "a view without voxels")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    func encode(_ indices: [Int], _ key: Key) throws {
      if indices == [0] { return }
      if indices == Array(indices.indices) {
        try values.encode(indices.count, forKey: key)
      } else {
        try values.encode(indices, forKey: key)
      }
    }
    try values.encode(format, forKey: .format)
    try values.encode(levels, forKey: .levels)
    try encode(timeIndices, .times)
    try encode(channelIndices, .channels)
    if intensityScale != 1 { try values.encode(intensityScale, forKey: .scale) }
    if intensityOffset != 0 { try values.encode(intensityOffset, forKey: .offset) }
    if isPlacedByDataset { try values.encode(true, forKey: .placed) }
  }
}
