import CHDF5
import Files
import Foundation
import Zarr

/// The other files that voxels of a data set come from: data sets that a virtual one is put together from, and raw files of
/// an external one. libhdf5 reads what is missing of them as the fill value or as 0, so it is asked for at once, and again
/// after every read.
struct HDF5Sources: Sendable {
  /// A file as it was when the data set was opened.
  private struct Sight: Sendable {
    var path: String
    var device: UInt64
    var inode: UInt64
    var byteCount: Int64

    init(_ path: String) throws(ZarrError) {
      var status = stat()
      guard stat(path, &status) == 0 else { throw .storage(.io(step: .stat, path: path, errno: errno)) }
      self.path = path
      (device, inode, byteCount) = (UInt64(status.st_dev), UInt64(status.st_ino), Int64(status.st_size))
    }
  }

  private let seen: [Sight]

  /// Absolute paths.
  var files: [String] { seen.map(\.path) }

  /// There are none.
  init() { seen = [] }

  /// - Parameter byteCount: of all voxels.
  init(of dataset: HDF5Dataset, _ inner: String, byteCount: UInt64) throws(ZarrError) {
    var seen: [Sight] = []
    for path in try Self.files(of: dataset, inner, byteCount: byteCount, depth: 0) { seen.append(try Sight(path)) }
    self.seen = seen
  }

  /// Why what was just read may not be what the files had; nil where all of them are still there and as long as before.
  func problem() throws(ZarrError) -> String? {
    for before in seen {
      let now: Sight
      do throws(ZarrError) { now = try Sight(before.path) } catch {
        guard case .storage(.io(_, _, ENOENT)) = error else { throw error }
        return "voxels of it are in the file \(before.path), which is missing"
      }
      guard (now.device, now.inode) == (before.device, before.inode) else {
        return "voxels of it are in the file \(before.path), which was replaced while it was in use"
      }
      guard now.byteCount >= before.byteCount else {
        return "voxels of it are in the file \(before.path), which ends at byte \(now.byteCount) and had \(before.byteCount) bytes"
      }
    }
    return nil
  }

  // MARK: -

  private static let absent = "put that file where it was when the data set was made: beside this file, or at its absolute path"

  /// Sources may be virtual themselves.
  private static let maximumDepth = 16

  private static func files(
    of dataset: HDF5Dataset, _ inner: String, byteCount: UInt64, depth: Int
  ) throws(ZarrError) -> [String] {
    let place = "\(dataset.path), \(inner)"
    guard depth < maximumDepth else { throw .metadataInvalid(path: place, reason: "it is put together from itself") }
    var files: Set<String> = []
    var seen: Set<[String]> = []
    var left = byteCount
    for source in try list(dataset, place: place) {
      if source.dataset.isEmpty {
        let part = min(left, source.byteCount)
        try files.insert(rawFile(source, needed: part, dataset, place: place))
        left -= part
      } else if !source.isPattern, seen.insert([source.file, source.dataset]).inserted {
        files.formUnion(try virtualFiles(source, of: dataset, place: place, depth: depth))
      }
    }
    return files.sorted()
  }

  private struct Source {
    var file: String
    var dataset: String
    var offset: UInt64
    var byteCount: UInt64

    /// Names of a series without an end have the number of a block in them; there it ends where they do.
    var isPattern: Bool { [file, dataset].contains { $0.replacingOccurrences(of: "%%", with: "").contains("%") } }
  }

  private static func list(_ dataset: HDF5Dataset, place: String) throws(ZarrError) -> [Source] {
    let (sources, problem) = HDF5Library.inTurn { () -> ([Source], String?) in
      let creation = chdf5_open_creation(dataset.handle)
      guard creation >= 0 else { return ([], String(cString: chdf5_error())) }
      defer { chdf5_close_creation(creation) }
      let count = chdf5_source_count(creation)
      guard count >= 0 else { return ([], String(cString: chdf5_error())) }
      var sources: [Source] = []
      var source = chdf5_source()
      for i in 0..<count {
        guard chdf5_source(creation, i, &source) >= 0 else { return ([], String(cString: chdf5_error())) }
        sources.append(
          Source(file: text(source.file), dataset: text(source.dataset), offset: source.offset, byteCount: source.byte_count))
      }
      return (sources, nil)
    }
    if let problem { throw .metadataInvalid(path: place, reason: "its sources are not known: \(problem)") }
    return sources
  }

  private static func text<Tuple>(_ letters: Tuple) -> String {
    withUnsafeBytes(of: letters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  // MARK: -

  private static func virtualFiles(
    _ source: Source, of dataset: HDF5Dataset, place: String, depth: Int
  ) throws(ZarrError) -> Set<String> {
    let (name, inner) = (plain(source.file), plain(source.dataset))
    var found = dataset.path
    if name != "." {
      let isAbsolute = name.hasPrefix("/")
      let short = isAbsolute ? name.split(separator: "/").last.map(String.init) ?? name : name
      let folders = prefixes("HDF5_VDS_PREFIX", dataset) + [parentFolder(of: dataset.path), currentFolder, parentFolder(of: real(dataset.path))]
      // where libhdf5 looks, in its order
      let paths = (isAbsolute ? [name] : []) + folders.map { $0 + "/" + short }
      guard let path = paths.first(where: { access($0, F_OK) == 0 }) else {
        throw .metadataInvalid(path: place, reason: "voxels of it are in the file \"\(name)\", which is missing", advice: absent)
      }
      found = path
    }
    let file = try HDF5File.open(found)
    guard file.kind(inner) == .dataset else {
      throw .metadataInvalid(path: place, reason: "voxels of it are in \"\(inner)\" of \(found), which has no such data set", advice: absent)
    }
    var info = chdf5_info()
    let opened = try HDF5Dataset(file, inner, info: &info)
    return Set([found]).union(
      try files(of: opened, inner, byteCount: HDF5Array.byteCount(info), depth: depth + 1))
  }

  private static func rawFile(
    _ source: Source, needed: UInt64, _ dataset: HDF5Dataset, place: String
  ) throws(ZarrError) -> String {
    let folder = prefixes("HDF5_EXTFILE_PREFIX", dataset).first ?? currentFolder
    let path = source.file.hasPrefix("/") ? source.file : folder + "/" + source.file
    var status = stat()
    guard stat(path, &status) == 0 else {
      guard errno == ENOENT || errno == ENOTDIR else { throw .storage(.io(step: .stat, path: path, errno: errno)) }
      throw .metadataInvalid(path: place, reason: "voxels of it are in the file \(path), which is missing", advice: absent)
    }
    let (end, isTooLarge) = source.offset.addingReportingOverflow(needed)
    guard !isTooLarge, end <= UInt64(max(0, status.st_size)) else {
      throw .metadataInvalid(
        path: place, reason: "voxels of it are in the file \(path) up to byte \(end), but that ends at byte \(status.st_size)",
        advice: "copy that file again from its source")
    }
    return path
  }

  private static func plain(_ name: String) -> String { name.replacingOccurrences(of: "%%", with: "%") }

  private static var currentFolder: String { FileManager.default.currentDirectoryPath }

  private static func real(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The folders of an environment variable that libhdf5 asks for.
  private static func prefixes(_ variable: String, _ dataset: HDF5Dataset) -> [String] {
    (ProcessInfo.processInfo.environment[variable] ?? "").split(separator: ":").map {
      $0.replacingOccurrences(of: "${ORIGIN}", with: parentFolder(of: dataset.path))
    }
  }
}
