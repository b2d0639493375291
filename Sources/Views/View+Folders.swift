import Threads
import Zarr

extension View {
  /// Folders of chunks whose times a job's record keeps of each view: as many as cost little beside its metadata. Arrays
  /// with more keep those of the outer ones.
  static let recordedFolders = 32

  /// The view with the times of the folders of the level that a job uses, its first: by these a chunk that was removed is
  /// told from one that was never written.
  func recordingFolders() throws(ViewsError) -> View {
    guard let files = try openSource(level: 0).chunkFiles else { return self }
    var times: [String: String?] = [:]
    do throws(ZarrError) {
      for folder in files.folders(limit: View.recordedFolders) {
        times.updateValue(try files.time(ofFolder: folder), forKey: folder)
      }
    } catch {
      throw .unreadable(view: name, why: error)
    }
    // a store without folders has no times of them either
    if times.values.allSatisfy({ $0 == nil }) { return self }
    return View(name: name, path: path, transforms: transforms, details: details, fingerprint: fingerprint.with(folders: times))
  }
}

extension View {
  /// The recorded folders of chunks that have another time now. The image itself must be as it was recorded, but for times.
  func folderChanges() throws(ViewsError) -> [FingerprintChange] {
    guard fingerprint.knowsFolders, let files = try openSource(level: 0).chunkFiles else { return [] }
    var changes: [FingerprintChange] = []
    do throws(ZarrError) {
      for folder in fingerprint.folders.sorted() {
        if let change = fingerprint.change(ofFolder: folder, time: try files.time(ofFolder: folder)) { changes.append(change) }
      }
    } catch {
      throw .unreadable(view: name, why: error)
    }
    return changes
  }
}

/// Views as a job's record has them; looked at in parallel.
package func recordingFolders(_ views: [View]) throws(ViewsError) -> [View] {
  let results = parallelMap(count: views.count, threads: nil) { i in
    Result { () throws(ViewsError) in try views[i].recordingFolders() }
  }
  var recorded: [View] = []
  recorded.reserveCapacity(views.count)
  for result in results { recorded.append(try result.get()) }
  return recorded
}
