import Geometry

/// A dataset file with some of its views only.
extension DatasetFile {
  /// The file with the views that a choice leaves; the time points and channels of the output stay those of all views.
  func choosing(_ choice: ViewChoice) throws(ViewsError) -> DatasetFile {
    var places = try choice.places(among: entries.map(\.name))
    if let times = try chosenTimes(choice) {
      places = places.filter { entries[$0].timePlaces.map { !times.isDisjoint(with: $0) } ?? true }
    }
    if let channels = try chosenChannels(choice) {
      places = places.filter { entries[$0].channelPlaces.map { !channels.isDisjoint(with: $0) } ?? true }
    }
    guard !places.isEmpty else { throw .noViewChosen }
    return keeping(places)
  }

  /// The file with some of the entries, and what is known of them.
  package func keeping(_ places: [Int]) -> DatasetFile {
    if places.count == entries.count { return self }
    var file = self
    file.entries = places.map { entries[$0] }
    func moved<Value>(_ values: [Int: Value]) -> [Int: Value] {
      if values.isEmpty { return [:] }
      return Dictionary(uniqueKeysWithValues: places.enumerated().compactMap { new, old in values[old].map { (new, $0) } })
    }
    (file.expectedShapes, file.sides, file.failures) = (moved(expectedShapes), moved(sides), moved(failures))
    // views that are left out count time points and channels all the same
    let (times, channels) = (Self.count(entries, \.timePlaces), Self.count(entries, \.channelPlaces))
    if times > 0 { file.timeCount = max(timeCount ?? 0, times) }
    file.leastChannelCount = max(leastChannelCount, channels)
    return file
  }

  /// The number of places up to the last that an entry names.
  private static func count(_ entries: [DatasetEntry], _ key: KeyPath<DatasetEntry, [Int]?>) -> Int {
    entries.reduce(0) { max($0, ($1[keyPath: key]?.max() ?? -1) + 1) }
  }

  /// The time points that are chosen; nil for all, or if only the images can say.
  private func chosenTimes(_ choice: ViewChoice) throws(ViewsError) -> Set<Int>? {
    guard let times = choice.timePoints else { return nil }
    guard entries.allSatisfy({ $0.timePlaces != nil || $0.select[.t] != nil }) else { return Set(times) }
    let count = max(timeCount ?? 0, Self.count(entries, \.timePlaces), 1)
    for time in times where time >= count { throw .noTimePoint(time, of: count) }
    return Set(times)
  }

  private func chosenChannels(_ choice: ViewChoice) throws(ViewsError) -> Set<Int>? {
    guard let wanted = choice.channels else { return nil }
    // an image that has all channels has their names, too
    guard channels != nil || entries.allSatisfy({ $0.channelPlaces != nil || $0.select[.c] != nil }) else { return nil }
    let count = max(channels?.count ?? 0, Self.count(entries, \.channelPlaces), 1)
    return Set(try wanted.map { (name) throws(ViewsError) in try ViewsError.channel(name, names: channels, count: count) })
  }
}
