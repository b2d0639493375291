import Files
import Foundation
import Synchronization

/// The stores of this process that are no file system, by how the addresses in them begin.
///
/// Datasets, records of jobs and work orders hold addresses as text; here is what leads from one to its store.
public enum KnownStores {
  private static let stores = Mutex<[String: any Store]>([:])

  /// - Parameter root: `scheme://name`; all addresses in the store are that, or begin with it and a `/`.
  public static func add(_ store: any Store, root: String) { stores.withLock { $0[root] = store } }

  public static func remove(root: String) { stores.withLock { $0[root] = nil } }

  /// Nil for what is in none of them: a path.
  static func place(_ address: String) -> Place? {
    // a path is told by one look
    guard address.utf8.first != UInt8(ascii: "/"), address.contains("://") else { return nil }
    return stores.withLock { stores in
      for (root, store) in stores where address == root || address.hasPrefix(root + "/") {
        return Place(String(address.dropFirst(root.count + 1)), in: store)
      }
      return nil
    }
  }

  /// Whether a text is an address in one of them.
  package static func hold(_ address: String) -> Bool { place(address) != nil }

  /// An address as it is; a path seen from `folder`, which may be an address itself.
  package static func absolute(_ path: String, in folder: String) -> String {
    if hold(path) { return path }
    guard hold(folder), path.utf8.first != UInt8(ascii: "/") else { return FilePath.absolute(path, in: folder) }
    var parts = folder.split(separator: "/", omittingEmptySubsequences: false)
    // the scheme and the store's name stay
    let rootCount = 3
    while parts.count > rootCount, parts.last == "" { parts.removeLast() }
    for part in path.split(separator: "/") where part != "." {
      if part == ".." { if parts.count > rootCount { parts.removeLast() } } else { parts.append(part) }
    }
    return parts.joined(separator: "/")
  }

  /// An address as it is; a path seen from the current folder.
  package static func absolute(_ path: String) -> String {
    hold(path) ? path : FilePath.absolute(path)
  }
}

extension PathResolver {
  /// An address as it is; of a path the one without links.
  package mutating func resolve(address: String) -> String {
    KnownStores.hold(address) ? KnownStores.absolute(".", in: address) : resolve(address)
  }
}
