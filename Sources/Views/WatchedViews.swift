import Diagnostics
import Files
import Store
import Synchronization
import Threads
import Zarr

/// The views of a job while their voxels are read: what their files were like when each was first looked at, and whether
/// they still are that.
///
/// The first look at a view compares it with its record; later ones compare it with the first, by `stat` only. They also see
/// a file whose status changed while its size and time did not, such as one that was put back: no copy keeps that time, so
/// records do not have it. Times of files are compared with such times only, never with a clock of this host.
public final class WatchedViews: Sendable {
  /// A view that is not what it was, with what differs.
  public typealias Changed = (view: Int, changes: [FingerprintChange])

  private struct Seen {
    let files: [String: FileLook]
    /// Folders in which a chunk was missing, and counted as background.
    var folders: Set<String> = []
    var chunks: ChunkFiles?
  }

  private struct FileLook: Hashable {
    /// Size and time. The number of the file is left out: some network file systems make it up anew.
    let state: String
    let statusChangedAt: Int64?
  }

  public let views: [View]
  private let seen = Mutex<[Int: Seen]>([:])

  public init(_ views: [View]) { self.views = views }

  // MARK: The first look

  /// Compares a view with its record, unless that was done before; what differs.
  public func look(at view: Int) throws(ViewsError) -> [FingerprintChange] {
    if seen.withLock({ $0[view] != nil }) { return [] }
    let (files, changes) = try firstLook(at: view)
    if changes.isEmpty { note([(view, files)]) }
    return changes
  }

  /// The same of all views; those that are not what they were recorded as, in order. Looked at in parallel, and noted together:
  /// of a hundred thousand views, threads would wait for each other.
  public func lookAtAll(threads: Int? = nil) throws(ViewsError) -> [Changed] {
    let known = seen.withLock { Set($0.keys) }
    let new = views.indices.filter { !known.contains($0) }
    let looks = parallelMap(count: new.count, threads: threads) { [self] i in
      Result { () throws(ViewsError) in try firstLook(at: new[i]) }
    }
    var found: [(view: Int, files: [String: FileLook])] = []
    var changed: [Changed] = []
    var problem: ViewsError?
    for (view, look) in zip(new, looks) {
      switch look {
      case .success((let files, let changes)) where changes.isEmpty: found.append((view, files))
      case .success((_, let changes)): changed.append((view: view, changes: changes))
      case .failure(let error): problem = problem ?? error
      }
    }
    note(found)
    if let problem { throw problem }
    return changed
  }

  private func firstLook(at view: Int) throws(ViewsError) -> (files: [String: FileLook], changes: [FingerprintChange]) {
    // before the comparison, so that what changes after it is seen later
    let files = try files(of: view)
    return (files, try views[view].changes())
  }

  private func note(_ looks: [(view: Int, files: [String: FileLook])]) {
    seen.withLock { seen in
      for (view, files) in looks where seen[view] == nil { seen[view] = Seen(files: files) }
    }
  }

  // MARK: Later looks

  /// Those of the views looked at so far that are not any more what they were then, in order. Errors that may pass are
  /// thrown, and metadata that are gone, as with a lost mount: nothing is known then.
  public func changed(threads: Int? = nil) throws(ViewsError) -> [Changed] {
    let known = seen.withLock { $0 }
    return try inParallel(known.keys.sorted(), threads) { [self] (view) throws(ViewsError) in
      guard let then = known[view] else { return [] }
      let changes = try changes(of: view, since: then)
      return changes.isEmpty ? try folderChanges(of: view, then) : changes
    }
  }

  private func changes(of view: Int, since then: Seen) throws(ViewsError) -> [FingerprintChange] {
    let now = try files(of: view)
    guard now != then.files else { return [] }
    let changes = try views[view].changes()
    // a disk that is gone, or on its way back, says nothing about the view
    if let absence = views[view].absence { throw absence }
    if !changes.isEmpty { return changes }
    // what the record says is there again: it was not, meanwhile
    return now.keys.sorted().filter { now[$0] != then.files[$0] }.map { file in
      FingerprintChange(
        field: "file \(file)", recorded: then.files[file]?.state ?? "absent",
        found: "\(now[file]?.state ?? "absent"), written, renamed or given other permissions since this process first looked at it")
    }
  }

