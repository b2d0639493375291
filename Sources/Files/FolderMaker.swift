import Faults
import Foundation
import Synchronization

/// Makes the folders of an array's files, each once, and knows which of them might not survive a loss of power yet.
///
/// A folder is *fresh* until the folder that names it has been synced by this object, also one that was found in place:
/// a killed process may have made it and not lived to sync it. Files below a fresh folder are durable only once that is
/// done, whoever made it; so each writer asks for the folders that its own files need.
public final class FolderMaker: Sendable {
  /// Exists, and is durable itself.
  public let root: String
  /// The root, held open; nil: what has its name.
  private let held: OpenFolder?

  private struct State {
    var durable: Set<String> = []
    /// By the folder that names them.
    var fresh: [String: Set<String>] = [:]

    func knows(_ folder: String) -> Bool {
      durable.contains(folder) || fresh[parentFolder(of: folder)]?.contains(folder) == true
    }
  }

  /// More than the folders that many threads write to at a time; durable ones beyond are forgotten and found again.
  private static let maximumDurableCount = 65_536
  private let state = Mutex(State())

  public init(root: String) {
    self.root = Self.withoutTrailingSlash(root)
    held = nil
  }

  public init(_ held: OpenFolder) {
    (root, self.held) = (held.path, held)
  }

  /// Opens a file below the root; its folder must be there.
  public func file(_ target: String, tag: String) throws(StorageError) -> AtomicFile {
    try AtomicFile(target: target, tag: tag, in: held)
  }

  /// Looks for every folder anew: one was found missing that was there before.
  public func forget() {
    state.withLock { $0 = State() }
  }

  /// Removes a file below the root. False where there was none.
  public func remove(_ path: String) throws(StorageError) -> Bool {
    let place = held.locate(path)
    if unlinkat(place.folder, place.path, 0) == 0 { return true }
    if errno == ENOENT || errno == ENOTDIR { return false }
    throw .io(step: .remove, path: path, errno: errno)
  }

  /// Whether the root's path still leads to it. Throws where the system does not say.
  public func isInPlace() throws(StorageError) -> Bool { try held?.isInPlace() ?? true }

  /// Makes a folder and all that are missing above it. When this returns, the names of all that were made survive a loss
  /// of power, and that of the folder itself also where it was found in place.
  ///
  /// - Parameter folder: absolute.
  public static func makeDurably(_ folder: String) throws(StorageError) {
    var root = parentFolder(of: folder)
    while root != "/", access(root, F_OK) != 0 { root = parentFolder(of: root) }
    let maker = FolderMaker(root: root)
    try maker.ensure(folder)
    for unsynced in maker.takeUnsynced([folder]) { try maker.sync(unsynced) }
  }

  /// Makes the folder of `path`, which lies below the root, and all folders between, where they are missing.
  public func ensureParent(of path: String) throws(StorageError) {
    try ensure(parentFolder(of: path))
  }

  /// The folders to sync, in order, before files that were just renamed into place count as durable: theirs, and
  /// up to the root each that names a fresh one.
  public func takeUnsynced(_ paths: [String]) -> [String] {
    var folders: Set<String> = []
    state.withLock { state in
      for path in paths {
        var folder = parentFolder(of: path)
        folders.insert(folder)
        // to the root, past durable folders too: a sync that failed above one left those between without their names
        while folder != root {
          let parent = parentFolder(of: folder)
          if parent == folder { break }
          if !state.durable.contains(folder) { folders.insert(parent) }
          folder = parent
        }
      }
    }
    // deepest first: a name becomes durable after what it names
    return folders.sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }
  }

  /// Syncs one folder; the folders in it that were known before are then durable.
  public func sync(_ folder: String) throws(StorageError) {
    let before = state.withLock { $0.fresh[folder] ?? [] }
    try syncFolder(folder, in: held)
    state.withLock { state in
      state.durable.formUnion(before)
      state.fresh[folder]?.subtract(before)
      if state.fresh[folder]?.isEmpty == true { state.fresh[folder] = nil }
      if state.durable.count > Self.maximumDurableCount { state.durable.removeAll() }
    }
  }

  private func ensure(_ folder: String) throws(StorageError) {
    if folder == root || state.withLock({ $0.knows(folder) }) { return }
    if !make(folder) {
      switch errno {
      case EEXIST:
        guard isFolder(folder) else { throw .io(step: .makeFolder, path: folder, errno: ENOTDIR) }
      case ENOENT where folder.utf8.count > root.utf8.count:
        try ensure(parentFolder(of: folder))
        guard make(folder) || (errno == EEXIST && isFolder(folder)) else {
          throw .io(step: .makeFolder, path: folder, errno: errno)
        }
      case let number: throw .io(step: .makeFolder, path: folder, errno: number)
      }
    }
    try reach(.folderMade, .makeFolder, folder)
    state.withLock { state in
      if !state.durable.contains(folder) { state.fresh[parentFolder(of: folder), default: []].insert(folder) }
    }
  }

  private func make(_ folder: String) -> Bool {
    let place = held.locate(folder)
    return mkdirat(place.folder, place.path, 0o777) == 0
  }

  private func isFolder(_ folder: String) -> Bool {
    var status = stat()
    let place = held.locate(folder)
    return fstatat(place.folder, place.path, &status, 0) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private static func withoutTrailingSlash(_ path: String) -> String {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
  }
}
