import Files
import Store

/// The files of an array that keeps each chunk, or each shard, in a file of its own, and the folders that they lie in.
///
/// A folder's time changes whenever a file in it appears or goes: it tells a chunk that was never written from one that
/// was removed.
public struct ChunkFiles: Sendable {
  /// The array's own folder.
  public let place: Place
  /// The name of the one folder that holds all others; nil if there is none.
  private let outermost: String?
  /// The files along each axis that folders are nested by, the outermost first; empty where all files lie in one folder.
  private let counts: [Int]
  private let name: @Sendable ([Int]) -> String

  /// What the array's own folder is called.
  public static let arrayFolder = "."

  init(place: Place, outermost: String? = nil, counts: [Int], name: @escaping @Sendable ([Int]) -> String) {
    (self.place, self.outermost, self.counts, self.name) = (place, outermost, counts, name)
  }

  /// The same files, of chunks that are numbered otherwise.
  ///
  /// - Parameter chunk: the file's own number of a chunk.
  func numbered(_ chunk: @escaping @Sendable ([Int]) -> [Int]) -> ChunkFiles {
    ChunkFiles(place: place, outermost: outermost, counts: counts) { [name] in name(chunk($0)) }
  }

  /// The folders that a chunk's file lies in, below the array's own, which comes last; the innermost first.
  public func folders(ofChunk index: [Int]) -> [String] {
    var folders: [String] = []
    var path = name(index)[...]
    while let end = path.lastIndex(of: "/") {
      path = path[..<end]
      folders.append(String(path))
    }
    return folders + [Self.arrayFolder]
  }

  /// The folders that files may lie in, the outermost first: of each depth all or none, and at most `limit`.
  public func folders(limit: Int) -> [String] {
    var all = [Self.arrayFolder]
    var deepest = [outermost ?? ""]
    if let outermost { all.append(outermost) }
    // the last axis numbers the files themselves
    for count in counts.dropLast() {
      guard count > 0, deepest.count <= limit / count, all.count + deepest.count * count <= limit else { break }
      deepest = deepest.flatMap { above in (0..<count).map { above.isEmpty ? "\($0)" : "\(above)/\($0)" } }
      all += deepest
    }
    return all
  }

  /// The time of a folder, by the clock of its store; nil where it is not there, or the store has no folders.
  public func time(ofFolder name: String) throws(ZarrError) -> String? {
    let folder = name == Self.arrayFolder ? place : place / name
    do throws(StorageError) {
      guard let info = try folder.look(), info.isFolder else { return nil }
      return info.version.timeText
    } catch {
      if error.isMissing { return nil }
      throw .storage(error)
    }
  }
}
