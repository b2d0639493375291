import CZlib

/// Writes pictures as PNG (ISO/IEC 15948): 8-bit RGB, or grey where all channels agree.
///
/// Our own, on zlib: this one layout takes a signature, three chunks and a filter, while libpng's errors are long jumps,
/// which Swift cannot be left by.
public enum PNG {
  public static func encode(_ picture: Picture) -> [UInt8] {
    let isGrey = isGrey(picture)
    let channels = isGrey ? 1 : 3
    var rows: [UInt8] = []
    rows.reserveCapacity((picture.width * channels + 1) * picture.height)
    var above = [UInt8](repeating: 0, count: picture.width * channels)
    for row in 0..<picture.height {
      let start = row * picture.width * 3
      let line =
        isGrey
        ? (0..<picture.width).map { picture.bytes[start + $0 * 3] }
        : Array(picture.bytes[start..<start + picture.width * 3])
      // filter 2 (up): neighbours of a smooth picture differ little
      rows.append(2)
      for i in line.indices { rows.append(line[i] &- above[i]) }
      above = line
    }
    var file: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
    let header: [UInt8] = bigEndian(picture.width) + bigEndian(picture.height) + [8, isGrey ? 0 : 2, 0, 0, 0]
    file += chunk("IHDR", header)
    file += chunk("IDAT", deflated(rows))
    file += chunk("IEND", [])
    return file
  }

  private static func isGrey(_ picture: Picture) -> Bool {
    let bytes = picture.bytes
    for i in stride(from: 0, to: bytes.count, by: 3) where bytes[i] != bytes[i + 1] || bytes[i] != bytes[i + 2] {
      return false
    }
    return true
  }

  private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + data
    let sum = body.withUnsafeBufferPointer { crc32(0, $0.baseAddress, uInt($0.count)) }
    return bigEndian(data.count) + body + bigEndian(Int(sum))
  }

  private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var length = compressBound(uLong(bytes.count))
    let size = Int(length)
    return [UInt8](unsafeUninitializedCapacity: size) { target, count in
      let status = compress2(target.baseAddress, &length, bytes, uLong(bytes.count), 6)
      // the target is as large as zlib asks for: what is left is no memory, which Swift does not survive anywhere
      precondition(status == Z_OK, "out of memory")
      count = Int(length)
    }
  }

  private static func bigEndian(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}
