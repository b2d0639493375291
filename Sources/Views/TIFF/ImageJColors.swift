/// The colours in which ImageJ shows the channels of a TIFF file: those of its look-up tables, if it wrote some.
extension ImageJDescription {
  /// A colour `rrggbb` for each channel; nil if the file has only grey ones, and no mode that implies others.
  func colors(_ handle: TIFFHandle, channelCount: Int) -> [String?]? {
    let tables = ImageJTables(handle)
    if tables.colors.count == channelCount { return tables.colors }
    if channelCount == 1 {
      return handle.paletteEnds.map { [ImageJTables.color(first: $0.first, last: $0.last)] }
    }
    guard ["composite", "color"].contains(mode), channelCount <= Self.standard.count else { return nil }
    return Array(Self.standard.prefix(channelCount))
  }

  /// The colours that ImageJ gives the channels of an image with several when nobody chose others.
  private static let standard = ["ff0000", "00ff00", "0000ff", "ffffff", "00ffff", "ff00ff", "ffff00"]
}

/// The tables that ImageJ keeps beside its description, in two tags: all pieces one after the other, and the length of each. The first
/// piece lists the kinds that follow, and how many there are of each.
private struct ImageJTables {
  private static let tableByteCount = 768

  /// The colours of the channels' look-up tables; what is damaged has none, and costs no voxel.
  var colors: [String?] = []

  init(_ handle: TIFFHandle) {
    guard let bytes = handle.bytes(ofTag: TIFFTag.imageJMetadata), let lengths = handle.numbers(ofTag: TIFFTag.imageJMetadataByteCounts),
      let header = lengths.first.map(Int.init), header >= 12, header <= bytes.count
    else { return }
    // the magic is IJIJ as the file writes its numbers, and so are the kinds
    let isBigEndian = Array(bytes[0..<4]) == Array("IJIJ".utf8)
    guard isBigEndian || Array(bytes[0..<4]) == Array("JIJI".utf8) else { return }
    func word(_ at: Int) -> UInt32 {
      let four = bytes[at..<at + 4]
      return (isBigEndian ? Array(four) : four.reversed()).reduce(0) { $0 << 8 | UInt32($1) }
    }
    let luts = "luts".utf8.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    var (piece, place) = (1, header)
    for entry in stride(from: 4, through: header - 8, by: 8) {
      for _ in 0..<word(entry + 4) {
        guard piece < lengths.count, Int(lengths[piece]) <= bytes.count - place else { return }
        let byteCount = Int(lengths[piece])
        if word(entry) == luts, byteCount == Self.tableByteCount {
          let table = bytes[place..<place + byteCount]
          func entry(_ i: Int) -> [UInt8] { (0..<3).map { table[table.startIndex + $0 * 256 + i] } }
          colors.append(Self.color(first: entry(0), last: entry(255)))
        }
        (piece, place) = (piece + 1, place + byteCount)
      }
    }
  }

  /// The brightest voxels have the last entry's; tables that are inverted end with black.
  static func color(first: [UInt8], last: [UInt8]) -> String? {
    let isInverted = last.allSatisfy { $0 == 0 }
    guard !isInverted || first.contains(where: { $0 > 0 }) else { return nil }
    return (isInverted ? first : last).map { byte in
      let digits = String(byte, radix: 16)
      return digits.count < 2 ? "0" + digits : digits
    }.joined()
  }
}
