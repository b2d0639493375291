import Diagnostics
import Files
import Foundation
import Fusion
import Geometry
import JobStore
import Output
import Planning
import Views
import Zarr

/// A job frozen for tasks on other hosts: a folder beside the output, `OUT.blockfuse/order-N`.
///
/// `order.sqlite` is a copy of the job's rows, never written again and opened without locks, so that any number of hosts
/// may read it on any file system. Below `level-L/of-N/task-I` are the logs of the attempts at share I of N of level L.
/// A file `withdrawn` tells tasks to stop.
package struct WorkOrder: Sendable {
  package let path: String
  package let record: OrderRecord
  package let store: JobStore
  package let job: JobRecord

  static let fileName = "order.sqlite"
  static let withdrawnName = "withdrawn"

  /// Where the orders of an output are.
  package static func folder(ofOutput path: String) -> String { path + ".blockfuse" }

  /// - Parameter path: the order's folder, or the frozen file in it.
  package init(path given: String) throws {
    var path = FilePath.absolute(given)
    if path.hasSuffix("/" + Self.fileName) { path = FilePath.folder(of: path) }
    guard FileStatus.exists("\(path)/\(Self.fileName)") else {
      throw JobError.invalid(
        what: "there is no work order at \(given)", hint: "`blockfuse order JOB` makes one and prints its path")
    }
    self.path = path
    store = try JobStore.openFrozen("\(path)/\(Self.fileName)")
    record = try store.frozenOrder()
    job = try store.job(record.job)
  }

  /// Why tasks are not to go on with it; nil where they may. Costs a look at one name.
  package static func withdrawal(_ path: String) -> String? {
    FileStatus.exists("\(path)/\(withdrawnName)")
      ? "the work order \(path) was withdrawn or replaced by a newer one, or `run` has completed the job" : nil
  }

  /// Tells tasks to stop; they look before they take more blocks.
  package static func withdraw(_ path: String) throws(JobError) {
    let descriptor = open("\(path)/\(withdrawnName)", O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      // a folder that is gone has no tasks
      if errno == ENOENT || errno == ENOTDIR { return }
      throw .output("cannot write \(path)/\(withdrawnName): \(systemWords(errno))", hint: "check its permissions")
    }
    close(descriptor)
  }

  /// The folder of the logs of a share, relative to the order.
  static func shareFolder(level: Int, share: Int, of count: Int) -> String { "level-\(level)/of-\(count)/task-\(share)" }

  /// Into how many shares a level has been cut by tasks so far.
  package static func shareCounts(_ path: String, level: Int) throws(JobError) -> [Int] {
    try names(in: "\(path)/level-\(level)").compactMap { number($0, after: "of-") }.filter { $0 > 0 }.sorted()
  }

  /// Names in a folder; none where it is not there, as before the first task of a share.
  static func names(in folder: String) throws(JobError) -> [String] {
    do {
      return try FolderListing(folder).names()
    } catch {
      // a stray file is no folder
      if error.isMissing { return [] }
      throw .output(
        "cannot read the folder: \(error)", hint: "make it readable for this user on this host, then do the same again")
    }
  }

  /// Whether the order is where it was made. A folder that cannot be reached is an error.
  package static func isThere(_ path: String) throws(JobError) -> Bool {
    var status = stat()
    if stat("\(path)/\(fileName)", &status) == 0 { return true }
    let number = errno
    if number == ENOENT || number == ENOTDIR { return false }
    throw .output(
      "cannot look at the work order \(path): \(systemWords(number))",
      hint: "make its folder readable for this user on this host, then do the same again")
  }

  static func number(_ name: String, after prefix: String) -> Int? {
    guard name.hasPrefix(prefix) else { return nil }
    return Int(name.dropFirst(prefix.count))
  }
}
