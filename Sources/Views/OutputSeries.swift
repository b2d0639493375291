import Diagnostics
import Geometry

/// The time points and channels that the views of a dataset make up together.
///
/// Views that say where theirs go (`t`, `c`) make as many as are named; all others have all of them, as the first such
/// view does.
struct OutputSeries: Sendable {
  /// The first view that has all time points, and the first that has all channels.
  let timeReference: OpenedImage?
  let channelReference: OpenedImage?
  let timeCount: Int
  let channelCount: Int
  let channelNames: [String]?
  let channelColors: [String?]?

  var time: OpenedImage.TimeAxis? { timeReference?.time }

  /// `images` are those of the file's entries, in order; there is one at least.
  init(_ file: DatasetFile, images: [PlacedImage]) throws(ViewsError) {
    var (times, channels) = (file.timeCount ?? 0, file.channels?.count ?? file.leastChannelCount)
    var (timeReference, channelReference): (OpenedImage?, OpenedImage?)
    for (entry, placed) in zip(file.entries, images) {
      if let places = entry.timePlaces {
        times = max(times, (places.max() ?? 0) + 1)
      } else if timeReference == nil, entry.select[.t] == nil {
        timeReference = placed.image
        times = max(times, placed.image.levels[0].shape.t)
      }
      if let places = entry.channelPlaces {
        channels = max(channels, (places.max() ?? 0) + 1)
      } else if channelReference == nil, entry.select[.c] == nil {
        channelReference = placed.image
        channels = max(channels, placed.image.levels[0].shape.c)
      }
    }
    (timeCount, channelCount) = (max(times, 1), max(channels, 1))
    (self.timeReference, self.channelReference) = (timeReference, channelReference)
    if let names = file.channels {
      guard names.count == channelCount else {
        throw .datasetInvalid(
          path: file.path, field: "channels",
          reason: "it has \(counted(names.count, "name")), but the views have \(counted(channelCount, "channel"))")
      }
    }
    let own = channelReference?.levels[0].shape.c == channelCount ? channelReference : nil
    channelNames = file.channels ?? own?.channelNames
    channelColors = Self.colors(of: images, file: file, reference: own, channelCount: channelCount)
  }

  /// The colours of the view that has all channels; else for each channel that of the first view that has one for it.
  private static func colors(
    of images: [PlacedImage], file: DatasetFile, reference: OpenedImage?, channelCount: Int
  ) -> [String?]? {
    if let colors = reference?.channelColors { return colors }
    var colors = [String?](repeating: nil, count: channelCount)
    for (entry, placed) in zip(file.entries, images) {
      guard let own = placed.image.channelColors,
        let places = entry.channelPlaces ?? (entry.select[.c] == nil ? nil : [0])
      else { continue }
      for (channel, place) in zip(placed.channels, places) where place < channelCount && channel < own.count {
        colors[place] = colors[place] ?? own[channel]
      }
    }
    return colors.contains { $0 != nil } ? colors : nil
  }
}
