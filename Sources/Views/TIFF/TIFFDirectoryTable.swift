import Zarr

/// The places of the directories of a TIFF file. Each directory tells only where the next one is, so they are gone through
/// once, reading a few hundred bytes of each; any plane is found at once after that.
///
/// It stands beside libtiff, which finds a directory by its number only by going through all before it, and parses each that
/// it selects as a whole. Here a stack of many thousand planes is gone through once, and its planes are compared by the few
/// tags that matter. libtiff then selects directories by the offsets found here, and decodes all tiles and strips.
struct TIFFDirectoryTable: Sendable {
  /// The place of every directory in the file's own chain, in its order.
  let offsets: [UInt64]
  /// The numbers of the directories that are images themselves, no thumbnails or masks of others; nil if all are.
  let pages: [Int]?
  /// The first page that is not as the first page is (its shape, its type, its compression, its tiles or strips).
  let firstOddPage: Int?
  /// The first page with a predictor that libtiff does not undo, since its compression has none: its values would be
  /// differences.
  let firstIgnoredPredictor: Int?
  /// The tags of the first directory.
  let tags: Set<UInt16>

  var pageCount: Int { pages?.count ?? offsets.count }
  func directory(ofPage page: Int) -> Int { pages?[page] ?? page }

  /// A loop has no end, and a table must have one.
  private static let maximumCount = 1 << 24
  /// Directories have some 10 to 50 entries.
  private static let maximumEntryCount = 4096

  static func read(_ handle: TIFFHandle) throws(TIFFError) -> TIFFDirectoryTable {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 8 + maximumEntryCount * 20 + 8, alignment: 8)
    defer { bytes.deallocate() }
    let header = UnsafeMutableRawBufferPointer(rebasing: bytes[..<16])
    let form = try Form(header, count: try handle.read(at: 0, into: header), path: handle.path)

    var offsets: [UInt64] = []
    var thumbnails: [Int] = []
    var tags: Set<UInt16> = []
    var first: Signature?
    var firstOddPage: Int?
    var firstIgnoredPredictor: Int?
    var next = form.firstDirectory
    // a chain that comes back to where it was when the count was a power of two goes round for ever
    var mark: UInt64 = 0
    while next != 0 {
      let number = offsets.count
      guard number < maximumCount, next != mark else {
        throw damaged(handle, number, next, number < maximumCount ? "the chain of directories is a loop" : "there are too many")
      }
      if number & (number - 1) == 0 { mark = next }
      let entries = try readDirectory(at: next, number: number, of: handle, form: form, bytes)
      var signature = Signature()
      var isThumbnail = false
      var predictor = TIFFTag.Predictor.none
      for i in 0..<entries.count {
        let (tag, value) = entries.entry(i)
        if number == 0 { tags.insert(tag) }
        switch tag {
        case TIFFTag.subfileType:
          isThumbnail = isThumbnail || value & (TIFFTag.SubfileType.reducedImage | TIFFTag.SubfileType.mask) != 0
        case TIFFTag.oldSubfileType: isThumbnail = isThumbnail || value == TIFFTag.SubfileType.oldReducedImage
        case TIFFTag.predictor: predictor = value
        // one for each sample
        case TIFFTag.bitsPerSample, TIFFTag.sampleFormat: signature.take(tag, try entries.list(i, of: handle) ?? value)
        default: signature.take(tag, value)
        }
      }
      if isThumbnail && number > 0 {
        thumbnails.append(number)
      } else if let first {
        if signature != first && firstOddPage == nil { firstOddPage = number }
      } else {
        first = signature
      }
      if predictor > TIFFTag.Predictor.none, !signature.hasPredictor, thumbnails.last != number, firstIgnoredPredictor == nil {
        firstIgnoredPredictor = number
      }
      offsets.append(next)
      next = entries.next
    }
    guard !offsets.isEmpty else { throw damaged(handle, 0, 0, "the file has no directory, it was never finished") }
    let hidden = Set(thumbnails)
    return TIFFDirectoryTable(
      offsets: offsets, pages: hidden.isEmpty ? nil : offsets.indices.filter { !hidden.contains($0) },
      firstOddPage: firstOddPage, firstIgnoredPredictor: firstIgnoredPredictor, tags: tags)
  }

  private static func damaged(_ handle: TIFFHandle, _ number: Int, _ offset: UInt64, _ reason: String) -> TIFFError {
    .damaged(path: handle.path, place: "directory \(number) (byte \(offset))", reason: reason)
  }

  private static func readDirectory(
    at offset: UInt64, number: Int, of handle: TIFFHandle, form: Form, _ bytes: UnsafeMutableRawBufferPointer
  ) throws(TIFFError) -> Entries {
    // nearly always the whole of it
    var count = try handle.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<512]))
    let lead = form.isBig ? 8 : 2
    guard count >= lead else {
      throw damaged(
        handle, number, offset,
        "the file ends at byte \(handle.byteCount), it is truncated or was never finished")
    }
    let written = form.isBig ? form.read(bytes, 0, UInt64.self) : UInt64(form.read(bytes, 0, UInt16.self))
    guard written > 0, written <= UInt64(maximumEntryCount) else {
      throw damaged(handle, number, offset, "there is no directory (\(written) entries)")
    }
    let entryCount = Int(written)
    let needed = lead + entryCount * (form.isBig ? 20 : 12) + (form.isBig ? 8 : 4)
    if count < needed && count == 512 {
      count = try handle.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<needed]))
    }
    guard count >= needed else {
      throw damaged(
        handle, number, offset,
        "the file ends at byte \(handle.byteCount), it is truncated or was never finished")
    }
    return Entries(form: form, count: entryCount, bytes: UnsafeRawBufferPointer(bytes))
  }
}

