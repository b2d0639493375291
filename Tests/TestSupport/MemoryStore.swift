import Files
import Foundation
import Store
import Synchronization

/// A store in memory, as object stores are: no folders, no renames, nothing that grows; lists in order, by pages; versions
/// that are counted. What is written is seen when it is finished, and not before.
package final class MemoryStore: Store {
  private struct Stored {
    var bytes: [UInt8]
    var version: Int
    var modifiedAt: Date
  }

  private struct State {
    var objects: [String: Stored] = [:]
    var count = 0
  }

  /// Of all addresses in it.
  package let root: String
  private let state = Mutex(State())
  /// Names in a page of a list.
  private let pageLength: Int

  package init(name: String = UUID().uuidString, pageLength: Int = 1000) {
    root = "memory://\(name)"
    self.pageLength = pageLength
  }

  package var abilities: StoreAbilities { .listsInOrder }
  package func address(of key: String) -> String { key.isEmpty ? root : "\(root)/\(key)" }

  /// All keys, sorted.
  package var keys: [String] { state.withLock { $0.objects.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } } }
  package func bytes(_ key: String) -> [UInt8]? { state.withLock { $0.objects[key]?.bytes } }

  package func open(_ key: String) throws(StorageError) -> (any StoredObject)? {
    state.withLock { state in
      state.objects[key].map { MemoryObject($0.bytes, version: Self.version($0)) }
    }
  }

  package func look(at key: String) throws(StorageError) -> ObjectInfo? {
    state.withLock { state in
      state.objects[key].map { ObjectInfo(byteCount: $0.bytes.count, version: Self.version($0), modifiedAt: $0.modifiedAt) }
    }
  }

  package func isFolder(_ key: String) -> Bool { !page(key, after: nil, limit: 1).isEmpty }

  package func list(_ key: String, isDeep: Bool, _ body: (StoreEntry) -> Bool) throws(StorageError) {
    var (last, folder) = (String?.none, String?.none)
    while true {
      let names = page(key, after: last, limit: pageLength)
      for name in names {
        if isDeep {
          guard body(StoreEntry(name: name, isFolder: false)) else { return }
        } else if let slash = name.firstIndex(of: "/") {
          let first = String(name[..<slash])
          if first == folder { continue }
          folder = first
          guard body(StoreEntry(name: first, isFolder: true)) else { return }
        } else {
          guard body(StoreEntry(name: name, isFolder: false)) else { return }
        }
      }
      guard names.count == pageLength else { return }
      last = names.last
    }
  }

  /// Names of objects below a key, in order.
  private func page(_ key: String, after: String?, limit: Int) -> [String] {
    let prefix = key.isEmpty ? "" : key + "/"
    let names = state.withLock { $0.objects.keys.filter { $0.utf8.starts(with: prefix.utf8) } }
      .map { String($0.dropFirst(prefix.count)) }
    return Array(
      names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        .drop { name in after.map { !$0.utf8.lexicographicallyPrecedes(name.utf8) } ?? false }.prefix(limit))
  }

  package func writer(_ key: String, tag: String) throws(StorageError) -> any ObjectWriter { MemoryWriter(key, in: self) }

  package func put(_ key: String, _ bytes: [UInt8], if condition: PutCondition) throws(StorageError) -> ObjectVersion? {
    state.withLock { state in
      let known = state.objects[key].map(Self.version)
      switch condition {
      case .always: break
      case .absent: if known != nil { return nil }
      case .version(let version): if known != version { return nil }
      }
      state.count += 1
      let stored = Stored(bytes: bytes, version: state.count, modifiedAt: Date())
      state.objects[key] = stored
      return Self.version(stored)
    }
  }

  package func remove(_ key: String) throws(StorageError) -> Debt? {
    state.withLock { $0.objects.removeValue(forKey: key) == nil ? nil : Debt.none }
  }

  private static func version(_ stored: Stored) -> ObjectVersion { .tag("\"\(stored.version)\"", byteCount: stored.bytes.count) }
}

private final class MemoryObject: StoredObject {
  private let bytes: [UInt8]
  let version: ObjectVersion

  init(_ bytes: [UInt8], version: ObjectVersion) { (self.bytes, self.version) = (bytes, version) }

  var byteCount: Int { bytes.count }

  func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(StorageError) -> Int {
    guard offset < bytes.count else { return 0 }
    let count = min(target.count, bytes.count - offset)
    bytes.withUnsafeBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count])) }
    return count
  }
}

private final class MemoryWriter: ObjectWriter {
  private let key: String
  private let store: MemoryStore
  private var bytes: [UInt8]? = []

  init(_ key: String, in store: MemoryStore) { (self.key, self.store) = (key, store) }

  func append(_ bytes: UnsafeRawBufferPointer) throws(StorageError) { self.bytes?.append(contentsOf: bytes) }

  func finish() throws(StorageError) -> Debt {
    if let bytes = bytes.take() { _ = try store.put(key, bytes, if: .always) }
    return .none
  }

  func discard() { bytes = nil }
}
