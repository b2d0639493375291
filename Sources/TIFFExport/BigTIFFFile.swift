import Files
import Foundation

/// A BigTIFF file of equal pages in tiles that come in any order: of one page or of several at a time. Its directories follow
/// when all are there, and only then the header leads to them.
///
/// Our own, since libtiff writes one page after the other: a chunk of 256 planes would be decoded 256 times, or its row of
/// chunks be held. What it takes are a header, a list of tags a page and the places of tiles.
struct BigTIFFFile: ~Copyable {
  struct Layout: Sendable {
    var width: Int
    var height: Int
    var tile: (rows: Int, columns: Int)
    var pageCount: Int
    var tilesPerPage: Int
    var pixels: TIFFPixels
    /// Pixels a centimetre along x and y, where that is known.
    var resolution: (x: Double, y: Double)?
    var description: String
    var software: String
  }

  private enum Kind: Int {
    case ascii = 2, short = 3, long = 4, rational = 5, long8 = 16
  }

  private struct Entry {
    let tag: Int
    let kind: Kind
    let count: Int
    /// The value itself, or where it is.
    let value: UInt64
  }

  /// zlib's, by its number in TIFF.
  private static let deflate = 8
  private static let headerByteCount = 16

  private let layout: Layout
  private var file: AtomicFile
  /// Of all tiles, page by page.
  private var offsets: [UInt64]
  private var byteCounts: [UInt64]

  init(target: String, tag: String, layout: Layout) throws(StorageError) {
    var file = try AtomicFile(target: target, tag: tag)
    try file.append(Self.header(leadingTo: 0))
    self.layout = layout
    self.file = file
    offsets = [UInt64](repeating: 0, count: layout.pageCount * layout.tilesPerPage)
    byteCounts = offsets
  }

  /// Bytes that are compressed already.
  mutating func append(_ bytes: UnsafeRawBufferPointer, page: Int, tile: Int) throws(StorageError) {
    let i = page * layout.tilesPerPage + tile
    (offsets[i], byteCounts[i]) = (UInt64(file.byteCount), UInt64(bytes.count))
    try file.append(bytes)
  }

  /// Writes the directories, makes all of it durable and gives it its name. Returns its length; nil where the name was taken
  /// meanwhile and is not to be.
  consuming func finish(overwrites: Bool) throws(StorageError) -> Int? {
    let description = try appendText(layout.description)
    let software = try appendText(layout.software)
    try pad()
    let places = (offsets: file.byteCount, counts: file.byteCount + 8 * offsets.count)
    try append(offsets)
    try append(byteCounts)
    let firstPage = file.byteCount
    for page in 0..<layout.pageCount {
      var entries = entries(page: page, places)
      if page == 0 {
        entries += [
          Entry(tag: 270, kind: .ascii, count: description.count, value: UInt64(description.offset)),
          Entry(tag: 305, kind: .ascii, count: software.count, value: UInt64(software.offset)),
        ]
      }
      let isLast = page == layout.pageCount - 1
      try file.append(directory(entries.sorted { $0.tag < $1.tag }, isLast: isLast))
    }
    try file.replace(Self.header(leadingTo: firstPage), at: 0)
    let byteCount = file.byteCount
    try file.sync()
    let target = file.target
    if overwrites {
      try file.commit()
    } else {
      guard try file.commitIfAbsent() else { return nil }
    }
    try syncFolder(parentFolder(of: target))
    return byteCount
  }

  private static func header(leadingTo offset: Int) -> [UInt8] {
    // little-endian, BigTIFF, offsets of 8 bytes
    Array("II".utf8) + bytes(43, 2) + bytes(8, 2) + bytes(0, 2) + bytes(UInt64(offset), 8)
  }

  private func entries(page: Int, _ places: (offsets: Int, counts: Int)) -> [Entry] {
    func one(_ tag: Int, _ kind: Kind, _ value: Int) -> Entry { Entry(tag: tag, kind: kind, count: 1, value: UInt64(value)) }
    let first = page * layout.tilesPerPage
    func list(_ tag: Int, _ place: Int, _ values: [UInt64]) -> Entry {
      // a single one is its own place
      Entry(
        tag: tag, kind: .long8, count: layout.tilesPerPage,
        value: layout.tilesPerPage == 1 ? values[first] : UInt64(place + 8 * first))
    }
    var entries = [
      one(256, .long, layout.width), one(257, .long, layout.height), one(258, .short, layout.pixels.bitCount),
      one(259, .short, Self.deflate), one(262, .short, 1), one(277, .short, 1), one(284, .short, 1),
      one(322, .long, layout.tile.columns), one(323, .long, layout.tile.rows), list(324, places.offsets, offsets),
      list(325, places.counts, byteCounts), one(339, .short, layout.pixels.format),
    ]
    if let resolution = layout.resolution {
      entries += [
        Entry(tag: 282, kind: .rational, count: 1, value: Self.rational(resolution.x)),
        Entry(tag: 283, kind: .rational, count: 1, value: Self.rational(resolution.y)),
        // centimetre
        one(296, .short, 3),
      ]
    }
    return entries
  }

  private func directory(_ entries: [Entry], isLast: Bool) -> [UInt8] {
    var bytes = Self.bytes(UInt64(entries.count), 8)
    for entry in entries {
      bytes += Self.bytes(UInt64(entry.tag), 2) + Self.bytes(UInt64(entry.kind.rawValue), 2)
      bytes += Self.bytes(UInt64(entry.count), 8) + Self.bytes(entry.value, 8)
    }
    return bytes + Self.bytes(isLast ? 0 : UInt64(file.byteCount + bytes.count + 8), 8)
  }

  /// A fraction of two 32-bit numbers, the first in the lower half.
  private static func rational(_ value: Double) -> UInt64 {
    var denominator = 1.0
    while value * denominator < 1e8, denominator < 1e9 { denominator *= 10 }
    return UInt64((value * denominator).rounded()) | UInt64(denominator) << 32
  }

  /// Longer than a value that stands in its entry.
  private mutating func appendText(_ text: String) throws(StorageError) -> (offset: Int, count: Int) {
    try pad()
    let bytes = Array(text.utf8) + [UInt8](repeating: 0, count: max(1, 9 - text.utf8.count))
    let offset = file.byteCount
    try file.append(bytes)
    return (offset, bytes.count)
  }

  /// TIFF wants even places; multiples of 8 suit numbers.
  private mutating func pad() throws(StorageError) {
    try file.append([UInt8](repeating: 0, count: (8 - file.byteCount % 8) % 8))
  }

  private mutating func append(_ numbers: [UInt64]) throws(StorageError) {
    for start in stride(from: 0, to: numbers.count, by: 1 << 16) {
      try file.append(numbers[start..<min(start + 1 << 16, numbers.count)].flatMap { Self.bytes($0, 8) })
    }
  }

  private static func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }
}