extension TIFFDirectoryTable {
  /// The form in which a file writes its numbers.
  private struct Form {
    let isBig: Bool
    let isBigEndian: Bool
    var firstDirectory: UInt64 = 0

    init(_ header: UnsafeMutableRawBufferPointer, count: Int, path: String) throws(TIFFError) {
      guard count >= 8, header[0] == header[1], header[0] == UInt8(ascii: "I") || header[0] == UInt8(ascii: "M") else {
        throw .damaged(path: path, place: "byte 0", reason: "this is no TIFF file")
      }
      isBigEndian = header[0] == UInt8(ascii: "M")
      isBig = isBigEndian ? header[3] == 43 : header[2] == 43
      guard count >= 16 || !isBig else {
        throw .damaged(path: path, place: "byte 0", reason: "the file has \(count) bytes only")
      }
      firstDirectory = isBig ? read(header, 8, UInt64.self) : UInt64(read(header, 4, UInt32.self))
    }

    func read<Number: FixedWidthInteger>(
      _ bytes: UnsafeMutableRawBufferPointer, _ at: Int, _: Number.Type
    ) -> Number {
      read(UnsafeRawBufferPointer(bytes), at, Number.self)
    }

    func read<Number: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer, _ at: Int, _: Number.Type) -> Number {
      let number = bytes.loadUnaligned(fromByteOffset: at, as: Number.self)
      return isBigEndian ? Number(bigEndian: number) : Number(littleEndian: number)
    }
  }

  /// One directory as it is in the file; the bytes hold all of it.
  private struct Entries {
    let form: Form
    let count: Int
    let bytes: UnsafeRawBufferPointer

    /// The tag, and its value if that is one number in its place; else the number of values.
    func entry(_ i: Int) -> (tag: UInt16, value: UInt64) {
      let at = form.isBig ? 8 + i * 20 : 2 + i * 12
      let tag = form.read(bytes, at, UInt16.self)
      let type = form.read(bytes, at + 2, UInt16.self)
      let count = form.isBig ? form.read(bytes, at + 4, UInt64.self) : UInt64(form.read(bytes, at + 4, UInt32.self))
      let value = at + (form.isBig ? 12 : 8)
      guard count == 1 else { return (tag, count) }
      switch type {
      case TIFFTag.ValueType.byte, TIFFTag.ValueType.signedByte: return (tag, UInt64(bytes[value]))
      case TIFFTag.ValueType.short, TIFFTag.ValueType.signedShort:
        return (tag, UInt64(form.read(bytes, value, UInt16.self)))
      case TIFFTag.ValueType.long, TIFFTag.ValueType.signedLong:
        return (tag, UInt64(form.read(bytes, value, UInt32.self)))
      case TIFFTag.ValueType.long8 where form.isBig: return (tag, form.read(bytes, value, UInt64.self))
      default: return (tag, 1)
      }
    }

    /// One number for an entry of several 16 bit numbers: the one that all are, or a digest of them; nil for any other entry.
    func list(_ i: Int, of handle: TIFFHandle) throws(TIFFError) -> UInt64? {
      let at = form.isBig ? 8 + i * 20 : 2 + i * 12
      let count = form.isBig ? form.read(bytes, at + 4, UInt64.self) : UInt64(form.read(bytes, at + 4, UInt32.self))
      guard form.read(bytes, at + 2, UInt16.self) == TIFFTag.ValueType.short, count > 1 else { return nil }
      let place = at + (form.isBig ? 12 : 8)
      // more samples are not looked at
      let byteCount = Int(min(count, 32)) * 2
      if byteCount <= (form.isBig ? 8 : 4) { return digest(UnsafeRawBufferPointer(rebasing: bytes[place..<(place + byteCount)])) }
      let offset = form.isBig ? form.read(bytes, place, UInt64.self) : UInt64(form.read(bytes, place, UInt32.self))
      var numbers: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
      return try withUnsafeMutableBytes(of: &numbers) { (bytes) throws(TIFFError) in
        let target = UnsafeMutableRawBufferPointer(rebasing: bytes[..<byteCount])
        // what lies beyond the end is like nothing
        return try handle.read(at: offset, into: target) == byteCount ? digest(UnsafeRawBufferPointer(target)) : .max
      }
    }

    private func digest(_ numbers: UnsafeRawBufferPointer) -> UInt64 {
      let values = stride(from: 0, to: numbers.count, by: 2).map { UInt64(form.read(numbers, $0, UInt16.self)) }
      return values.dropFirst().allSatisfy { $0 == values[0] } ? values[0] : values.reduce(1 << 32) { $0 &* 31 &+ $1 }
    }

    var next: UInt64 {
      let at = form.isBig ? 8 + count * 20 : 2 + count * 12
      return form.isBig ? form.read(bytes, at, UInt64.self) : UInt64(form.read(bytes, at, UInt32.self))
    }
  }

  /// The tags that all planes of an image have in common.
  private struct Signature: Equatable {
    var width: UInt64 = 0
    var height: UInt64 = 0
    var bits: UInt64 = 1
    var compression = UInt64(TIFFCompression.none)
    var samples: UInt64 = 1
    var rowsPerStrip: UInt64 = 0
    var planar = UInt64(TIFFTag.PlanarConfig.contiguous)
    var tileWidth: UInt64 = 0
    var tileHeight: UInt64 = 0
    var format = UInt64(TIFFTag.SampleFormat.unsigned)

    var hasPredictor: Bool { TIFFCompression.withPredictor.contains { UInt64($0) == compression } }

    mutating func take(_ tag: UInt16, _ value: UInt64) {
      switch tag {
      case TIFFTag.imageWidth: width = value
      case TIFFTag.imageLength: height = value
      case TIFFTag.bitsPerSample: bits = value
      case TIFFTag.compression: compression = value
      case TIFFTag.samplesPerPixel: samples = value
      case TIFFTag.rowsPerStrip: rowsPerStrip = value
      case TIFFTag.planarConfig: planar = value
      case TIFFTag.tileWidth: tileWidth = value
      case TIFFTag.tileLength: tileHeight = value
      case TIFFTag.sampleFormat: format = value
      default: break
      }
    }
  }
}
