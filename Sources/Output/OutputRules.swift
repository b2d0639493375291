import Diagnostics
import Files
import Foundation
import JobStore
import JSON
import Planning
import Store
import Views
import Zarr

/// The place on disk where an output goes: whether it is free, or may be taken.
package struct OutputRules {
  package let path: String

  package init(path: String) { self.path = path }

  private var place: Place { Place(path) }
  private var parent: String { FilePath.folder(of: path) }
  private var name: String { FilePath.lastComponent(of: path) }

  /// Throws unless the place is free, or holds nothing but one image or array, which may be overwritten.
  package func check(overwrite: Bool) throws {
    try checkPlace()
    guard place.isThere else { return }
    guard overwrite else {
      throw JobError.invalid(
        what: "the output \(path) exists", hint: "choose another place, or add --overwrite to replace it")
    }
    guard place.isFolder else {
      throw JobError.invalid(what: "the output \(path) is a file", hint: "only a Zarr folder is ever overwritten")
    }
    if let stranger = try ZarrTree.firstStranger(in: place) {
      throw JobError.invalid(
        what: stranger == place.address
          ? "the output \(path) is not overwritten: it is no Zarr image"
          : "the output \(path) is not overwritten: \(stranger) would be deleted too, and is no part of its image",
        hint: "only one image with its levels, or one array, is ever replaced; move all else away yourself, or choose another place")
    }
  }

  /// What cannot be looked at is told as that, and not as something else than a folder.
  private func isFolder(_ place: Place) throws(JobError) -> Bool {
    if place.isFolder { return true }
    do throws(StorageError) { _ = try place.look() } catch {
      throw .output("cannot look at \(place.address): \(error.systemNumber.map(systemWords) ?? error.description)", hint: error.hint)
    }
    // it can be looked at by now
    return place.isFolder
  }

  /// Throws where a folder could not be made, or would lie in an array.
  private func checkPlace() throws(JobError) {
    guard name.utf8.count <= 200 else {
      throw .invalid(what: "the name of the output has \(name.utf8.count) bytes", hint: "choose a shorter name")
    }
    var ancestor = parent
    while ancestor != "/", !ancestor.isEmpty {
      let above = Place(ancestor)
      if above.isThere {
        guard try isFolder(above) else {
          throw .invalid(what: "the output cannot be in \(ancestor), which is no folder", hint: "choose another place")
        }
        if (above / ZarrFileName.v2Array).isThere || isArray(above) {
          throw .invalid(what: "the output would lie in the Zarr array \(ancestor)", hint: "choose another place")
        }
      }
      ancestor = FilePath.folder(of: ancestor)
    }
    guard place.filePath != nil else { return }
    try checkWritable()
    var status = stat()
    if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK {
      // all links that lead somewhere were followed before
      throw .invalid(what: "the output \(path) is a link to nothing", hint: "remove the link, or make what it points to")
    }
  }

  /// Throws where nothing can be made in the folder, or in the nearest one above that is there.
  private func checkWritable() throws(JobError) {
    var folder = parent
    while !FileStatus.exists(folder), folder != "/", !folder.isEmpty { folder = FilePath.folder(of: folder) }
    guard access(folder, W_OK | X_OK) != 0 else { return }
    throw .invalid(
      what: "the output cannot be made in \(folder): \(systemWords(errno))",
      hint: "choose another place, or give yourself the right to write there")
  }

  private func isArray(_ folder: Place) -> Bool {
    guard let bytes = (try? (folder / ZarrFileName.v3).bytes(limit: JSONValue.maximumByteCount)) ?? nil else { return false }
    return (try? JSONValue.parse(bytes))?["node_type"]?.string == "array"
  }

  /// Throws where the output would touch an input, by whatever name.
  package func check(against views: [View]) throws(JobError) {
    var resolver = PathResolver()
    for view in views where isNested(resolver.resolve(address: view.path), path) {
      throw .invalid(
        what: "the output \(path) would touch view \"\(view.name)\" at \(view.path)", hint: "choose another place")
    }
  }

  /// Throws where the output would be one more image of a folder whose images are the dataset.
  package func check(beside folder: String) throws(JobError) {
    guard parent == folder else { return }
    throw .invalid(
      what: "the output \(path) would lie in \(folder), and be one of its images from then on",
      hint: "choose a place outside that folder, or give a dataset.json, which `blockfuse convert` writes")
  }

  /// Throws where the output would touch a job database.
  package func check(againstDatabase database: String) throws(JobError) {
    guard isNested(database, path) else { return }
    throw .invalid(what: "the output \(path) would touch the job database", hint: "choose another place")
  }

  /// Throws where the output would touch that of another job, or the database itself; one that is being written is never
  /// replaced.
  package func check(against store: JobStore) throws {
    try check(againstDatabase: store.path)
    try check(against: store.outputUses(where: isNear))
  }

  /// Whether the output would touch one at another path.
  package func isNear(_ other: String) -> Bool { isNested(other, path) }

  package func check(against uses: [OutputUse]) throws {
    for use in uses {
      guard use.path == path else {
        throw JobError.invalid(
          what: "the output \(path) would touch that of job \(use.job), \(use.path)", hint: "choose another place")
      }
      if let holder = use.holder { throw JobStoreError.alreadyRunning(job: use.job, holder: holder) }
      if let order = use.openOrder {
        throw JobError.invalid(
          what: "tasks of the work order \(order.path) may be writing to the output \(path)",
          hint: "`blockfuse order \(use.job) --withdraw` cancels it")
      }
    }
  }
}
