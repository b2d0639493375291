import Files
import Foundation

/// A key of a store: an object, or what lies below it.
public struct Place: Sendable {
  public let store: any Store
  public let key: String

  public init(_ key: String, in store: any Store) { (self.store, self.key) = (store, key) }

  /// The place that users mean by an address: a path of the file system, or what a store that was made known calls its own.
  public init(_ address: String) {
    self = KnownStores.place(address) ?? Place(address, in: FileStore.local)
  }

  /// What users know it by.
  public var address: String { store.address(of: key) }
  public var filePath: String? { store.filePath(of: key) }

  /// A name below; the place itself for an empty one.
  public static func / (place: Place, name: String) -> Place {
    if name.isEmpty { return place }
    return Place(place.key.isEmpty ? name : place.key + "/" + name, in: place.store)
  }

  public func open() throws(StorageError) -> (any StoredObject)? { try store.open(key) }
  public func look() throws(StorageError) -> ObjectInfo? { try store.look(at: key) }
  public var isFolder: Bool { store.isFolder(key) }
  /// Whether there is an object; of one that cannot be looked at, no.
  public var isObject: Bool { (try? look())?.map { !$0.isFolder } ?? false }

  /// Whether there is an object or a folder; of one that cannot be looked at, no.
  public var isThere: Bool {
    if (try? look()) ?? nil != nil { return true }
    return store.abilities.contains(.folders) ? false : isFolder
  }

  public func list(isDeep: Bool = false, _ body: (StoreEntry) -> Bool) throws(StorageError) {
    try store.list(key, isDeep: isDeep, body)
  }

  public func entries() throws(StorageError) -> [StoreEntry] {
    var entries: [StoreEntry] = []
    try list { entry in
      entries.append(entry)
      return true
    }
    return entries
  }

  /// The bytes of a small object; nil where there is none.
  public func bytes(limit: Int) throws(StorageError) -> [UInt8]? {
    guard let object = try open() else { return nil }
    guard object.byteCount <= limit else { throw .tooLong(path: address, byteCount: object.byteCount, limit: limit) }
    return try object.readWhole()
  }

  @discardableResult
  public func put(_ bytes: [UInt8], if condition: PutCondition = .always) throws(StorageError) -> ObjectVersion? {
    try store.put(key, bytes, if: condition)
  }

  @discardableResult
  public func remove() throws(StorageError) -> Debt? { try store.remove(key) }
  public func removeAll() throws(StorageError) { try store.removeAll(key) }

  /// The same place in the store for whoever writes below it; see `Store.writing`.
  public func writing(isHeld: Bool) throws(StorageError) -> Place {
    Place(key, in: try store.writing(below: key, isHeld: isHeld))
  }
}
