import Files
import Store

/// A store that hands everything on to another one: what tests put between.
///
/// Unchecked, because the compiler asks that of a class with subclasses; what they all hold is constant, or has its own lock.
package class WrappedStore: Store, @unchecked Sendable {
  package let inner: any Store

  package init(_ inner: any Store) { self.inner = inner }

  /// Called before each step; throws in its place. Of the writers and objects, too, that were opened here.
  func reach(_ step: StoreStep, _ key: String) throws(StorageError) {}

  /// The same wrapper around another store.
  func wrapped(_ store: any Store) -> any Store { store }

  package var abilities: StoreAbilities { inner.abilities }
  package func address(of key: String) -> String { inner.address(of: key) }
  package func filePath(of key: String) -> String? { inner.filePath(of: key) }

  package func open(_ key: String) throws(StorageError) -> (any StoredObject)? {
    try reach(.open, key)
    guard let object = try inner.open(key) else { return nil }
    return WrappedObject(object, key, self)
  }

  package func bytes(_ key: String, limit: Int) throws(StorageError) -> [UInt8]? {
    try reach(.open, key)
    return try inner.bytes(key, limit: limit)
  }

  package func look(at key: String) throws(StorageError) -> ObjectInfo? {
    try reach(.look, key)
    return try inner.look(at: key)
  }

  package func isFolder(_ key: String) -> Bool { inner.isFolder(key) }

  package func list(_ key: String, isDeep: Bool, _ body: (StoreEntry) -> Bool) throws(StorageError) {
    try reach(.list, key)
    try inner.list(key, isDeep: isDeep, body)
  }

  package func writer(_ key: String, tag: String) throws(StorageError) -> any ObjectWriter {
    try reach(.write, key)
    return WrappedWriter(try inner.writer(key, tag: tag), key, self)
  }

  package func put(_ key: String, _ bytes: [UInt8], if condition: PutCondition) throws(StorageError) -> ObjectVersion? {
    try reach(.put, key)
    return try inner.put(key, bytes, if: condition)
  }

  package func remove(_ key: String) throws(StorageError) -> Debt? {
    try reach(.remove, key)
    return try inner.remove(key)
  }

  package func removeAll(_ key: String) throws(StorageError) -> Bool {
    try reach(.remove, key)
    return try inner.removeAll(key)
  }

  package func claim(_ key: String) throws(StorageError) -> Bool {
    try reach(.put, key)
    return try inner.claim(key)
  }

  package func pay(_ debt: Debt) throws(StorageError) {
    try reach(.pay, debt.keys.first ?? "")
    try inner.pay(debt)
  }

  package func appender(_ key: String) throws(StorageError) -> (any ObjectAppender)? {
    try reach(.write, key)
    return try inner.appender(key)
  }

  package func writing(below key: String) -> any Store { wrapped(inner.writing(below: key)) }
  package func holding(_ key: String) throws(StorageError) -> any Store { wrapped(try inner.holding(key)) }

  package func isInPlace() throws(StorageError) -> Bool {
    try reach(.standing, "")
    return try inner.isInPlace()
  }
  package func forget() { inner.forget() }
}

package enum StoreStep: Hashable, Sendable, CaseIterable {
  case open, read, look, list, write, append, finish, put, remove, pay, standing
}

private final class WrappedObject: StoredObject {
  private let (object, key, store): (any StoredObject, String, WrappedStore)

  init(_ object: any StoredObject, _ key: String, _ store: WrappedStore) {
    (self.object, self.key, self.store) = (object, key, store)
  }

  var byteCount: Int { object.byteCount }
  var version: ObjectVersion { object.version }

  func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(StorageError) -> Int {
    try store.reach(.read, key)
    return try object.read(at: offset, into: target)
  }
}

private final class WrappedWriter: ObjectWriter {
  private let (writer, key, store): (any ObjectWriter, String, WrappedStore)

  init(_ writer: any ObjectWriter, _ key: String, _ store: WrappedStore) {
    (self.writer, self.key, self.store) = (writer, key, store)
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
    try store.reach(.append, key)
    try writer.append(bytes)
  }

  func finish() throws(StorageError) -> Debt {
    try store.reach(.finish, key)
    return try writer.finish()
  }

  func discard() { writer.discard() }
}
