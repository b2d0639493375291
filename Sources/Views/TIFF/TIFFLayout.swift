import CTiffReader
import Geometry
import Zarr

/// How the voxels of a plane are kept in a TIFF file, and in what pieces they are read.
///
/// A piece is a tile; or, of an image in strips, so many rows that it is of a sensible size: several strips together, or,
/// where nothing is compressed, any number of rows, whatever the strips are.
struct TIFFLayout: Sendable {
  enum Pieces: Sendable, Hashable {
    case tiles
    /// Strips in each piece.
    case strips(count: Int)
    /// Read as they are in the file, without libtiff.
    case rows
  }

  /// Of the first page, which all others are like.
  let tags: ctiff_directory
  let elementType: ElementType
  let pieces: Pieces
  /// Of a piece.
  let rowCount: Int
  let columnCount: Int

  /// Pixels in a unit of length, where the tags say so.
  let resolution: [Axis: Double]
  var isResolutionInCentimetres: Bool { tags.resolution_unit == 3 }
  var compression: Int { Int(tags.compression) }
  var compressionName: String { TIFFLayout.compressionName(tags.compression) }
  var width: Int { Int(tags.width) }
  var height: Int { Int(tags.height) }
  var sampleCount: Int { Int(tags.samples) }
  /// The first three samples of a pixel are red, green and blue, and not merely beside each other.
  var isRGB: Bool { sampleCount >= 3 && (tags.photometric == 2 || tags.photometric == 6) }
  /// The fourth is how opaque a pixel is.
  var hasOpacity: Bool { isRGB && sampleCount == 4 && (tags.extra_sample == 1 || tags.extra_sample == 2) }
  /// What the samples of a pixel are.
  var sampleNames: [String] {
    let colors = isRGB ? ["red", "green", "blue"] + (hasOpacity ? ["alpha"] : []) : []
    return colors + (colors.count..<max(colors.count, sampleCount)).map { "sample \($0 + 1)" }
  }
  /// `rrggbb` of each; what is no light is black.
  var sampleColors: [String?] {
    let colors: [String?] = isRGB ? ["ff0000", "00ff00", "0000ff"] + (hasOpacity ? ["000000"] : []) : []
    return colors + [String?](repeating: nil, count: max(0, sampleCount - colors.count))
  }
  /// The samples of a pixel lie beside each other, so a piece has all of them.
  var isInterleaved: Bool { tags.planar == 1 || sampleCount == 1 }
  /// In one piece.
  var pieceSampleCount: Int { isInterleaved ? sampleCount : 1 }
  var pieceByteCount: Int { rowCount * columnCount * pieceSampleCount * elementType.byteCount }
  /// Of a strip's row as the file has it.
  var rowByteCount: Int { width * pieceSampleCount * elementType.byteCount }
  /// Of one plane as the file has it, without compression, all samples.
  var planeByteCount: Int { width * height * sampleCount * elementType.byteCount }
  var stripRowCount: Int { Int(tags.block_height) }
  /// Tiles or strips of one plane; of each sample where they are apart.
  var blocksPerSample: Int { max(1, Int(tags.block_count) / (isInterleaved ? 1 : sampleCount)) }
  var tilesAcross: Int { (width + columnCount - 1) / columnCount }

  /// Pieces of strips have about so many bytes.
  private static let pieceTarget = 512 << 10
  /// Decoded; what cannot be read in parts must fit into memory whole.
  private static let maximumPieceByteCount = 1 << 30

