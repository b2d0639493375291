import Diagnostics
import Files
import Foundation
import JSON
import JobStore
import Planning
import Store
import Zarr

/// The place of a file that a user named: of a picture, a page, a TIFF, a copy of the database. Its folder must be there, and
/// hold nothing but files of people: in an image, of whatever job, it would be taken for a part of it, or be lost with it.
///
/// To be looked at before the work begins. What is no regular file, such as a FIFO or `/dev/stdout`, may be anywhere.
package struct NamedPlace {
  private let named: String

  package init(_ path: String) { named = path }

  /// - Parameters:
  ///   - store: whose jobs' outputs are told by their numbers, if there is one.
  ///   - isImage: whether a folder that is a dataset, with each image in it, would have one more.
  package func check(in store: JobStore?, isImage: Bool = false) throws {
    if isPassing { return }
    try checkFolder()
    var resolver = PathResolver()
    let path = resolver.resolve(try FilePath.linkEnd(of: FilePath.absolute(named)))
    for job in try store?.jobs() ?? [] {
      let output = job.description.outputPath
      if [output, OutputOwner.folder(ofOutput: output)].contains(where: { isNested(path, $0) }) {
        throw refusal("would lie in the output of job \(job.title), whose folder holds nothing else")
      }
      let (dataset, folder) = (job.description.datasetPath, FilePath.folder(of: path))
      // links are asked for only where the name fits: disks of other jobs may not answer
      guard isImage, FilePath.lastComponent(of: dataset) == FilePath.lastComponent(of: folder) else { continue }
      if [dataset, resolver.resolve(address: dataset)].contains(folder) {
        throw refusal("would be one more image of \(dataset), the folder that is the dataset of job \(job.title)")
      }
    }
    var folder = FilePath.folder(of: path)
    while folder != "/" {
      if holdsImages(Place(folder)) { throw refusal("would lie in \(folder), which holds images and nothing else") }
      folder = FilePath.folder(of: folder)
    }
  }

  /// Throws where there is no folder for it, or a folder is all that was named.
  package func checkFolder() throws {
    if isPassing { return }
    if named.hasSuffix("/") || FileStatus.isFolder(named) {
      throw JobError.invalid(what: "\(named) is the name of a folder", hint: "give the name of the file too, such as \(example)")
    }
    let folder = FilePath.folder(of: try FilePath.linkEnd(of: FilePath.absolute(named)))
    if FileStatus.isFolder(folder) { return }
    var status = stat()
    if stat(folder, &status) != 0, ![ENOENT, ENOTDIR].contains(errno) { throw StorageError.io(step: .stat, path: folder, errno: errno) }
    throw JobError.invalid(
      what: FileStatus.exists(folder) ? "\(folder) is no folder" : "the folder \(folder) does not exist",
      hint: "make the folder, or give a file in another one")
  }

  private var example: String { (named.hasSuffix("/") ? named : named + "/") + "file" }

  private func refusal(_ what: String) -> JobError { .invalid(what: "\(named) \(what)", hint: "choose another place") }

  /// Whether it is there, and neither a file nor a folder; or what a shell has opened for this process.
  private var isPassing: Bool {
    if isOwnOutput(named) { return true }
    var status = stat()
    return stat(named, &status) == 0 && ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
  }

  /// Whether a folder is a group or an array of Zarr or N5, or lies beside an output.
  private func holdsImages(_ folder: Place) -> Bool {
    if ZarrFileName.all.contains(where: { (folder / $0).isObject }) { return true }
    if OutputOwner.isFolder(folder) { return true }
    // others have files of this name too
    let attributes = (try? N5Array.attributes(folder)) ?? nil
    return attributes?["n5"] != nil || attributes?["dimensions"] != nil
  }
}
