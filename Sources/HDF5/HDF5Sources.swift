import CHDF5
import Files
import Foundation
import Zarr

/// The other files that voxels of a data set come from: data sets that a virtual one is put together from, and raw files of
/// an external one. libhdf5 reads what is missing of them as the fill value or as 0, so it is asked for at once, and again
/// after every read: of the files only from which voxels of what was read may come, since there may be thousands.
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
      // libhdf5 opens raw files itself, and would wait for what has no end
      try onStorage { () throws(StorageError) in try RegularFile.check(path) }
      self.path = path
      (device, inode, byteCount) = (UInt64(status.st_dev), UInt64(status.st_ino), Int64(status.st_size))
    }
  }

  /// A part of the data set, and the files that its voxels come from.
  private struct Part: Sendable {
    /// The first and the last voxel along each axis; nil if the part has no known end.
    var box: (lower: [UInt64], upper: [UInt64])?
    /// Their places in `seen`.
    var files: [Int]

    func mayHold(_ first: [UInt64], _ count: [UInt64]) -> Bool {
      guard let box else { return true }
      return box.lower.indices.allSatisfy { box.lower[$0] < first[$0] + count[$0] && first[$0] <= box.upper[$0] }
    }
  }

  private let seen: [Sight]
  private let parts: [Part]

  /// The absolute paths of the files.
  var files: [String] { seen.map(\.path) }

  /// No other files.
  init() { (seen, parts) = ([], []) }

  /// - Parameter byteCount: the bytes of all voxels.
  init(of dataset: HDF5Dataset, _ inner: String, byteCount: UInt64) throws(ZarrError) {
    let sources = try Self.sources(of: dataset, inner, byteCount: byteCount, depth: 0)
    var seen: [Sight] = []
    var places: [String: Int] = [:]
    for path in Set(sources.flatMap(\.files)).sorted() {
      places[path] = seen.count
      seen.append(try Sight(path))
    }
    self.seen = seen
    parts = sources.map { source in Part(box: source.box, files: source.files.compactMap { places[$0] }) }
  }

  /// The reason why a box that was just read may not be what the files had; nil if all that it comes from are still there and
  /// as long as before.
  ///
  /// - Parameters:
  ///   - first: the first voxel of the box; as `count` with a number for each axis, or more.
  func problem(first: [UInt64], count: [UInt64]) throws(ZarrError) -> String? {
    let files = Set(parts.filter { $0.mayHold(first, count) }.flatMap(\.files))
    for before in files.sorted().map({ seen[$0] }) {
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

  /// The sources of a data set with their files.
  private static func sources(
    of dataset: HDF5Dataset, _ inner: String, byteCount: UInt64, depth: Int
  ) throws(ZarrError) -> [Source] {
    let place = "\(dataset.path), \(inner)"
    guard depth < maximumDepth else { throw .metadataInvalid(path: place, reason: "it is put together from itself") }
    var sources: [Source] = []
    var known: [[String]: Set<String>] = [:]
    var left = byteCount
    for var source in try list(dataset, place: place) {
      if source.dataset.isEmpty {
        let part = min(left, source.byteCount)
        source.files = [try rawFile(source, needed: part, dataset, place: place)]
        left -= part
      } else if source.isPattern {
        continue
      } else {
        let key = [source.file, source.dataset]
        if let files = known[key] {
          source.files = files
        } else {
          source.files = try virtualFiles(source, of: dataset, place: place, depth: depth)
          known[key] = source.files
        }
      }
      sources.append(source)
    }
    return sources
  }

  private struct Source {
    var file: String
    var dataset: String
    var offset: UInt64
    var byteCount: UInt64
    /// The part of the data set that a virtual one takes from it; nil if it has no known end.
    var box: (lower: [UInt64], upper: [UInt64])?
    /// The files that its voxels are in, with absolute paths.
    var files: Set<String> = []

    /// Names of a series without an end have the number of a block in them; the series ends with them.
    var isPattern: Bool { [file, dataset].contains { $0.replacingOccurrences(of: "%%", with: "").contains("%") } }

    init(_ source: chdf5_source) {
      (file, dataset) = (Self.text(source.file), Self.text(source.dataset))
      (offset, byteCount) = (source.offset, source.byte_count)
      let rank = Int(source.rank)
      box = rank == 0 ? nil : (Self.numbers(source.lower, rank), Self.numbers(source.upper, rank))
    }

    private static func text<Tuple>(_ letters: Tuple) -> String {
      withUnsafeBytes(of: letters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private static func numbers<Tuple>(_ numbers: Tuple, _ rank: Int) -> [UInt64] {
      withUnsafeBytes(of: numbers) { Array($0.bindMemory(to: UInt64.self).prefix(rank)) }
    }
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
        sources.append(Source(source))
      }
      return (sources, nil)
    }
    if let problem { throw .metadataInvalid(path: place, reason: "its sources are not known: \(problem)") }
    return sources
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
      let folders =
        prefixes("HDF5_VDS_PREFIX", dataset) + [parentFolder(of: dataset.path), currentFolder, parentFolder(of: real(dataset.path))]
      // where libhdf5 looks, in its order
      let paths = (isAbsolute ? [name] : []) + folders.map { $0 + "/" + short }
      guard let path = paths.first(where: { access($0, F_OK) == 0 }) else {
        throw .metadataInvalid(path: place, reason: "voxels of it are in the file \"\(name)\", which is missing", advice: absent)
      }
      found = path
    }
    let file = try HDF5File.open(found)
    guard try file.kind(inner) == .dataset else {
      throw .metadataInvalid(
        path: place, reason: "voxels of it are in \"\(inner)\" of \(found), which has no such data set", advice: absent)
    }
    var info = chdf5_info()
    let opened = try HDF5Dataset(file, inner, info: &info)
    let others = try sources(of: opened, inner, byteCount: HDF5Array.byteCount(info), depth: depth + 1)
    return Set([found]).union(others.flatMap(\.files))
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