  init(_ tags: ctiff_directory, path: String) throws(TIFFError) {
    func unsupported(_ feature: String, _ advice: String = TIFFLayout.resave) -> TIFFError {
      .unsupported(path: path, feature: feature, advice: advice)
    }
    func damaged(_ reason: String) -> TIFFError { .damaged(path: path, place: "directory 0", reason: reason) }
    self.tags = tags
    resolution = [Axis.y: tags.y_resolution, .x: tags.x_resolution].filter { $0.value > 0 && $0.value.isFinite }
    guard tags.width > 0, tags.height > 0, tags.width < 1 << 31, tags.height < 1 << 31, tags.samples > 0 else {
      throw damaged("it has \(tags.width) x \(tags.height) pixels of \(tags.samples) samples")
    }
    guard tags.depth <= 1 else { throw unsupported("a plane of \(tags.depth) slices (ImageDepth)") }
    elementType = try TIFFLayout.elementType(tags, unsupported)
    let name = TIFFLayout.compressionName(tags.compression)
    guard ctiff_can_decode(tags.compression) != 0 else { throw unsupported("\(name) compression") }
    switch tags.photometric {
    case 0, 1, 2, 3: break
    case 6 where tags.compression == 7: break
    default:
      throw unsupported("a plane of colour kind \(tags.photometric) (PhotometricInterpretation)")
    }
    guard tags.block_width > 0, tags.block_height > 0, tags.block_byte_count > 0, tags.block_count > 0 else {
      throw damaged("its tiles or strips have no size")
    }
    let samples = tags.planar == 1 || tags.samples == 1 ? Int(tags.samples) : 1
    let isRaw = tags.compression == 1 && tags.fill_order == 1
    let (width, height, stripRows) = (Int(tags.width), Int(tags.height), Int(tags.block_height))
    let row = width.multipliedReportingOverflow(by: samples * elementType.byteCount)
    guard !row.overflow, !row.partialValue.multipliedReportingOverflow(by: height * Int(tags.samples)).overflow else {
      throw damaged("it has \(width) x \(height) pixels")
    }
    let wantedRows = max(1, min(height, TIFFLayout.pieceTarget / row.partialValue))
    if tags.is_tiled != 0 {
      (pieces, rowCount, columnCount) = (.tiles, Int(tags.block_height), Int(tags.block_width))
    } else if isRaw {
      (pieces, rowCount, columnCount) = (.rows, wantedRows, width)
    } else {
      let count = max(1, wantedRows / stripRows)
      (pieces, rowCount, columnCount) = (.strips(count: count), count * stripRows, width)
    }
    let piece = rowCount.multipliedReportingOverflow(by: columnCount)
    guard !piece.overflow, piece.partialValue <= TIFFLayout.maximumPieceByteCount / (samples * elementType.byteCount) else {
      let kind = tags.is_tiled != 0 ? "tile" : isRaw ? "row" : "strip"
      throw unsupported("a \(kind) of \(columnCount) x \(rowCount) pixels", "save the file again in tiles of about 512 x 512")
    }
    // what libtiff decodes must be what there is room for
    if case .rows = pieces { return }
    let block = columnCount * stripRows * samples * elementType.byteCount
    guard tags.block_byte_count == UInt64(block) else {
      throw unsupported("a layout where a tile or strip has \(tags.block_byte_count) bytes instead of \(block)")
    }
  }

  static let resave = "save the file again as OME-TIFF, uncompressed or with deflate, LZW or zstd"

  private static func elementType(
    _ tags: ctiff_directory, _ unsupported: (String, String) -> TIFFError
  ) throws(TIFFError) -> ElementType {
    switch (tags.format, tags.bits) {
    case (1, 8), (4, 8): return .uint8
    case (1, 16), (4, 16): return .uint16
    case (1, 32), (4, 32): return .uint32
    case (1, 64), (4, 64): return .uint64
    case (2, 8): return .int8
    case (2, 16): return .int16
    case (2, 32): return .int32
    case (2, 64): return .int64
    case (3, 16): return .float16
    case (3, 32): return .float32
    case (3, 64): return .float64
    case (5, _), (6, _): throw unsupported("an image of complex numbers", "save its magnitude as a TIFF of its own")
    default:
      let kind = tags.format == 3 ? "floating point" : tags.format == 2 ? "signed" : "unsigned"
      throw unsupported(
        "\(kind) samples of \(tags.bits) bits", "save the file again with 8, 16 or 32 bits a sample")
    }
  }

  /// Type, compression, pieces and byte order in one line.
  func summary(isBigEndian: Bool) -> String {
    var words = [elementType.rawValue, compressionName]
    words.append(
      tags.is_tiled != 0 ? "tiles of \(tags.block_height) x \(tags.block_width)" : "strips of \(tags.block_height) rows")
    if tags.samples > 1 { words.append("\(tags.samples) samples\(isInterleaved ? "" : " apart")") }
    words.append(isBigEndian ? "big endian" : "little endian")
    return words.joined(separator: ", ")
  }

  private static func compressionName(_ number: UInt16) -> String {
    switch number {
    case 1: "no"
    case 2, 3, 4: "fax"
    case 5: "LZW"
    case 6: "old JPEG"
    case 7: "JPEG"
    case 8, 32946: "deflate"
    case 32773: "PackBits"
    case 33003, 33004, 33005, 34712: "JPEG 2000"
    case 34892: "lossy JPEG (DNG)"
    case 34887: "LERC"
    case 34925: "LZMA"
    case 50000: "zstd"
    case 50001: "WebP"
    case 22610, 34934: "JPEG XR"
    case 50002, 52546: "JPEG XL"
    default: "unknown (\(number))"
    }
  }
}
