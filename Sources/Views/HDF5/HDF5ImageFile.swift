import Geometry
import HDF5
import Zarr

/// One of the images of an HDF5 file: a data set, or a group of levels as BigDataViewer writes them:
/// `t00000/s00/0/cells`, `t00000/s00/1/cells`, …, with the factors of all levels in `s00/resolutions`.
struct HDF5ImageFile {
  let path: String
  let levels: [UnplacedLevel]
  /// The file, and others that its links lead to, or that its data sets are put together from.
  private let files: [String]

  static func open(_ path: String, dataset: String?, view: String) throws(ViewsError) -> HDF5ImageFile {
    let file: HDF5File
    do throws(ZarrError) { file = try HDF5File.open(path) } catch {
      throw error.isFileMissing ? .inputMissing(view: view, path: path) : .unreadable(view: view, why: error)
    }
    let isImaris: Bool
    do throws(ZarrError) { isImaris = try ForeignFormat.isImaris(file) } catch { throw .unreadable(view: view, why: error) }
    if isImaris { throw .formatForeign(view: view, path: path, format: .imaris) }
    guard let dataset else {
      throw .viewInvalid(
        view: view, field: "dataset",
        reason: "\(path) is an HDF5 file, for which the view must say which of its images is meant, such as \"t00000/s00\"")
    }
    do throws(ZarrError) {
      return try HDF5ImageFile(file, dataset)
    } catch {
      throw error.isFileMissing ? .inputMissing(view: view, path: path) : .unreadable(view: view, why: error)
    }
  }

  private init(_ file: HDF5File, _ dataset: String) throws(ZarrError) {
    path = file.path
    switch try file.kind(dataset) {
    case nil: throw HDF5ImageFile.missing("it has no data set or group \"\(dataset)\"", dataset, in: file)
    case .dataset:
      levels = [UnplacedLevel(array: try HDF5ImageFile.open(file, dataset), path: path, dataset: dataset)]
    case .group:
      levels = try HDF5ImageFile.levels(file, dataset)
    }
    let arrays = levels.compactMap { $0.array as? HDF5Array }
    let others = Set(arrays.flatMap { [$0.path] + $0.sourceFiles }).subtracting([path])
    files = [path] + others.sorted()
  }

  private static func missing(_ reason: String, _ dataset: String, in file: HDF5File) -> ZarrError {
    if let link = file.linkedFile(dataset) {
      return .metadataInvalid(
        path: file.path, reason: "\(reason); a link leads to the file \"\(link)\", which is missing or does not have it",
        advice: "put that file there; links are relative to this file")
    }
    guard let problem = file.problem(dataset) else {
      return .metadataInvalid(
        path: file.path, reason: reason, advice: "check the name and that this is the file meant; `h5ls -r \(file.path)` lists what it has")
    }
    // files of a later format look so too
    return .metadataInvalid(
      path: file.path,
      reason: "\"\(dataset)\" is there, but libhdf5 \(hdf5LibraryVersion()) cannot open it (\(problem)): it is "
        + "damaged, or written for later versions only (h5py: libver=\"latest\")",
      advice: "restore the file from its source, or write it again for earlier versions (`h5repack --high=1 IN OUT`)")
  }

  private static func levels(_ file: HDF5File, _ group: String) throws(ZarrError) -> [UnplacedLevel] {
    let setup = group.split(separator: "/").last.map(String.init) ?? ""
    let table = setup + "/resolutions"
    let factors = try file.kind(table) == .dataset ? try file.table(table) : []
    guard factors.allSatisfy({ $0.count == 3 && $0.allSatisfy { $0 >= 1 && $0 <= 1e9 } }) else {
      throw .metadataInvalid(path: file.path, reason: "\(table) are not factors along x y z from 1 up")
    }
    var levels: [UnplacedLevel] = []
    for i in 0..<64 {
      let cells = "\(group)/\(i)/cells"
      // levels after one without a factor are left alone
      let isThere = try file.kind(cells) == .dataset
      guard i == 0 || (i < factors.count && isThere) else { break }
      guard isThere else {
        throw missing("\"\(group)\" is a group, but has no levels such as 0/cells", cells, in: file)
      }
      let array = try open(file, cells)
      guard array.shape.count == 3 else {
        throw .metadataInvalid(
          path: file.path, reason: "\(cells) has \(array.shape.count) dimensions instead of 3",
          advice: "BigDataViewer's images have 3; choose another data set")
      }
      let factor = i < factors.count ? Vector3(factors[i][2], factors[i][1], factors[i][0]) : .one
      levels.append(UnplacedLevel(array: array, path: file.path, dataset: cells, factor: factor))
    }
    return levels
  }

  /// Opens an array. BigDataViewer writes unsigned numbers as signed; data sets of other names are what they say.
  static func open(_ file: HDF5File, _ dataset: String) throws(ZarrError) -> HDF5Array {
    try HDF5Array.open(file, dataset, readsSignedAsUnsigned: dataset.hasSuffix("/cells"))
  }

  /// The file's time changes with every write to any of its images; so this is no more than that they were not touched.
  var fingerprint: Fingerprint { Fingerprint(unplaced: levels, files: files, path: path, areMetadata: false) }
}
