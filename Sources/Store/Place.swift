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

  /// Whether there certainly is nothing.
  public var isMissing: Bool {
    do throws(StorageError) {
      if try look() != nil { return false }
    } catch {
      return error.isMissing
    }
    return store.abilities.contains(.folders) || !isFolder
  }

  /// The folder that it lies in.
  public var above: Place {
    if store.abilities.contains(.folders) { return self / ".." }
    return Place(key.lastIndex(of: "/").map { String(key[..<$0]) } ?? "", in: store)
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
  public func bytes(limit: Int) throws(StorageError) -> [UInt8]? { try store.bytes(key, limit: limit) }
  /// The first bytes of an object; fewer where it has no more, or cannot be read.
  public func firstBytes(_ count: Int) -> [UInt8] { store.firstBytes(count, of: key) }

  @discardableResult
  public func put(_ bytes: [UInt8], if condition: PutCondition = .always) throws(StorageError) -> ObjectVersion? {
    try store.put(key, bytes, if: condition)
  }

  @discardableResult
  public func remove() throws(StorageError) -> Debt? { try store.remove(key) }
  @discardableResult
  public func removeAll() throws(StorageError) -> Bool { try store.removeAll(key) }

  /// The same place for whoever writes below it; see `Store.writing`.
  public var forWriting: Place { Place(key, in: store.writing(below: key)) }
  /// The same place, held; see `Store.holding`.
  public func held() throws(StorageError) -> Place { Place(key, in: try store.holding(key)) }
}
