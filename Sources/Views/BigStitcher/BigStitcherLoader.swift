import Files
import Foundation
import Geometry
import Store
import Zarr

/// The places of the images of a BigStitcher dataset: its `<ImageLoader>`, of the kinds that can be read block by block.
enum BigStitcherLoader {
  typealias ViewID = BigStitcherFile.ViewID

  /// A folder with `setup0/timepoint0/s0`.
  case n5(folder: String)
  /// A file with `t00000/s00/0/cells`.
  case hdf5(file: String)
  /// An OME-Zarr image for each view.
  case zarr([ViewID: Group], file: BigStitcherFile, place: String)

  struct Group {
    var path: String
    /// Indices along the axes beyond x y z.
    var indices: [Int]
  }

  static let formats = ["bdv.n5", "bdv.multimg.zarr", "bdv.hdf5"]
  /// Versions of bdv.multimg.zarr. 3.1 adds to 3.0 which Zarr the images are, which they say themselves.
  private static let zarrVersions = ["1.0", "2.0", "3.0", "3.1"]

  init(_ element: XMLTree.Element, file: BigStitcherFile) throws(ViewsError) {
    let format = element.attribute("format") ?? ""
    switch format {
    case "bdv.n5":
      self = .n5(folder: try BigStitcherFile.place(file.child("n5", of: element), in: file.base, path: file.path))
    case "bdv.hdf5":
      self = .hdf5(file: try BigStitcherFile.place(file.child("hdf5", of: element), in: file.base, path: file.path))
    case "bdv.multimg.zarr":
      self = try .zarr(Self.groups(element, file: file), file: file, place: file.place(element))
    default:
      throw .datasetUnsupported(
        path: file.path, field: file.place(element), what: "the format \"\(format)\"",
        hint: "the formats \(Self.formats.joined(separator: ", ")) are read; in BigStitcher, resave the dataset as N5 or OME-Zarr "
          + "(BigStitcher-Spark: resave)")
    }
  }

  private static func groups(_ element: XMLTree.Element, file: BigStitcherFile) throws(ViewsError) -> [ViewID: Group] {
    if let bucket = element.child("s3bucket") {
      throw .datasetUnsupported(
        path: file.path, field: file.place(bucket), what: "an image in an S3 bucket",
        hint: "only local files are read; copy the images to a disk and correct the XML")
    }
    let version = element.attribute("version") ?? ""
    guard version.isEmpty || zarrVersions.contains(version) else {
      throw .datasetUnsupported(
        path: file.path, field: file.place(element), what: "version \(version) of bdv.multimg.zarr",
        hint: "the versions \(zarrVersions.joined(separator: ", ")) are read; save the dataset again with one of them")
    }
    let folder = try BigStitcherFile.place(file.child("zarr", of: element), in: file.base, path: file.path)
    var groups: [ViewID: Group] = [:]
    for group in try file.child("zgroups", of: element).children("zgroup") {
      let id = try file.viewID(group, time: version == "1.0" ? "timepoint" : "tp")
      let path = version == "1.0" ? try file.child("path", of: group).text : group.attribute("path") ?? ""
      guard !path.isEmpty else { throw file.invalid(group, "it has no path") }
      if let problem = PathProblem(path) { throw .noPath(problem, path, path: file.path, field: file.place(group)) }
      let indices = (group.attribute("indicies") ?? "").split(whereSeparator: { " ,[]".contains($0) })
      let numbers = indices.compactMap { Int($0) }.filter { $0 >= 0 }
      guard numbers.count == indices.count, numbers.count <= 2 else {
        throw file.invalid(group, "indicies=\"\(group.attribute("indicies") ?? "")\" are not one or two whole numbers")
      }
      let entry = Group(path: KnownStores.absolute(path, in: folder), indices: numbers)
      guard groups.updateValue(entry, forKey: id) == nil else {
        throw file.invalid(group, "there are two for time point \(id.time), setup \(id.setup)")
      }
    }
    return groups
  }

  /// The entry of a view's image; its name and place are still to be given.
  func entry(_ id: ViewID) throws(ViewsError) -> DatasetEntry {
    switch self {
    case .n5(let folder):
      return DatasetEntry(name: "", path: "\(folder)/setup\(id.setup)/timepoint\(id.time)")
    case .hdf5(let file):
      var entry = DatasetEntry(name: "", path: file)
      entry.dataset = "t\(Self.padded(id.time, 5))/s\(Self.padded(id.setup, 2))"
      return entry
    case .zarr(let groups, let file, let place):
      guard let group = groups[id] else {
        throw .datasetInvalid(
          path: file.path, field: place,
          reason: "there is no zgroup for time point \(id.time), setup \(id.setup), nor is it a MissingView")
      }
      var entry = DatasetEntry(name: "", path: group.path)
      // as BigStitcher takes its own levels, which it writes with a scale only
      entry.averagesLevels = true
      // x y z c t
      for (axis, index) in zip([Axis.c, .t], group.indices) { entry.select[axis] = index }
      return entry
    }
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
