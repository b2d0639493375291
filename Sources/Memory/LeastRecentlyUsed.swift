/// Values by key, each with a cost, in the order of their last use: what a cache keeps, and what of it goes first.
///
/// Nothing goes by itself: who adds a value calls `shrink`, and is given what went, so as to let go of it outside of a lock.
/// Every operation takes constant time, but for those that are given a condition on keys.
public struct LeastRecentlyUsed<Key: Hashable, Value> {
  @usableFromInline
  struct Entry {
    @usableFromInline let key: Key
    @usableFromInline var value: Value
    @usableFromInline let cost: Int

    @inlinable
    init(key: Key, value: Value, cost: Int) { (self.key, self.value, self.cost) = (key, value, cost) }

    @inlinable
    mutating func change<Result>(_ body: (inout Value) -> Result) -> Result { body(&value) }
  }

  /// An element of a doubly linked list that lies in an array, so that an entry costs no allocation of its own.
  @usableFromInline
  struct Node {
    /// Nil while the node waits for its next entry.
    @usableFromInline var entry: Entry?
    /// The nodes that were used before and after it; -1 if there is none.
    @usableFromInline var older = -1
    @usableFromInline var newer = -1

    @inlinable
    init(_ entry: Entry) { self.entry = entry }
  }

  @usableFromInline var places: [Key: Int] = [:]
  @usableFromInline var nodes: [Node] = []
  @usableFromInline var freeNodes: [Int] = []
  @usableFromInline var oldest = -1
  @usableFromInline var newest = -1
  @usableFromInline var totalCost = 0

  @inlinable
  public init() {}

  @inlinable public var count: Int { places.count }

  /// The costs of all values together.
  @inlinable public var cost: Int { totalCost }

  @inlinable
  public func contains(_ key: Key) -> Bool { places[key] != nil }

  /// The value of a key, which is from now on the most recently used.
  @inlinable
  public mutating func use(_ key: Key) -> Value? {
    guard let node = places[key] else { return nil }
    if node != newest {
      unlink(node)
      linkNewest(node)
    }
    return nodes[node].entry?.value
  }

  /// Changes the value of a key where it lies, which is no use of it. Nil if there is none.
  @inlinable
  public mutating func update<Result>(_ key: Key, _ change: (inout Value) -> Result) -> Result? {
    guard let node = places[key] else { return nil }
    return nodes[node].entry?.change(change)
  }

  /// Adds a value as the most recently used. Returns the one that the key had before.
  @inlinable @discardableResult
  public mutating func insert(_ value: Value, for key: Key, cost: Int = 1) -> Value? {
    let before = remove(key)
    linkNewest(add(Entry(key: key, value: value, cost: cost)))
    return before
  }

  /// Adds a value that is to go before all others. Returns the one that the key had before.
  @inlinable @discardableResult
  public mutating func insertOldest(_ value: Value, for key: Key, cost: Int = 1) -> Value? {
    let before = remove(key)
    linkOldest(add(Entry(key: key, value: value, cost: cost)))
    return before
  }

  @inlinable @discardableResult
  public mutating func remove(_ key: Key) -> Value? {
    guard let node = places.removeValue(forKey: key) else { return nil }
    return removeUnnamed(node)
  }

  /// Takes out the value that was not used for the longest time.
  @inlinable @discardableResult
  public mutating func removeOldest() -> Value? {
    guard oldest >= 0, let key = nodes[oldest].entry?.key else { return nil }
    return remove(key)
  }

  /// Takes out the value that was used last of those whose keys meet a condition.
  @inlinable
  public mutating func removeNewest(where isMeant: (Key) -> Bool) -> Value? {
    var node = newest
    while node >= 0 {
      if let key = nodes[node].entry?.key, isMeant(key) { return remove(key) }
      node = nodes[node].older
    }
    return nil
  }

  /// Takes out all values whose keys meet a condition.
  @inlinable @discardableResult
  public mutating func removeAll(where isMeant: (Key) -> Bool) -> [Value] {
    places.keys.filter(isMeant).compactMap { remove($0) }
  }

  /// Takes out values, the least recently used first, until those that are left cost no more than a limit, or are no more
  /// than `least`.
  @inlinable @discardableResult
  public mutating func shrink(toCost limit: Int, keeping least: Int = 0) -> [Value] {
    var dropped: [Value] = []
    while totalCost > limit, count > least, let value = removeOldest() { dropped.append(value) }
    return dropped
  }

  // MARK: the list

  @inlinable
  mutating func add(_ entry: Entry) -> Int {
    let node: Int
    if let free = freeNodes.popLast() {
      node = free
      nodes[node] = Node(entry)
    } else {
      node = nodes.count
      nodes.append(Node(entry))
    }
    places[entry.key] = node
    totalCost += entry.cost
    return node
  }

  @inlinable
  mutating func removeUnnamed(_ node: Int) -> Value? {
    unlink(node)
    freeNodes.append(node)
    guard let entry = nodes[node].entry else { return nil }
    nodes[node].entry = nil
    totalCost -= entry.cost
    return entry.value
  }

  @inlinable
  mutating func linkNewest(_ node: Int) {
    (nodes[node].older, nodes[node].newer) = (newest, -1)
    if newest >= 0 { nodes[newest].newer = node } else { oldest = node }
    newest = node
  }

  @inlinable
  mutating func linkOldest(_ node: Int) {
    (nodes[node].older, nodes[node].newer) = (-1, oldest)
    if oldest >= 0 { nodes[oldest].older = node } else { newest = node }
    oldest = node
  }

  @inlinable
  mutating func unlink(_ node: Int) {
    let (older, newer) = (nodes[node].older, nodes[node].newer)
    if older >= 0 { nodes[older].newer = newer } else { oldest = newer }
    if newer >= 0 { nodes[newer].older = older } else { newest = older }
  }
}
