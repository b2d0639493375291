import Files
import Foundation
import JobStore
import Output
import Planning
import Store

/// The place of an exported file: whether it is free, or holds an older TIFF that may be replaced.
struct ExportPlace {
  let path: String

  init(_ path: String) { self.path = path }

  static func taken(_ path: String) -> JobError {
    .invalid(what: "the file \(path) exists", hint: "choose another name, or add --overwrite to replace it")
  }

  func check(for job: LoadedJob, in store: JobStore, overwrites: Bool) throws {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw JobError.invalid(what: "\(path) is no regular file", hint: "choose another name: a TIFF cannot be written into it")
    }
    guard overwrites else { throw Self.taken(path) }
    guard try isTIFF() else {
      throw JobError.invalid(
        what: "\(path) is not overwritten: it is no TIFF", hint: "only a TIFF is ever replaced; move it away yourself")
    }
    var resolver = PathResolver()
    for view in try store.views(of: job.record.id) where isNested(resolver.resolve(address: view.path), path) {
      throw JobError.invalid(what: "\(path) is not overwritten: it is view \"\(view.name)\"", hint: "choose another name")
    }
    if let other = try ImageReaders(of: path, in: store)?.views.first {
      throw JobError.invalid(
        what: "\(path) is not overwritten: it is view \"\(other.name)\" of job \(other.job)", hint: "choose another name")
    }
  }

  private func isTIFF() throws(StorageError) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .io(step: .open, path: path, errno: errno) }
    defer { close(descriptor) }
    var head = [UInt8](repeating: 0, count: 4)
    guard read(descriptor, &head, 4) == 4 else { return false }
    return ["II*\0", "MM\0*", "II+\0", "MM\0+"].contains { Array($0.utf8) == head }
  }
}
