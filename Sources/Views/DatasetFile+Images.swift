import Diagnostics
import Files
import Foundation
import Geometry
import JSON
import Store
import Threads
import Zarr

/// Images that nothing but their own metadata places: one, a folder of them, or a list of paths.
extension DatasetFile {
  init(image path: String) {
    self.init(path: path, entries: [Self.entry(path, FilePath.lastComponent(of: path))], digest: ImageFolder.digest([path]))
  }

  /// Every image directly in a folder, or those that it lists itself. Files of one OME-TIFF of several are one image.
  init(imageFolder path: String) throws(ViewsError) {
    if let format = ForeignFormat.of(folder: path) { throw .formatForeign(view: nil, path: path, format: format) }
    let layout = try ImageFolder.layout(path)
    let candidates = try ImageFolder.candidates(path)
    let contents = parallelMap(count: candidates.count, threads: nil) { i in
      Self.content(of: ImageCandidate(candidates[i]))
    }
    var (images, others, taken) = ([String](), [String](), Set<String>())
    for (candidate, content) in zip(candidates, contents) {
      switch content {
      // one that is listed is an image, or told what is wrong with it
      case .other where layout == nil: others.append(FilePath.lastComponent(of: candidate))
      case .other where !taken.contains(candidate): images.append(candidate)
      case .image(let files) where !taken.contains(candidate):
        images.append(candidate)
        taken.formUnion(files)
      default: break
      }
    }
    let datasets = try Self.datasetFiles(in: path)
    guard !images.isEmpty else {
      for name in try ImageFolder.names(path) {
        guard let format = ForeignFormat.of(folder: "\(path)/\(name)") else { continue }
        throw .formatForeign(view: nil, path: "\(path)/\(name)", format: format)
      }
      if let layout { throw .layoutWithoutImages(path: path, unwrittenWells: layout.unwrittenWells.count) }
      throw .folderWithoutImages(path: path, datasets: datasets)
    }
    var entries = zip(images, Self.names(images)).map(Self.entry)
    let origins = others.isEmpty ? try BioFormatsPositions.origins(of: images, in: path) : nil
    if let origins { for i in entries.indices { entries[i].origin = origins[i] } }
    self.init(path: path, entries: entries, digest: try ImageFolder.digest(candidates, in: path))
    (isPlacedByImages, listedFolder, otherDatasets) = (true, path, datasets)
    isPlate = layout?.wells.isEmpty == false
    if let layout { notes += try Self.notes(on: layout, in: path) }
    if origins != nil { notes.append("images are placed by the positions in \(BioFormatsPositions.file)") }
    if !others.isEmpty { notes.append("left out, since they are no images: \(Self.some(others))") }
    if !datasets.isEmpty {
      notes.append("images are placed by their own metadata; \(Self.some(datasets)) in the folder not used")
    }
    try checkNames()
  }

  private static func notes(on layout: OMELayout, in path: String) throws(ViewsError) -> [String] {
    var notes: [String] = []
    let unwritten = layout.unwrittenWells.map { FilePath.relative($0, to: path) }
    if !unwritten.isEmpty {
      let wells = counted(unwritten.count, "well was", "wells were")
      notes.append("\(wells) never written and left out, although the plate lists them: \(Self.some(unwritten))")
    }
    let unlisted = try ImageFolder.unlisted(layout, in: path)
    if !unlisted.isEmpty { notes.append("left out, since the metadata of the folder do not list them: \(Self.some(unlisted))") }
    return notes
  }

  /// A path a line, with lines that begin with # left out; or a JSON list of paths.
  init(imageList bytes: [UInt8], path: String) throws(ViewsError) {
    let listed = try Self.paths(bytes, path: path)
    guard !listed.isEmpty else { throw .noViews(path: path) }
    let folder = FilePath.folder(of: path)
    for (field, image) in listed {
      if let problem = PathProblem(image) { throw .noPath(problem, image, path: path, field: field) }
    }
    // one that is missing is said when it is opened; where all are, this is perhaps no list
    func isThere(_ image: String) -> Bool { Place(KnownStores.absolute(image, in: folder)).isThere }
    if let (field, image) = listed.first, !listed.contains(where: { isThere($0.image) }) {
      throw .datasetInvalid(
        path: path, field: field,
        reason: "\"\(image.prefix(80))\" is not the path of an image. A dataset is a dataset.json, the XML of BigStitcher, a "
          + "TileConfiguration.txt, a scene or folder of images, or a list of their paths, one a line")
    }
    self.init(
      path: path, entries: zip(listed.map(\.image), Self.names(listed.map(\.image))).map(Self.entry),
      digest: Digest(bytes).text)
    isPlacedByImages = true
    try checkNames()
  }

  /// What the first format that knows a candidate says of it. Each is asked once at most, since it may open the file.
  private static func content(of candidate: ImageCandidate) -> FolderContent {
    for reader in ImageFormat.readers {
      if let content = reader.content(of: candidate) { return content }
    }
    return .image(files: [])
  }

  private static func entry(_ path: String, _ name: String) -> DatasetEntry { DatasetEntry(name: name, path: path) }

  private static func paths(_ bytes: [UInt8], path: String) throws(ViewsError) -> [(field: String, image: String)] {
    func invalid(_ field: String, _ reason: String) -> ViewsError { .datasetInvalid(path: path, field: field, reason: reason) }
    if bytes.first(where: { $0 > 0x20 && ![0xEF, 0xBB, 0xBF].contains($0) }) == UInt8(ascii: "[") {
      let list: [JSONValue]
      do throws(JSONError) { list = try JSONValue.parse(bytes).array ?? [] } catch {
        throw .datasetUnreadable(path: path, why: .json(error))
      }
      var paths: [(String, String)] = []
      for (i, json) in list.enumerated() {
        guard let image = json.string, !image.isEmpty, !image.utf8.contains(0) else {
          throw invalid("entry \(i)", "a list of images has their paths only; views are an object: {\"views\": […]}")
        }
        paths.append(("entry \(i)", image))
      }
      return paths
    }
    guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
      throw .datasetUnsupported(
        path: path, field: "byte 0", what: "a file of this kind",
        hint: "give a dataset.json, the XML of BigStitcher, a TileConfiguration.txt, a TIFF file, an OME-Zarr, a folder of "
          + "images, or a list of their paths")
    }
    var paths: [(String, String)] = []
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
    for (i, raw) in lines.enumerated() {
      let line = raw.trimmingCharacters(in: .whitespaces.union(["\u{FEFF}"]))
      if line.isEmpty || line.hasPrefix("#") { continue }
      paths.append(("line \(i + 1)", line))
    }
    return paths
  }

  /// Files that would be datasets themselves, registered places before those that were planned.
  private static func datasetFiles(in path: String) throws(ViewsError) -> [String] {
    let names = try ImageFolder.names(path).filter { name in
      let name = name.lowercased()
      return name == "dataset.json" || name == "dataset.xml" || name.hasPrefix("tileconfiguration")
    }
    return names.filter { $0.contains("registered") } + names.filter { !$0.contains("registered") }
  }

  private static func some(_ names: [String]) -> String {
    nameList(names, limit: 5, isQuoted: false)
  }
}
