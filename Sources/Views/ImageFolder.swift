import Foundation
import Zarr

/// A folder that holds images: which of its entries may be some, without opening them.
enum ImageFolder {
  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Of the Zarr group that a folder is; nil where it is none.
  static func attributes(_ path: String) throws(ViewsError) -> JSONValue? {
    do throws(ZarrError) { return try readAttributes(ofGroup: path)?.attributes } catch {
      throw .datasetUnreadable(path: path, why: error)
    }
  }

  /// Absolute, in the order of their names with numbers by their value: the images of a folder that lists them itself
  /// (`bioformats2raw`), else every Zarr folder and TIFF file directly in it, by what they are or by their names: one that
  /// was cut short is an image that cannot be opened, and is said to be. Hidden ones do not count.
  static func candidates(_ path: String) throws(ViewsError) -> [String] {
    if try attributes(path) != nil {
      do throws(ZarrError) {
        let listed = try OMEImage.list(path)
        if !listed.isEmpty { return listed }
      } catch { throw .datasetUnreadable(path: path, why: error) }
    }
    let names = try names(path)
    let isThere = parallelMap(count: names.count, threads: nil) { i in isCandidate("\(path)/\(names[i])") }
    return zip(names, isThere).filter(\.1).map { "\(path)/\($0.0)" }
  }

  /// Of the visible entries, sorted.
  static func names(_ path: String) throws(ViewsError) -> [String] {
    let names: [String]
    do throws(ZarrError) {
      names = try FolderListing(path).names().filter { !$0.hasPrefix(".") }
    } catch {
      throw .datasetUnreadable(path: path, why: error)
    }
    return names.map { (key: sortKey($0), name: $0) }.sorted { ($0.key, $0.name) < ($1.key, $1.name) }.map(\.name)
  }

  private static func isCandidate(_ path: String) -> Bool {
    if isFolder(path) {
      // one that has lost its metadata is told, and not left out
      if path.lowercased().hasSuffix(".zarr") { return true }
      return ["zarr.json", ".zattrs", ".zgroup", ".zarray"].contains { FileBytes.isFile("\(path)/\($0)") }
    }
    // so is a file that was cut short
    if [".tif", ".tiff"].contains(where: { path.lowercased().hasSuffix($0) }) { return true }
    return ImageFormat.isTIFF(FileBytes.first(4, of: path))
  }

  /// tile_2 before tile_10.
  private static func sortKey(_ name: String) -> String {
    var (key, digits) = ("", "")
    func number() -> String { digits.isEmpty ? "" : String(repeating: "0", count: max(0, 20 - digits.count)) + digits }
    for character in name {
      if character.isASCII, character.isNumber {
        digits.append(character)
      } else {
        key += number() + String(character)
        digits = ""
      }
    }
    return key + number()
  }

  /// Of what a folder holds, as its views come from it.
  static func digest(_ candidates: [String], in path: String) throws(ViewsError) -> String {
    let positions = path + "/" + BioFormatsPositions.file
    return digest(candidates + (FileBytes.isFile(positions) ? [FileBytes.digest(try DatasetFile.bytes(of: positions))] : []))
  }

  static func digest(_ paths: [String]) -> String { FileBytes.digest(Array(paths.joined(separator: "\n").utf8)) }
}
