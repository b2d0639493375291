import CTiffReader
import Geometry
import Zarr

/// The way in which the voxels of a plane are kept in a TIFF file, and the pieces in which they are read.
///
/// A piece is a tile, or a part of a large one that is not compressed; or, of an image in strips, so many rows that it is of a sensible size: several strips together, or,
/// if nothing is compressed, any number of rows, whatever the strips are.
struct TIFFLayout: Sendable {
  enum Pieces: Sendable, Hashable {
    case tiles
    /// Read as they are in the file, without libtiff.
    case partsOfTiles(ChunkParts)
    /// Strips in each piece.
    case strips(count: Int)
    /// Read as they are in the file, without libtiff.
    case rows
  }

  /// The directory of the first page, which all others are like.
  let tags: ctiff_directory
  let elementType: ElementType
  private(set) var pieces: Pieces
  /// Rows and columns of a piece.
  private(set) var rowCount: Int
  private(set) var columnCount: Int

  /// Pixels in a unit of length, as far as the tags say so.
  let resolution: [Axis: Double]
  var isResolutionInCentimetres: Bool { tags.resolution_unit == TIFFTag.ResolutionUnit.centimetre }
  var compression: Int { Int(tags.compression) }
  var compressionName: String { TIFFCompression.name(tags.compression) }
  var width: Int { Int(tags.width) }
  var height: Int { Int(tags.height) }
  var sampleCount: Int { Int(tags.samples) }
  /// The first three samples of a pixel are red, green and blue, and not merely beside each other.
  var isRGB: Bool { sampleCount >= 3 && [TIFFTag.Photometric.rgb, TIFFTag.Photometric.yCbCr].contains(tags.photometric) }
  /// The fourth is how opaque a pixel is.
  var hasOpacity: Bool {
    isRGB && sampleCount == 4
      && [TIFFTag.ExtraSample.associatedAlpha, TIFFTag.ExtraSample.unassociatedAlpha].contains(tags.extra_sample)
  }
  /// The names of the samples of a pixel.
  var sampleNames: [String] {
    let colors = isRGB ? ["red", "green", "blue"] + (hasOpacity ? ["alpha"] : []) : []
    return colors + (colors.count..<max(colors.count, sampleCount)).map { "sample \($0 + 1)" }
  }
  /// `rrggbb` for each sample of a pixel; what is no light is black.
  var sampleColors: [String?] {
    let colors: [String?] = isRGB ? ["ff0000", "00ff00", "0000ff"] + (hasOpacity ? ["000000"] : []) : []
    return colors + [String?](repeating: nil, count: max(0, sampleCount - colors.count))
  }
  /// The samples of a pixel lie beside each other, so a piece has all of them.
  var isInterleaved: Bool { tags.planar == TIFFTag.PlanarConfig.contiguous || sampleCount == 1 }
  /// Samples of a pixel in one piece.
  var pieceSampleCount: Int { isInterleaved ? sampleCount : 1 }
  var pieceByteCount: Int { rowCount * columnCount * pieceSampleCount * elementType.byteCount }
  /// The bytes of a strip's row as the file has it.
  var rowByteCount: Int { width * pieceSampleCount * elementType.byteCount }
  /// The bytes of one plane as the file has it, without compression, all samples.
  var planeByteCount: Int { width * height * sampleCount * elementType.byteCount }
  var stripRowCount: Int { Int(tags.block_height) }
  /// Tiles or strips of one plane; of each sample if they are apart.
  var blocksPerSample: Int { max(1, Int(tags.block_count) / (isInterleaved ? 1 : sampleCount)) }
  var tilesAcross: Int { (width + Int(tags.block_width) - 1) / Int(tags.block_width) }
  var isTiled: Bool { tags.is_tiled != 0 }
  /// Rows, columns and samples of a tile, or a strip.
  var blockShape: [Int] { [Int(tags.block_height), Int(tags.block_width), pieceSampleCount] }
  /// Tiles are read whole, as earlier versions did.
  var inWholeTiles: TIFFLayout {
    guard case .partsOfTiles = pieces else { return self }
    var whole = self
    (whole.pieces, whole.rowCount, whole.columnCount) = (.tiles, Int(tags.block_height), Int(tags.block_width))
    return whole
  }

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
    let name = TIFFCompression.name(tags.compression)
    guard ctiff_can_decode(tags.compression) != 0 else { throw unsupported("\(name) compression") }
    switch tags.photometric {
    case TIFFTag.Photometric.minIsWhite, TIFFTag.Photometric.minIsBlack, TIFFTag.Photometric.rgb, TIFFTag.Photometric.palette: break
    // libtiff gives them as RGB
    case TIFFTag.Photometric.yCbCr where tags.compression == TIFFCompression.jpeg: break
    default:
      throw unsupported("a plane of colour kind \(tags.photometric) (PhotometricInterpretation)")
    }
    guard tags.block_width > 0, tags.block_height > 0, tags.block_byte_count > 0, tags.block_count > 0 else {
      throw damaged("its tiles or strips have no size")
    }
    let samples = tags.planar == TIFFTag.PlanarConfig.contiguous || tags.samples == 1 ? Int(tags.samples) : 1
    let isRaw = tags.compression == TIFFCompression.none && tags.fill_order == TIFFTag.FillOrder.highestBitFirst
    let (width, height, stripRows) = (Int(tags.width), Int(tags.height), Int(tags.block_height))
    let row = width.multipliedReportingOverflow(by: samples * elementType.byteCount)
    guard !row.overflow, !row.partialValue.multipliedReportingOverflow(by: height * Int(tags.samples)).overflow else {
      throw damaged("it has \(width) x \(height) pixels")
    }
    let wantedRows = max(1, min(height, TIFFLayout.pieceTarget / row.partialValue))
    if tags.is_tiled != 0 {
      let tile = [stripRows, Int(tags.block_width), samples]
      let parts = isRaw ? ChunkParts(ofChunk: tile, elementByteCount: elementType.byteCount) : nil
      pieces = parts.map { .partsOfTiles($0) } ?? .tiles
      (rowCount, columnCount) = parts.map { ($0.shape[0], $0.shape[1]) } ?? (tile[0], tile[1])
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
    let block = (tags.is_tiled != 0 ? Int(tags.block_width) : width) * stripRows * samples * elementType.byteCount
    guard tags.block_byte_count == UInt64(block) else {
      throw unsupported("a layout where a tile or strip has \(tags.block_byte_count) bytes instead of \(block)")
    }
  }

  static let resave = "save the file again as OME-TIFF, uncompressed or with deflate, LZW or zstd"

  private static func elementType(
    _ tags: ctiff_directory, _ unsupported: (String, String) -> TIFFError
  ) throws(TIFFError) -> ElementType {
    let kind: (name: String, types: [ElementType])
    switch tags.format {
    case TIFFTag.SampleFormat.signed: kind = ("signed", [.int8, .int16, .int32, .int64])
    case TIFFTag.SampleFormat.floatingPoint: kind = ("floating point", [.float16, .float32, .float64])
    case TIFFTag.SampleFormat.complexInteger, TIFFTag.SampleFormat.complexFloatingPoint:
      throw unsupported("an image of complex numbers", "save its magnitude as a TIFF of its own")
    case TIFFTag.SampleFormat.unsigned, TIFFTag.SampleFormat.void: kind = ("unsigned", [.uint8, .uint16, .uint32, .uint64])
    default: kind = ("unsigned", [])
    }
    guard let type = kind.types.first(where: { $0.byteCount * 8 == Int(tags.bits) }) else {
      throw unsupported("\(kind.name) samples of \(tags.bits) bits", "save the file again with 8, 16 or 32 bits a sample")
    }
    return type
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
}
