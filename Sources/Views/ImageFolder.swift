import Diagnostics
import Files
import Foundation
import JSON
import Store
import Threads
import Zarr

/// A folder that holds images: which of its entries may be some, without opening them.
enum ImageFolder {
  /// The attributes of the Zarr group that a folder is; nil if it is none.
  static func group(_ path: String) throws(ViewsError) -> GroupAttributes? {
    do throws(ZarrError) { return try readAttributes(ofGroup: path) } catch {
      throw .datasetUnreadable(path: path, why: error)
    }
  }

  /// The list in the metadata of a folder of bioformats2raw, of a plate or of a well; nil if there is none.
  static func layout(_ path: String) throws(ViewsError) -> OMELayout? {
    do throws(ZarrError) { return try OMELayout(path) } catch { throw .datasetUnreadable(path: path, why: error) }
  }

  /// Absolute paths in the order of their names, with numbers by their value: the images of a folder that lists them itself, else
  /// every entry that a format takes for one of its own, by what it is or by its name: one that was cut short is an image
  /// that cannot be opened, and is said to be. Hidden ones do not count.
  static func candidates(_ path: String) throws(ViewsError) -> [String] {
    if let layout = try layout(path) { return layout.images }
    let names = try names(path)
    let isThere = parallelMap(count: names.count, threads: nil) { i in
      let candidate = ImageCandidate("\(path)/\(names[i])")
      return ImageFormat.readers.contains { $0.mayBe(candidate) }
    }
    return zip(names, isThere).filter(\.1).map { "\(path)/\($0.0)" }
  }

  /// The names of the visible entries, sorted.
  static func names(_ path: String) throws(ViewsError) -> [String] {
    let entries: [StoreEntry]
    do throws(StorageError) {
      entries = try Place(path).entries().filter { !$0.name.hasPrefix(".") }
    } catch {
      throw .datasetUnreadable(path: path, why: .storage(error))
    }
    if let foreign = entries.first(where: { !$0.isText }) {
      throw .pathUnusable(
        path: path, field: foreign.name, what: "the name is not UTF-8, so that the image cannot be found by it",
        hint: "rename it, such as with `convmv -f latin1 -t utf8 --notest`, or move it out of the folder")
    }
    return entries.map(\.name).map { (key: sortKey($0), name: $0) }.sorted { ($0.key, $0.name) < ($1.key, $1.name) }.map(\.name)
  }

  /// Images and wells in a folder that it does not list, relative to it.
  static func unlisted(_ layout: OMELayout, in path: String) throws(ViewsError) -> [String] {
    let listed = Set(layout.images).union(layout.wells)
    var folders = [path]
    for well in layout.wells where !layout.unwrittenWells.contains(well) { folders += [FilePath.folder(of: well), well] }
    for image in layout.images { folders.append(FilePath.folder(of: image)) }
    if !layout.wells.isEmpty {
      // rows without a listed well
      for name in try names(path) where name != "OME" && Place("\(path)/\(name)").isFolder { folders.append("\(path)/\(name)") }
    }
    var (seen, found) = (Set<String>(), [String]())
    for folder in folders where seen.insert(folder).inserted && Place(folder).isFolder {
      for name in try names(folder) {
        let entry = "\(folder)/\(name)"
        guard !listed.contains(entry), Place(entry).isFolder, isImageOrWell(entry) else { continue }
        found.append(FilePath.relative(entry, to: path))
      }
    }
    return found
  }

  /// Whether attributes say so; a folder whose attributes cannot be read may be one.
  private static func isImageOrWell(_ folder: String) -> Bool {
    do {
      guard let ome = try group(folder)?.ome else { return false }
      return ome["multiscales"] != nil || ome["well"] != nil
    } catch { return true }
  }

  /// A text by which tile_2 is sorted before tile_10.
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

  /// The digest of what a folder holds, as its views come from it.
  static func digest(_ candidates: [String], in path: String) throws(ViewsError) -> String {
    let positions = path + "/" + BioFormatsPositions.file
    return digest(candidates + (Place(positions).isObject ? [Digest(try DatasetFile.bytes(of: positions)).text] : []))
  }

  static func digest(_ paths: [String]) -> String { Digest(Array(paths.joined(separator: "\n").utf8)).text }
}
