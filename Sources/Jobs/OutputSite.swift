import Faults
import Foundation
import JobStore
import Views
import Zarr

/// The place on disk where an output goes: whether it is free, and how it is taken and given back.
struct OutputSite {
  let path: String

  private var parent: String { (path as NSString).deletingLastPathComponent }
  private var name: String { (path as NSString).lastPathComponent }
  private func temporary(_ uuid: String) -> String { "\(parent)/.\(name).\(uuid).new.tmp" }
  private func aside(_ uuid: String) -> String { "\(parent)/.\(name).\(uuid).old.tmp" }

  /// Throws unless the place is free, or holds a Zarr that may be overwritten.
  func check(overwrite: Bool) throws(JobError) {
    try checkPlace()
    guard FileStatus.exists(path) else { return }
    guard overwrite else {
      throw .invalid(
        what: "the output \(path) exists", hint: "choose another place, or add --overwrite to replace it")
    }
    guard FileStatus.isFolder(path) else {
      throw .invalid(what: "the output \(path) is a file", hint: "only a Zarr folder is ever overwritten")
    }
    if let stranger = ZarrTree.firstStranger(in: path) {
      throw .invalid(
        what: "the output \(path) is not overwritten: \(stranger) is no part of a Zarr",
        hint: "only what is recognised as Zarr is ever deleted; move it away yourself")
    }
  }

  /// Throws where a folder could not be made, or would lie in an array.
  private func checkPlace() throws(JobError) {
    guard name.utf8.count <= 200 else {
      throw .invalid(what: "the name of the output has \(name.utf8.count) bytes", hint: "choose a shorter name")
    }
    var ancestor = parent
    while ancestor != "/", !ancestor.isEmpty {
      if FileStatus.exists(ancestor) {
        guard FileStatus.isFolder(ancestor) else {
          throw .invalid(what: "the output cannot be in \(ancestor), which is no folder", hint: "choose another place")
        }
        if FileStatus.exists(ancestor + "/.zarray") || isArray(ancestor) {
          throw .invalid(what: "the output would lie in the Zarr array \(ancestor)", hint: "choose another place")
        }
      }
      ancestor = (ancestor as NSString).deletingLastPathComponent
    }
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
    while !FileStatus.exists(folder), folder != "/", !folder.isEmpty { folder = (folder as NSString).deletingLastPathComponent }
    guard access(folder, W_OK | X_OK) != 0 else { return }
    throw .invalid(
      what: "the output cannot be made in \(folder): \(String(cString: strerror(errno)))",
      hint: "choose another place, or give yourself the right to write there")
  }

  private func isArray(_ folder: String) -> Bool {
    guard let data = FileManager.default.contents(atPath: folder + "/zarr.json") else { return false }
    return (try? JSONValue.parse(data))?["node_type"]?.string == "array"
  }

  /// Throws where the output would touch an input, by whatever name.
  func check(against views: [View]) throws(JobError) {
    var resolver = PathResolver()
    for view in views where isNested(resolver.resolve(view.path), path) {
      throw .invalid(
        what: "the output \(path) would touch view \"\(view.name)\" at \(view.path)", hint: "choose another place")
    }
  }

  /// Throws where the output would be one more image of a folder whose images are the dataset.
  func check(beside folder: String) throws(JobError) {
    guard parent == folder else { return }
    throw .invalid(
      what: "the output \(path) would lie in \(folder), and be one of its images from then on",
      hint: "choose a place outside that folder, or give a dataset.json, which `blockfuse convert` writes")
  }

  /// Throws where the output would touch that of another job, or the database itself; one that is being written is never
  /// replaced.
  func check(against store: JobStore) throws {
    if isNested(store.path, path) {
      throw JobError.invalid(what: "the output \(path) would touch the job database", hint: "choose another place")
    }
    for job in try store.jobs() where isNested(job.description.outputPath, path) {
      guard job.description.outputPath == path else {
        throw JobError.invalid(
          what: "the output \(path) would touch that of job \(job.id), \(job.description.outputPath)",
          hint: "choose another place")
      }
      if let holder = try store.holders(of: job.id).first {
        throw JobStoreError.alreadyRunning(job: job.id, holder: holder)
      }
      if let order = try store.openOrder(of: job.id) {
        throw JobError.invalid(
          what: "tasks of the work order \(order.path) may be writing to the output \(path)",
          hint: "`blockfuse order \(job.id) --withdraw` takes it back")
      }
    }
  }

  /// Makes a new folder by `write`, and makes it the output by a rename; an old output is renamed aside.
  func place(uuid: String, overwrite: Bool, write: (_ folder: String) throws(ZarrError) -> Void) throws {
    let new = temporary(uuid)
    // a parent that is there has its name; it may lie where folders can be passed through and not be read
    if !FileStatus.isFolder(parent) { try DirectoryMaker.makeDurably(parent) }
    do {
      try FileManager.default.createDirectory(atPath: new, withIntermediateDirectories: false)
    } catch {
      throw JobError.output(
        "cannot make a folder in \(parent): \(error.localizedDescription)", hint: "check the path and its permissions")
    }
    try reach(.metadataFolderMade, .makeFolder, new)
    try write(new)
    try reach(.metadataWritten, .write, new)
    if overwrite, FileStatus.exists(path) { try rename(path, aside(uuid)) }
    try reach(.oldMovedAside, .rename, path)
    do {
      try rename(new, path)
    } catch ZarrError.io(_, _, let number) where [EEXIST, ENOTEMPTY, ENOTDIR].contains(number) {
      throw JobError.invalid(
        what: "the output \(path) exists: somebody has just made it", hint: "choose another place, or add --overwrite")
    }
    try reach(.outputRenamed, .rename, path)
    try DirectoryMaker(root: parent).sync(parent)
  }

  private func reach(_ point: FaultPoint, _ step: ZarrError.Step, _ path: String) throws(ZarrError) {
    if let number = Faults.reach(point) { throw .io(step: step, path: path, errno: number) }
  }

  /// Undoes `place`, as far as it came: what is there of the new output goes, the old one comes back.
  func giveBack(uuid: String, isPlaced: Bool) {
    removeTemporary(uuid: uuid)
    // first out of the way: a folder is removed file by file
    if isPlaced, (try? rename(path, temporary(uuid))) != nil { removeTemporary(uuid: uuid) }
    restoreAside(uuid: uuid)
  }

  func removeTemporary(uuid: String) { try? FileManager.default.removeItem(atPath: temporary(uuid)) }

  func removeAside(uuid: String) {
    try? FileManager.default.removeItem(atPath: aside(uuid))
    // it is there no more, so that nothing is left to fail
    _ = Faults.reach(.oldRemoved)
  }

  /// Puts the old output back, where a killed submit had moved it away and put nothing in its place.
  func restoreAside(uuid: String) {
    if FileStatus.exists(aside(uuid)), !FileStatus.exists(path) { try? rename(aside(uuid), path) }
  }

  private func rename(_ from: String, _ to: String) throws {
    guard Foundation.rename(from, to) == 0 else {
      throw ZarrError.io(step: .rename, path: to, errno: errno)
    }
  }
}
