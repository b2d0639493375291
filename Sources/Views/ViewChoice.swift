import Diagnostics
import Geometry
import Zarr

/// Which views of a dataset are looked at. It is decided by the dataset file, before any image is opened, as far as that
/// says enough: an image that is missing stops nothing that leaves it out.
public struct ViewChoice: Sendable {
  /// Nil: all.
  public var names: [String]?
  /// Indices of the output's; nil: all. A view that does not say where its own go has all of them.
  public var timePoints: [Int]?
  /// Names or indices; nil: all.
  public var channels: [String]?
  /// Names of views that are left out without a word, whether there are any or not.
  public var leftOut: Set<String>
  /// Whether to go on without images that are not there or cannot be opened.
  public var skipsMissing: Bool

  public init(
    names: [String]? = nil, timePoints: [Int]? = nil, channels: [String]? = nil, leftOut: Set<String> = [],
    skipsMissing: Bool = false
  ) {
    (self.names, self.timePoints, self.channels) = (names, timePoints, channels)
    (self.leftOut, self.skipsMissing) = (leftOut, skipsMissing)
  }

  /// The places in a list of names of those that are chosen by their name.
  func places(among all: [String]) throws(ViewsError) -> [Int] {
    let known = Set(all)
    for name in names ?? [] where !known.contains(name) {
      let nearest = nearestName(to: name, among: all)
      throw .choiceInvalid(
        what: "option \"views\" names \"\(name)\", which the dataset does not have",
        hint: nearest.map { "did you mean \"\($0)\"?" } ?? "")
    }
    let wanted = names.map { Set($0) }
    return all.indices.filter { wanted?.contains(all[$0]) != false && !leftOut.contains(all[$0]) }
  }
}

/// A view that a dataset lists and whose image is not there, or cannot be opened.
public struct MissingView: Sendable, Codable, Hashable {
  public let name: String
  /// As a message: which view, and what is wrong.
  public let reason: String
}

extension DatasetFile {
  /// The same with the views that a choice leaves; the time points and channels of the output stay those of all views.
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

  /// Some of the entries, with what is known of them.
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

  /// Up to the last place that an entry names.
  private static func count(_ entries: [DatasetEntry], _ key: KeyPath<DatasetEntry, [Int]?>) -> Int {
    entries.reduce(0) { max($0, ($1[keyPath: key]?.max() ?? -1) + 1) }
  }

  /// Nil: all, or only the images can say.
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

extension ViewsError {
  public static let noViewChosen = ViewsError.choiceInvalid(
    what: "no view has any of these time points and channels", hint: "choose others, or leave them out")

  public static func noTimePoint(_ time: Int, of count: Int) -> ViewsError {
    .choiceInvalid(
      what: "option \"timepoints\" asks for \(time); the dataset has \(count), counted from 0", hint: "")
  }

  /// The index of a channel that is given by its name or index.
  public static func channel(_ name: String, names: [String]?, count: Int) throws(ViewsError) -> Int {
    if let index = names?.firstIndex(of: name) ?? Int(name), (0..<count).contains(index) { return index }
    let known = names?.joined(separator: ", ") ?? "indices 0 to \(count - 1)"
    throw .choiceInvalid(what: "option \"channels\" asks for \"\(name)\"", hint: "the dataset has \(known)")
  }

  /// Whether it is one image that is at fault, by not being there or not being what can be read, and nothing that the
  /// dataset says of it. What may pass is neither.
  package var isOfImage: Bool {
    if isTransient { return false }
    return switch self {
    case .inputMissing, .formatUnknown, .metadataMissing, .unreadable, .tiffUnusable: true
    // its own metadata contradict each other
    case .viewInvalid(_, let field, _): field == "shape" || field.hasPrefix("level ")
    default: false
    }
  }
}

extension OpenedImage {
  /// The first of some images; with `skipsMissing` the first that can be opened.
  static func first(of entries: [DatasetEntry], in folder: String, skipsMissing: Bool) throws(ViewsError) -> OpenedImage {
    guard let first = entries.first else {
      throw .choiceInvalid(what: "no view of the dataset is left", hint: "choose others")
    }
    if skipsMissing {
      for entry in entries {
        if let image = try? OpenedImage.open(entry, in: folder) { return image }
      }
    }
    return try OpenedImage.open(first, in: folder)
  }
}
