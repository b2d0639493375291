import Files
import Geometry
import JSON
import Store
import Zarr

/// The content of an N5 folder: an array, or a group of levels `s0`, `s1`, … as BigDataViewer writes them.
///
/// The factors of the levels are those of each level's own `downsamplingFactors`, else the list of the group's, or of
/// the folder above it, where BigDataViewer keeps what all time points of a setup share. Levels after one without a
/// factor are left alone.
struct N5ImageFile {
  let path: String
  let levels: [UnplacedLevel]
  /// The metadata files, relative to `path`.
  private let metadataFiles: [String]

  static func open(_ path: String, view: String) throws(ViewsError) -> N5ImageFile {
    do throws(ZarrError) {
      return try N5ImageFile(path)
    } catch {
      throw error.isFileMissing ? .inputMissing(view: view, path: path) : .unreadable(view: view, why: error)
    }
  }

  private init(_ path: String) throws(ZarrError) {
    self.path = path
    let file = N5Array.metadataFile
    let own = try N5Array.attributes(path)
    if own?["dimensions"] != nil {
      levels = [UnplacedLevel(array: try N5Array.open(path), path: path)]
      metadataFiles = [file]
      return
    }
    var factors = try Self.list(own, path + "/" + file)
    var files = [file]
    if factors.isEmpty {
      let above = "../" + file
      factors = try Self.list(try N5Array.attributes(Place(path).above), path + "/" + above)
      files.append(above)
    }
    var levels: [UnplacedLevel] = []
    for i in 0..<64 {
      let folder = "\(path)/s\(i)"
      guard i == 0 || Place(folder + "/" + file).isObject else { break }
      let array = try N5Array.open(folder)
      let mine = try Self.factor(array.attributes["downsamplingFactors"], folder + "/" + file)
      guard let factor = mine ?? (i < factors.count ? factors[i] : i == 0 ? .one : nil) else { break }
      guard levels.isEmpty || array.shape.count == levels[0].array.shape.count else {
        throw .metadataInvalid(path: folder + "/" + file, reason: "it has other dimensions than level s0")
      }
      levels.append(UnplacedLevel(array: array, path: folder, factor: factor))
      files.append("s\(i)/" + file)
    }
    (self.levels, metadataFiles) = (levels, files)
  }

  private static func list(_ attributes: JSONValue?, _ file: String) throws(ZarrError) -> [Vector3] {
    guard let list = attributes?["downsamplingFactors"]?.array else { return [] }
    var factors: [Vector3] = []
    for entry in list { factors.append(try factor(entry, file) ?? .one) }
    return factors
  }

  /// A factor along z, y, x, which the file writes with x first.
  private static func factor(_ json: JSONValue?, _ file: String) throws(ZarrError) -> Vector3? {
    guard let json, !json.isNull else { return nil }
    let numbers = json.array?.compactMap(\.double) ?? []
    guard numbers.count == json.array?.count, (2...5).contains(numbers.count),
      numbers.allSatisfy({ $0 >= 1 && $0 <= 1e9 })
    else { throw .metadataInvalid(path: file, reason: "\"downsamplingFactors\" are not numbers from 1 up") }
    return Vector3(numbers.count > 2 ? numbers[2] : 1, numbers[1], numbers[0])
  }

  var fingerprint: Fingerprint { Fingerprint(unplaced: levels, files: metadataFiles, path: path, areMetadata: true) }
}
