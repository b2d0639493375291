import Geometry
import Zarr

/// The text file in which Fiji's Grid/Collection stitching keeps where tiles are: a line a tile, `file; ; (x, y, z)`, in
/// pixels. `TileConfiguration.txt` has the places that were planned, `TileConfiguration.registered.txt` those found.
struct TileConfiguration {
  struct Tile {
    /// The path as written, relative to the file's folder.
    var path: String
    /// The place of the tile's first voxel in pixels: x, y and, in 3D, z.
    var place: [Double]
    /// The number of the line in the file, from 1.
    var line: Int
  }

  /// The number of dimensions, 2 or 3.
  let dimensionCount: Int
  let tiles: [Tile]

  /// Whether a text is a tile configuration: one that says how many dimensions it has.
  static func isOne(_ text: Substring) -> Bool {
    text.split(whereSeparator: \.isNewline).contains { line in
      line.filter { !$0.isWhitespace }.hasPrefix("dim=")
    }
  }

  init(_ text: String, path: String) throws(ViewsError) {
    var dimensionCount: Int?
    var tiles: [Tile] = []
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
    for (i, raw) in lines.enumerated() {
      func invalid(_ reason: String) -> ViewsError {
        .datasetInvalid(path: path, field: "line \(i + 1)", reason: reason)
      }
      let line = TileConfiguration.trimmed(raw)
      if line.hasPrefix("#") || line.count <= 3 { continue }
      if let equals = line.firstIndex(of: "="), !line.contains(";") {
        let key = TileConfiguration.trimmed(line[..<equals])
        let value = TileConfiguration.trimmed(line[line.index(after: equals)...])
        switch key {
        case "dim":
          guard let count = Int(value), count == 2 || count == 3 else {
            throw invalid("dim is \"\(value)\"; tiles in 2 and 3 dimensions are read")
          }
          dimensionCount = count
        case "multiseries":
          guard value.lowercased() != "true" else {
            throw invalid("several series in one file (multiseries = true) are not read; save each series as a file of its own")
          }
        default: throw invalid("\"\(key)\" is neither dim nor multiseries")
        }
        continue
      }
      guard let dimensionCount else { throw invalid("\"dim = 2\" or \"dim = 3\" must come before the tiles") }
      tiles.append(try TileConfiguration.tile(line, number: i + 1, dimensionCount: dimensionCount, invalid))
    }
    guard let dimensionCount else {
      throw .datasetInvalid(path: path, field: "dim", reason: "there is no line \"dim = 2\" or \"dim = 3\"")
    }
    guard !tiles.isEmpty else { throw .noViews(path: path) }
    (self.dimensionCount, self.tiles) = (dimensionCount, tiles)
  }

  private static func tile(
    _ line: Substring, number: Int, dimensionCount: Int, _ invalid: (String) -> ViewsError
  ) throws(ViewsError) -> Tile {
    let fields = line.split(separator: ";", omittingEmptySubsequences: false).map { trimmed($0) }
    guard fields.count == 3, !fields[0].isEmpty, !fields[0].utf8.contains(0) else {
      throw invalid("a tile is \"file; ; (x, y)\": three fields with two semicolons between them")
    }
    if fields[0].hasSuffix(")))") {
      throw invalid("\(fields[0]): series of a file are not read; save each series as a file of its own")
    }
    // a number there means nothing without multiseries, but 0 is the only image that is read
    guard fields[1].isEmpty || Int(fields[1]) == 0 else {
      throw invalid("series \(fields[1]): several series in one file are not read; save each as a file of its own")
    }
    guard fields[2].hasPrefix("("), fields[2].hasSuffix(")") else {
      throw invalid("the place \"\(fields[2])\" is not in parentheses")
    }
    let texts = fields[2].dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false).map { trimmed($0) }
    let place = texts.compactMap { Double($0) }.filter(\.isFinite)
    guard place.count == texts.count, place.count == dimensionCount else {
      throw invalid("the place \(fields[2]) does not have \(dimensionCount) numbers, as dim = \(dimensionCount) says")
    }
    return Tile(path: String(fields[0]), place: place, line: number)
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text
    while let first = text.first, first.isWhitespace || first == "\u{FEFF}" { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return text
  }
}