  private func folderChanges(of view: Int, _ then: Seen) throws(ViewsError) -> [FingerprintChange] {
    guard let chunks = then.chunks else { return [] }
    var changes: [FingerprintChange] = []
    for folder in then.folders.sorted() {
      if let change = try folderChange(view, folder, chunks) { changes.append(change) }
    }
    return changes
  }

  private func folderChange(_ view: Int, _ folder: String, _ chunks: ChunkFiles) throws(ViewsError) -> FingerprintChange? {
    let time: String?
    do throws(ZarrError) { time = try chunks.time(ofFolder: folder) } catch {
      throw .unreadable(view: views[view].name, why: error)
    }
    return views[view].fingerprint.change(ofFolder: folder, time: time)
  }

  /// The same in words.
  package func described(_ changed: [Changed]) -> ChangedViews { ChangedViews(changed, of: views) }

  // MARK: Folders of chunks

  /// The views of which a recorded folder of chunks has another time, whether a chunk is missing in it or not.
  package func changedFolders(threads: Int? = nil) throws(ViewsError) -> [Changed] {
    try inParallel(Array(views.indices), threads) { [self] (view) throws(ViewsError) in try views[view].folderChanges() }
  }

  // MARK: Missing chunks

  /// The voxels of a view, so that each missing chunk is told.
  public func watching(_ source: any ImageSource, of view: Int) -> any ImageSource {
    guard let files = source.chunkFiles, views[view].fingerprint.knowsFolders else { return source }
    return WatchedSource(source, files) { [self] (folders) throws(ViewsError) in
      try foundMissing(in: folders, of: view, files)
    }
  }

  /// A chunk was not there: background, as long as nothing appeared in its folder or went since the job was submitted.
  /// Its folder is looked at now, where that was not done before, and with the view's files from now on.
  ///
  /// - Parameter folders: those that hold the chunk's file, the innermost first.
  private func foundMissing(in folders: [String], of view: Int, _ chunks: ChunkFiles) throws(ViewsError) {
    let fingerprint = views[view].fingerprint
    guard let folder = folders.first(where: { fingerprint.folder($0) != nil }) else { return }
    let isNew = seen.withLock { seen in
      guard seen[view]?.folders.insert(folder).inserted == true else { return false }
      seen[view]?.chunks = chunks
      return true
    }
    guard isNew, let change = try folderChange(view, folder, chunks) else { return }
    throw .inputChanged(
      view: views[view].name, path: chunks.place.address, field: "a chunk is missing, and \(change.field)",
      recorded: change.recorded ?? "absent", found: change.found ?? "absent")
  }

  // MARK: -

  private func files(of view: Int) throws(ViewsError) -> [String: FileLook] {
    var looks: [String: FileLook] = [:]
    for file in views[view].fingerprint.files {
      do throws(StorageError) {
        let info = try Place(KnownStores.absolute(file, in: views[view].path)).look()
        looks[file] = FileLook(state: info?.version.text ?? "missing", statusChangedAt: info?.statusChangedAt)
      } catch {
        if error.isTransient { throw .unreadable(view: views[view].name, why: .storage(error)) }
        looks[file] = FileLook(state: "\(error)", statusChangedAt: nil)
      }
    }
    return looks
  }

  private func inParallel(
    _ numbers: [Int], _ threads: Int?, _ body: @escaping @Sendable (Int) throws(ViewsError) -> [FingerprintChange]
  ) throws(ViewsError) -> [Changed] {
    let results = parallelMap(count: numbers.count, threads: threads) { i in
      Result { () throws(ViewsError) in try body(numbers[i]) }
    }
    var changed: [Changed] = []
    for (view, result) in zip(numbers, results) {
      let changes = try result.get()
      if !changes.isEmpty { changed.append((view: view, changes: changes)) }
    }
    return changed
  }
}
