import Diagnostics
import Geometry
import Zarr

/// Matches views with the output: the first view's axes of space, channels by name, time points by value, in its order.
///
/// A view that says where its own go (`t`, `c`) goes there. If one of the two has no names, or no values, it goes by
/// index. Whatever has no counterpart is an error.
struct ViewMatcher {
  private let first: OpenedImage
  private let series: OutputSeries

  init(first: OpenedImage, series: OutputSeries) {
    (self.first, self.series) = (first, series)
  }

  func match(_ placed: PlacedImage, entry: DatasetEntry) throws(ViewsError) -> View {
    let image = placed.image
    let (mine, other) = (first.axes.filter { $0.spaceLane != nil }, image.axes.filter { $0.spaceLane != nil })
    if mine != other {
      throw .mismatch(view: entry.name, field: "axes", expected: text(mine), found: text(other))
    }
    let times = try times(placed, entry)
    let details = ViewDetails(
      format: image.format, levels: placed.correction?.hasFields == true ? [image.levels[0]] : image.levels, times: times,
      channels: try channels(placed, entry),
      intensityScale: entry.scale, intensityOffset: entry.offset, isPlacedByDataset: image.isPlacedByDataset,
      dataset: image.dataset, mending: image.mending, correction: placed.correction)
    return View(
      name: entry.name, path: image.path, transforms: placed.transforms.mapValues { $0.moved(times, placed.times) },
      details: details, fingerprint: image.fingerprint.adding(placed.correction))
  }

  // MARK: - Channels

  private func channels(_ placed: PlacedImage, _ entry: DatasetEntry) throws(ViewsError) -> SeriesMap {
    let own = placed.channels
    if let places = entry.channelPlaces {
      return try place(own, at: places, of: series.channelCount, axis: .c, what: "channels", entry)
    }
    try checkCount(own, series.channelCount, axis: .c, what: "channels", hasReference: series.channelReference != nil, entry)
    guard entry.select[.c] == nil, let mine = series.channelReference?.channelNames,
      let other = placed.image.channelNames, mine != other, !placed.image.areNamesImplied,
      series.channelReference?.areNamesImplied != true
    else { return SeriesMap(own) }
    guard Set(mine) == Set(other), mine.count == other.count, Set(mine).count == mine.count else {
      throw .mismatch(view: entry.name, field: "channels", expected: text(mine), found: text(other))
    }
    return SeriesMap(mine.map { channel in other.firstIndex(of: channel) })
  }

  // MARK: - Time points

  private func times(_ placed: PlacedImage, _ entry: DatasetEntry) throws(ViewsError) -> SeriesMap {
    let (own, count) = (placed.times, series.timeCount)
    if let places = entry.timePlaces {
      return try place(own, at: places, of: count, axis: .t, what: "time points", entry)
    }
    try checkCount(own, count, axis: .t, what: "time points", hasReference: series.timeReference != nil, entry)
    guard entry.select[.t] == nil, let mine = series.time, let other = placed.image.time, mine != other else {
      return SeriesMap(own)
    }
    let factor = try unitFactor(from: other, to: mine, name: entry.name)
    // times are written with some digits only; a millionth of a step tells no points apart. Both axes are regular, so
    // the ends decide, and what matches keeps its order
    for t in [0, count - 1] {
      let (value, found) = (mine.value(t), other.value(t) * factor)
      guard (found - value).magnitude <= 1e-6 * mine.scale + 1e-9 * value.magnitude else {
        throw .mismatch(
          view: entry.name, field: "time points", expected: "\(mine.value(0)) to \(mine.value(count - 1))",
          found: "\(other.value(0) * factor) to \(other.value(count - 1) * factor)")
      }
    }
    return SeriesMap(own)
  }

  private func unitFactor(
    from other: OpenedImage.TimeAxis, to mine: OpenedImage.TimeAxis, name: String
  ) throws(ViewsError) -> Double {
    guard let unit = other.unit, let myUnit = mine.unit, unit != myUnit else { return 1 }
    guard let from = OMEUnits.seconds(in: unit), let to = OMEUnits.seconds(in: myUnit) else {
      throw .mismatch(view: name, field: "time unit", expected: "\"\(myUnit)\"", found: "\"\(unit)\"")
    }
    return from / to
  }

  // MARK: -

  /// Throws if a view that says no places does not have all of the output.
  private func checkCount(
    _ own: Range<Int>, _ count: Int, axis: Axis, what: String, hasReference: Bool, _ entry: DatasetEntry
  ) throws(ViewsError) {
    if own.count == count { return }
    let hint = entry.select[axis] == nil && hasReference ? "" : "; its \"\(axis.rawValue)\" says which it has"
    throw .mismatch(view: entry.name, field: what, expected: "\(count)", found: "\(own.count)\(hint)")
  }

  private func place(
    _ own: Range<Int>, at places: [Int], of count: Int, axis: Axis, what: String, _ entry: DatasetEntry
  ) throws(ViewsError) -> SeriesMap {
    guard own.count == places.count else {
      throw .viewInvalid(
        view: entry.name, field: axis.rawValue, reason: "it has \(places.count) places for \(own.count) \(what) of the image")
    }
    if places.count == 1 { return SeriesMap(own: own.lowerBound, at: places[0], of: count) }
    var indices = [Int?](repeating: nil, count: count)
    for (index, place) in zip(own, places) { indices[place] = index }
    return SeriesMap(indices)
  }

  private func text(_ axes: [Axis]) -> String { axes.map(\.rawValue).joined(separator: " ") }

  private func text(_ names: [String]) -> String { nameList(names) }
}

extension SeriesMap {
  /// A map of all of an image's own, in order.
  fileprivate init(_ own: Range<Int>) {
    self = own.count == 1 ? SeriesMap(own: own.lowerBound, at: 0, of: 1) : SeriesMap(all: own.count)
  }
}

extension ViewTransform {
  /// The maps for each time point of the output, from one for each of the view's own. If the view has no voxels at one, the
  /// first map stands in; nothing looks at it.
  fileprivate func moved(_ times: SeriesMap, _ own: Range<Int>) -> ViewTransform {
    guard case .perTime(let maps) = self else { return self }
    if maps.count == 1 { return .constant(maps[0]) }
    return .perTime((0..<times.count).map { t in maps[times[t].map { $0 - own.lowerBound } ?? 0] })
  }
}
