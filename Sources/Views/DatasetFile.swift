import Foundation
import Geometry
import Zarr

/// A dataset file (`{"views": [{"path": …, "transforms": {…}}, …]}`) as text and as entries; images are not looked at.
public struct DatasetFile: Sendable {
  /// Absolute: where the file is, or will be. Relative paths of entries start from its folder.
  public let path: String
  public var entries: [DatasetEntry]
  /// Of the bytes that were read; empty for one that was not read from a file.
  public let digest: String

  public init(path: String, entries: [DatasetEntry]) {
    (self.path, self.entries, digest) = (FilePath.absolute(path), entries, "")
  }

  public var folder: String { FilePath.folder(of: path) }

  public static func read(_ path: String) throws(ViewsError) -> DatasetFile {
    let path = FilePath.absolute(path)
    let bytes = try readBytes(path)
    return try DatasetFile(bytes: bytes, path: path)
  }

  /// The digest of a dataset file as it is now, to tell whether it was edited.
  public static func digest(of path: String) throws(ViewsError) -> String {
    FileBytes.digest(try readBytes(FilePath.absolute(path)))
  }

  private static func readBytes(_ path: String) throws(ViewsError) -> [UInt8] {
    do {
      return try FileBytes.read(path, limit: JSONValue.maximumByteCount)
    } catch {
      throw .datasetUnreadable(path: path, why: error)
    }
  }

  /// From the bytes of a file that is at `path`.
  package init(bytes: [UInt8], path: String) throws(ViewsError) {
    let json: JSONValue
    do {
      json = try JSONValue.parse(bytes)
    } catch {
      throw .datasetUnreadable(path: path, why: error)
    }
    guard let object = json.object, let views = object["views"]?.array else {
      throw .datasetInvalid(path: path, field: "views", reason: "the file is not an object with a list of \"views\"")
    }
    if let extra = object.keys.filter({ $0 != "views" }).min() {
      throw .unknownKey(
        path: path, field: "dataset", key: extra, nearest: nearestName(to: extra, among: ["views"]), known: ["views"])
    }
    if views.isEmpty { throw .noViews(path: path) }
    var entries: [DatasetEntry] = []
    entries.reserveCapacity(views.count)
    var names = Set<String>(minimumCapacity: views.count)
    for (i, view) in views.enumerated() {
      let entry = try DatasetEntry(view, index: i, file: path)
      guard names.insert(entry.name).inserted else { throw .duplicateName(path: path, name: entry.name) }
      entries.append(entry)
    }
    (self.path, self.entries, digest) = (path, entries, FileBytes.digest(bytes))
  }

  /// The file's text, one view a line; the same entries give the same bytes.
  public func serialized() -> Data {
    var text = Data("{\"views\": [\n".utf8)
    for (i, entry) in entries.enumerated() {
      if i > 0 { text.append(Data(",\n".utf8)) }
      text.append(Data("  ".utf8))
      text.append(entry.json.serialized(pretty: false))
    }
    text.append(Data("\n]}\n".utf8))
    return text
  }

  /// Writes the file at `path`, in place of what is there.
  public func write() throws(ViewsError) {
    do {
      try writeFileAtomically(serialized(), to: path, sync: true)
    } catch {
      throw .datasetUnwritable(path: path, why: error)
    }
  }
}

extension DatasetFile {
  /// What was loaded, as a file at `path` that loads as the same views.
  public init(_ dataset: Dataset, path: String) {
    self.init(path: path, entries: [])
    let folder = folder
    entries = dataset.views.map { view in
      let finest = view.levels[0]
      let lanes = finest.axes.compactMap { axis in axis.spaceLane.map { (axis, $0) } }
      var entry = DatasetEntry(name: view.name, path: FilePath.relative(view.path, to: folder))
      if view.details.isPlacedByDataset {
        entry.axes = finest.axes
        entry.spacing = Dictionary(uniqueKeysWithValues: lanes.map { ($0, finest.stack.spacing[$1]) })
        entry.origin = Dictionary(uniqueKeysWithValues: lanes.map { ($0, finest.stack.origin[$1]) })
      }
      entry.transforms = view.transforms.mapValues { transform in
        switch transform {
        case .constant(let map): .constant(map.matrix(is3D: dataset.is3D))
        case .perTime(let maps):
          // back to the view's own order
          .perTime(
            zip(view.timeIndices, maps).sorted { $0.0 < $1.0 }.map { $1.matrix(is3D: dataset.is3D) })
        }
      }
      (entry.scale, entry.offset) = (view.intensityScale, view.intensityOffset)
      return entry
    }
  }
}

extension AffineMap {
  /// Homogeneous: 4 x 4, or 3 x 3 in 2D.
  fileprivate func matrix(is3D: Bool) -> [[Double]] {
    is3D ? homogeneous : homogeneous.dropFirst().map { Array($0.dropFirst()) }
  }
}
