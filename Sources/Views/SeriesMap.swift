/// The time point, or channel, of a view that each one of the output is; nil if the view has none there.
///
/// Nearly all views have all of them in order, or just one: neither costs memory, however many there are.
public struct SeriesMap: Sendable, Hashable {
  private enum Storage: Sendable, Hashable {
    case all
    case one(at: Int, own: Int)
    /// -1: none.
    case list([Int])
  }

  /// Time points, or channels, of the output.
  public let count: Int
  private let storage: Storage

  /// A map by which each of the output is the view's own of the same number.
  public init(all count: Int) {
    (self.count, storage) = (count, .all)
  }

  /// A map of one only: `own` of the view is `output` of the output.
  public init(own: Int, at output: Int, of count: Int) {
    self.count = count
    storage = count == 1 && own == 0 ? .all : .one(at: output, own: own)
  }

  public init(_ indices: [Int?]) {
    count = indices.count
    let covered = indices.indices.filter { indices[$0] != nil }
    if covered.count == count, indices.indices.allSatisfy({ indices[$0] == $0 }) {
      storage = .all
    } else if covered.count == 1, let own = indices[covered[0]] {
      storage = .one(at: covered[0], own: own)
    } else {
      storage = .list(indices.map { $0 ?? -1 })
    }
  }

  public subscript(output: Int) -> Int? {
    switch storage {
    case .all: output
    case .one(let at, let own): output == at ? own : nil
    case .list(let list): list[output] >= 0 ? list[output] : nil
    }
  }

  /// The view's own for each one of the output.
  public var indices: [Int?] { (0..<count).map { self[$0] } }

  /// The one of the output that the view has; nil if it has several, or all there are.
  public var only: Int? {
    if count > 1, case .one(let at, _) = storage { at } else { nil }
  }

  /// Whether the view has every one of the output.
  public var isWhole: Bool {
    switch storage {
    case .all: true
    case .one: count == 1
    case .list(let list): !list.contains(-1)
    }
  }

  /// The first of the output that the view has.
  public var first: Int? {
    switch storage {
    case .all: count > 0 ? 0 : nil
    case .one(let at, _): at
    case .list(let list): list.firstIndex { $0 >= 0 }
    }
  }

  /// The map for an output that has only these, in this order.
  public func selecting(_ outputs: [Int]) -> SeriesMap {
    if case .one(let at, let own) = storage, let place = outputs.firstIndex(of: at) {
      return SeriesMap(own: own, at: place, of: outputs.count)
    }
    return SeriesMap(outputs.map { self[$0] })
  }
}

/// Its JSON is as short as what it says: a length for those of the same number, `{"at", "own", "of"}` for one, else a list with null for none.
extension SeriesMap: Codable {
  private enum Key: String, CodingKey { case at, own, of }

  public init(from decoder: any Decoder) throws {
    if let keyed = try? decoder.container(keyedBy: Key.self) {
      let (at, own) = (try keyed.decode(Int.self, forKey: .at), try keyed.decode(Int.self, forKey: .own))
      let count = try keyed.decode(Int.self, forKey: .of)
      guard at >= 0, at < count, own >= 0 else { throw Self.damaged(decoder) }
      self.init(own: own, at: at, of: count)
      return
    }
    let value = try decoder.singleValueContainer()
    if let count = try? value.decode(Int.self) {
      // its length is checked against the image by whoever reads this; lists are made of it
      guard count > 0, count <= OpenedImage.maximumSeriesLength else { throw Self.damaged(decoder) }
      self.init(all: count)
    } else {
      let list = try value.decode([Int?].self)
      guard !list.isEmpty, list.allSatisfy({ $0.map { $0 >= 0 } ?? true }) else { throw Self.damaged(decoder) }
      self.init(list)
    }
  }

  private static func damaged(_ decoder: any Decoder) -> DecodingError {
    .dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "the indices are damaged"))
  }

  public func encode(to encoder: any Encoder) throws {
    switch storage {
    case .one(let at, let own) where count > 1:
      var keyed = encoder.container(keyedBy: Key.self)
      try keyed.encode(at, forKey: .at)
      try keyed.encode(own, forKey: .own)
      try keyed.encode(count, forKey: .of)
    case .all:
      var value = encoder.singleValueContainer()
      try value.encode(count)
    default:
      var value = encoder.singleValueContainer()
      try value.encode(indices)
    }
  }

  /// Whether every own index is one of an image with so many.
  func fits(ownCount: Int) -> Bool {
    switch storage {
    case .all: count <= ownCount
    case .one(_, let own): own < ownCount
    case .list(let list): list.allSatisfy { $0 < ownCount } && list.contains { $0 >= 0 }
    }
  }
}
