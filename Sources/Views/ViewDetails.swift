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
    let levels = try values.decode([ViewLevel].self, forKey: .levels)
    guard let shape = levels.first?.shape else {
      throw DecodingError.dataCorruptedError(forKey: .levels, in: values, debugDescription: "there is no level")
    }
    func indices(_ key: Key, length: Int) throws -> [Int] {
      var indices = [0]
      if let count = try? values.decode(Int.self, forKey: key) {
        indices = count == length ? Array(0..<length) : []
      } else if values.contains(key) {
        indices = try values.decode([Int].self, forKey: key)
      }
      guard !indices.isEmpty, indices.allSatisfy({ $0 >= 0 && $0 < length }) else {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: values, debugDescription: "the indices do not fit an image of length \(length)")
      }
      return indices
    }
    self.init(
      format: try values.decode(ImageFormat.self, forKey: .format), levels: levels,
      timeIndices: try indices(.times, length: shape.t), channelIndices: try indices(.channels, length: shape.c),
      intensityScale: try values.decodeIfPresent(Double.self, forKey: .scale) ?? 1,
      intensityOffset: try values.decodeIfPresent(Double.self, forKey: .offset) ?? 0,
      isPlacedByDataset: try values.decodeIfPresent(Bool.self, forKey: .placed) ?? false)
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
