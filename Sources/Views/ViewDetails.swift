import Geometry
import Zarr

/// The data from which a view is made again, beside its name, path and transforms.
public struct ViewDetails: Sendable, Hashable {
  public let format: ImageFormat
  public let levels: [ViewLevel]
  public let times: SeriesMap
  public let channels: SeriesMap
  public let intensityScale: Double
  public let intensityOffset: Double
  /// Whether the dataset gave spacing or origin, in place of the image.
  public let isPlacedByDataset: Bool
  /// The image of a file with several.
  public let dataset: String?
  /// What the dataset says in place of the image's metadata, if those could not be used by themselves.
  public let mending: OMEMending?
  /// What its stored voxels count as, where they do not count as they are.
  public let correction: ViewCorrection?

  public init(
    format: ImageFormat, levels: [ViewLevel], times: SeriesMap, channels: SeriesMap, intensityScale: Double = 1,
    intensityOffset: Double = 0, isPlacedByDataset: Bool = false, dataset: String? = nil,
    mending: OMEMending? = nil, correction: ViewCorrection? = nil
  ) {
    (self.mending, self.correction) = (mending, correction)
    (self.format, self.levels, self.dataset) = (format, levels, dataset)
    (self.times, self.channels) = (times, channels)
    (self.intensityScale, self.intensityOffset) = (intensityScale, intensityOffset)
    self.isPlacedByDataset = isPlacedByDataset
  }
}

/// Its JSON is compact, since a job keeps one for each view: what is as usual is left out.
extension ViewDetails: Codable {
  private enum Key: String, CodingKey {
    case format, levels, times, channels, scale, offset, placed, dataset, mending, correction
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    let levels = try values.decode([ViewLevel].self, forKey: .levels)
    guard let shape = levels.first?.shape else {
      throw DecodingError.dataCorruptedError(forKey: .levels, in: values, debugDescription: "there is no level")
    }
    func map(_ key: Key, length: Int) throws -> SeriesMap {
      let map = try values.decodeIfPresent(SeriesMap.self, forKey: key) ?? SeriesMap(own: 0, at: 0, of: 1)
      guard map.fits(ownCount: length) else {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: values, debugDescription: "the indices do not fit an image of length \(length)")
      }
      return map
    }
    self.init(
      format: try values.decode(ImageFormat.self, forKey: .format), levels: levels,
      times: try map(.times, length: shape.t), channels: try map(.channels, length: shape.c),
      intensityScale: try values.decodeIfPresent(Double.self, forKey: .scale) ?? 1,
      intensityOffset: try values.decodeIfPresent(Double.self, forKey: .offset) ?? 0,
      isPlacedByDataset: try values.decodeIfPresent(Bool.self, forKey: .placed) ?? false,
      dataset: try values.decodeIfPresent(String.self, forKey: .dataset),
      mending: try values.decodeIfPresent(OMEMending.self, forKey: .mending),
      correction: try values.decodeIfPresent(ViewCorrection.self, forKey: .correction))
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(format, forKey: .format)
    try values.encode(levels, forKey: .levels)
    // one, the first, is as usual
    let usual = SeriesMap(own: 0, at: 0, of: 1)
    if times != usual { try values.encode(times, forKey: .times) }
    if channels != usual { try values.encode(channels, forKey: .channels) }
    if intensityScale != 1 { try values.encode(intensityScale, forKey: .scale) }
    if intensityOffset != 0 { try values.encode(intensityOffset, forKey: .offset) }
    if isPlacedByDataset { try values.encode(true, forKey: .placed) }
    try values.encodeIfPresent(dataset, forKey: .dataset)
    try values.encodeIfPresent(mending, forKey: .mending)
    try values.encodeIfPresent(correction, forKey: .correction)
  }
}
