import Diagnostics
import Files
import Foundation
import Fusion
import Geometry
import JobStore
import Output
import Planning
import Store
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
  package static func folder(ofOutput path: String) -> String { OutputOwner.folder(ofOutput: path) }

  /// The folders of all orders that an output has had and that are there.
  package static func all(ofOutput path: String) throws(JobError) -> [String] {
    let folder = folder(ofOutput: path)
    return try names(in: folder).filter { number($0, after: "order-") != nil }.sorted().map { "\(folder)/\($0)" }
  }

  /// - Parameter path: the order's folder, or the frozen file in it.
  package init(path given: String) throws {
    var path = KnownStores.absolute(given)
    if path.hasSuffix("/" + Self.fileName) { path = FilePath.folder(of: path) }
    let frozen = Place(path) / Self.fileName
    guard try Self.isThere(path) else {
      throw JobError.invalid(
        what: "there is no work order at \(given)",
        hint: "give the path that `blockfuse order` printed; it makes a work order of the newest job, or of the job that is named")
    }
    self.path = path
    store = try Self.open(frozen)
    record = try store.frozenOrder()
    job = try store.job(record.job)
  }

  /// Why tasks are not to go on with it; nil where they may. Costs a look at one name.
  package static func withdrawal(_ path: String) -> String? {
    (Place(path) / withdrawnName).isThere
      ? "the work order \(path) was withdrawn or replaced by a newer one, or `run` has completed the job" : nil
  }

  package static func advice(afterWithdrawal job: JobID) -> String {
    "start tasks with the newest order; `blockfuse order \(job)` makes one and prints its path"
  }

  /// Tells tasks to stop; they look before they take more blocks.
  package static func withdraw(_ path: String) throws(JobError) {
    // its own folder is not made again if somebody removes it now
    let order = Place(path).forWriting
    let mark = order / withdrawnName
    // a folder that is gone has no tasks, and one that is marked need not be writable
    if order.isMissing || mark.isThere { return }
    do throws(StorageError) {
      try mark.put([])
    } catch {
      if error.isMissing { return }
      throw .output("cannot write \(mark.address): \(systemWords(error.systemNumber ?? EIO))", hint: "check its permissions")
    }
  }

  /// Blocks of a job were set back for an input that changed: what tasks did of these is not to be collected any more.
  package static func close(of job: JobID, in store: JobStore) throws {
    guard let order = try store.openOrder(of: job) else { return }
    try withdraw(order.path)
    try store.closeOrder(order.id)
  }

  /// A file is opened where it is; of other stores a copy, whose name is gone at once.
  private static func open(_ frozen: Place) throws -> JobStore {
    if let path = frozen.filePath { return try JobStore.openFrozen(path) }
    let copy = temporaryPath()
    defer { unlink(copy) }
    try writeFileAtomically(Data(frozen.bytes(limit: .max) ?? []), to: copy, sync: false)
    return try JobStore.openFrozen(copy)
  }

  /// Writes the frozen job of an order into its folder.
  static func freeze(
    _ order: OrderRecord, costs: [(level: Int, brick: Int, costs: [UInt32])], of store: JobStore
  ) throws {
    let frozen = Place(order.path) / fileName
    if let path = frozen.filePath { return try store.freeze(order, costs: costs, to: path) }
    let copy = temporaryPath()
    defer { unlink(copy) }
    try store.freeze(order, costs: costs, to: copy)
    try frozen.put(FileBytes.read(copy, limit: .max))
  }

  private static func temporaryPath() -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("blockfuse-\(UUID().uuidString).sqlite").path
  }

  /// The folder of the logs of a share, relative to the order.
  static func shareFolder(level: Int, share: Int, of count: Int) -> String { "level-\(level)/of-\(count)/task-\(share)" }

  /// Into how many shares a level has been cut by tasks so far.
  package static func shareCounts(_ path: String, level: Int) throws(JobError) -> [Int] {
    try names(in: "\(path)/level-\(level)").compactMap { number($0, after: "of-") }.filter { $0 > 0 }.sorted()
  }

  /// Names in a folder; none where it is not there, as before the first task of a share.
  static func names(in folder: String) throws(JobError) -> [String] {
    do throws(StorageError) {
      return try Place(folder).entries().map(\.name)
    } catch {
      // a stray file is no folder
      if error.isMissing { return [] }
      throw .order(
        "cannot read the folder \(folder)", error, hint: "make it readable for this user on this host, then do the same again")
    }
  }

  /// Whether the order is where it was made. A folder that cannot be reached is an error.
  package static func isThere(_ path: String) throws(JobError) -> Bool {
    do throws(StorageError) {
      return try (Place(path) / fileName).look() != nil
    } catch {
      if error.isMissing { return false }
      throw .order(
        "cannot look at the work order \(path)", error,
        hint: "make its folder readable for this user on this host, then do the same again")
    }
  }

  static func number(_ name: String, after prefix: String) -> Int? {
    guard name.hasPrefix(prefix) else { return nil }
    return Int(name.dropFirst(prefix.count))
  }
}
