import Files

/// A place for objects, each a name and bytes: a file system, a bucket. Everything that reads or writes data, metadata, work
/// orders and logs goes through this; only the job database, and formats that a C library opens by its path, are files.
///
/// A key is a path: names joined by `/`. A store need not have folders: what lies "below" a key is what has the key and a `/`
/// before its name. Objects appear whole or not at all, and are durable when a call that writes them returns, but for a
/// debt where one is given back. All calls may be made by several threads at a time.
public protocol Store: AnyObject, Sendable {
  var abilities: StoreAbilities { get }
  /// What users know an object by, in messages and in records; `Place(address)` leads back to it.
  func address(of key: String) -> String
  /// The path of the file, for what only a file system can do; nil in stores that are none.
  func filePath(of key: String) -> String?

  // MARK: Reading

  /// Nil where there certainly is no such object. A folder's name is nil or an error.
  func open(_ key: String) throws(StorageError) -> (any StoredObject)?
  /// The bytes of a small object, refused where it is longer than `limit`; nil where there is none.
  func bytes(_ key: String, limit: Int) throws(StorageError) -> [UInt8]?
  /// The first bytes of an object; fewer where it has no more, or cannot be read.
  func firstBytes(_ count: Int, of key: String) -> [UInt8]
  /// What is known of an object without its bytes; nil where there is none. A folder, in stores that have them, is told.
  func look(at key: String) throws(StorageError) -> ObjectInfo?
  /// Whether there is a folder of that name; in a store without folders, whether anything lies below the key.
  func isFolder(_ key: String) -> Bool
  /// Names what lies directly below a key, or, if `isDeep`, the objects at any depth by their names below the key; goes on
  /// while `body` says so. In any order unless the store lists in order. Where there is nothing, nothing is named or, in a
  /// store with folders, the error says that there is no folder.
  func list(_ key: String, isDeep: Bool, _ body: (StoreEntry) -> Bool) throws(StorageError)

  // MARK: Writing

  /// A writer of a new object, which replaces the one of that name when it is finished.
  ///
  /// - Parameter tag: names whoever writes, so that what a killed one left can be told; without `/`. One writer at a time
  ///   for a key and tag.
  func writer(_ key: String, tag: String) throws(StorageError) -> any ObjectWriter
  /// Writes a small object; durable when it returns. Nil where the condition does not hold, and nothing was written.
  @discardableResult
  func put(_ key: String, _ bytes: [UInt8], if condition: PutCondition) throws(StorageError) -> ObjectVersion?
  /// Removes an object; nil where there was none.
  @discardableResult
  func remove(_ key: String) throws(StorageError) -> Debt?
  /// Removes an object, and all that lies below its name; false where there was nothing.
  @discardableResult
  func removeAll(_ key: String) throws(StorageError) -> Bool
  /// Makes durable what is owed for objects that were finished or removed; pays each thing that they share once.
  func pay(_ debt: Debt) throws(StorageError)
  /// Begins an object that grows; nil where there is one of that name. Only with the ability.
  func appender(_ key: String) throws(StorageError) -> (any ObjectAppender)?
  /// Takes a name for whoever asks first, for others to see: makes a folder; without folders, an object below the key stands
  /// for it. False where it is taken. Durable when it returns.
  func claim(_ key: String) throws(StorageError) -> Bool

  // MARK: An output

  /// The same store for whoever writes much below a key, which is there, and pays the debts.
  func writing(below key: String) -> any Store
  /// As `writing`, where what is written goes to the very folder that has the name now, whichever has it later.
  func holding(_ key: String) throws(StorageError) -> any Store
  /// Whether the name of what is held still leads to it. Throws where the store does not say.
  func isInPlace() throws(StorageError) -> Bool
  /// Looks anew for what was thought to be there, such as folders: something was found missing.
  func forget()
}

/// What not every store can do.
public struct StoreAbilities: OptionSet, Sendable {
  public let rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }

  /// There are folders; a look at one costs no more than a look at an object.
  public static let folders = StoreAbilities(rawValue: 1)
  /// A folder can be given another name, with all that is in it, at once. Such a store has file paths.
  public static let renames = StoreAbilities(rawValue: 2)
  /// Objects can grow.
  public static let appends = StoreAbilities(rawValue: 4)
  /// Lists are in the order of the names' bytes.
  public static let listsInOrder = StoreAbilities(rawValue: 8)
}

/// When an object is to be put.
public enum PutCondition: Hashable, Sendable {
  case always
  /// There is none of that name. Of several who try at the same time one succeeds.
  case absent
  /// The one that is there has this version.
  case version(ObjectVersion)
}

/// One entry of a list.
public struct StoreEntry: Hashable, Sendable {
  /// Below the key that was listed.
  public let name: String
  /// A link to a folder is none.
  public let isFolder: Bool
  /// Whether it can be opened by its name: a file system may have names that are not UTF-8, of which this one is made for
  /// people to read.
  public let isText: Bool

  public init(name: String, isFolder: Bool, isText: Bool = true) { (self.name, self.isFolder, self.isText) = (name, isFolder, isText) }
}

extension Store {
  public func filePath(of key: String) -> String? { nil }

  public func bytes(_ key: String, limit: Int) throws(StorageError) -> [UInt8]? {
    guard let object = try open(key) else { return nil }
    guard object.byteCount <= limit else {
      throw .tooLong(path: address(of: key), byteCount: object.byteCount, limit: limit)
    }
    return try object.readWhole()
  }

  public func firstBytes(_ count: Int, of key: String) -> [UInt8] {
    guard let object = (try? open(key)) ?? nil else { return [] }
    var bytes = [UInt8](repeating: 0, count: min(count, object.byteCount))
    let got = (try? bytes.withUnsafeMutableBytes { try object.read(at: 0, into: $0) }) ?? 0
    return Array(bytes.prefix(got))
  }

  public func removeAll(_ key: String) throws(StorageError) -> Bool {
    var keys = [key]
    try list(key, isDeep: true) { entry in
      keys.append(key.isEmpty ? entry.name : "\(key)/\(entry.name)")
      return true
    }
    var isAny = false
    for key in keys where try remove(key) != nil { isAny = true }
    return isAny
  }

  public func pay(_ debt: Debt) throws(StorageError) {}

  public func appender(_ key: String) throws(StorageError) -> (any ObjectAppender)? {
    throw .io(step: .open, path: address(of: key), errno: noSuchAbility)
  }

  public func claim(_ key: String) throws(StorageError) -> Bool { try put(key + "/.claimed", [], if: .absent) != nil }

  public func writing(below key: String) -> any Store { self }
  public func holding(_ key: String) throws(StorageError) -> any Store { self }
  public func isInPlace() throws(StorageError) -> Bool { true }
  public func forget() {}
}
