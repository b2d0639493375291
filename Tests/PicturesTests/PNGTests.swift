import CZlib
import Pictures
import Testing

/// What is written as PNG is what a reader of the format finds.
@Suite struct PNGTests {
  private func sample(grey: Bool) -> Picture {
    var picture = Picture(width: 37, height: 11)
    for row in 0..<11 {
      for column in 0..<37 {
        let value = UInt8(truncatingIfNeeded: row * 23 + column * 7)
        picture[row, column] = grey ? (value, value, value) : (value, 255 &- value, UInt8(column))
      }
    }
    return picture
  }

  @Test(arguments: [false, true]) func pixelsComeBack(grey: Bool) throws {
    let picture = sample(grey: grey)
    let decoded = try DecodedPNG(PNG.encode(picture))
    #expect(decoded.width == 37)
    #expect(decoded.height == 11)
    #expect(decoded.channels == (grey ? 1 : 3))
    for row in 0..<11 {
      for column in 0..<37 {
        let pixel = picture[row, column]
        #expect(decoded.pixel(row, column) == (grey ? [pixel.red] : [pixel.red, pixel.green, pixel.blue]))
      }
    }
  }

  @Test func onePixel() throws {
    var picture = Picture(width: 1, height: 1)
    picture[0, 0] = (1, 2, 3)
    #expect(try DecodedPNG(PNG.encode(picture)).pixel(0, 0) == [1, 2, 3])
  }
}

/// Reads what `PNG` writes, and checks every sum.
struct DecodedPNG {
  struct Wrong: Error {}

  var width = 0
  var height = 0
  var channels = 0
  private var rows: [UInt8] = []

  init(_ file: [UInt8]) throws {
    guard Array(file.prefix(8)) == [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] else { throw Wrong() }
    func number(_ at: Int) -> Int { file[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
    var at = 8
    var packed: [UInt8] = []
    var names: [String] = []
    while at < file.count {
      let count = number(at)
      let body = Array(file[at + 4..<at + 8 + count])
      let name = String(decoding: body.prefix(4), as: UTF8.self)
      names.append(name)
      guard crc32(0, body, uInt(body.count)) == uLong(number(at + 8 + count)) else { throw Wrong() }
      if name == "IHDR" {
        (width, height) = (number(at + 8), number(at + 12))
        guard body[12] == 8, body[14] == 0, body[15] == 0, body[16] == 0 else { throw Wrong() }
        channels = body[13] == 2 ? 3 : 1
      }
      if name == "IDAT" { packed += body.dropFirst(4) }
      at += 12 + count
    }
    guard names == ["IHDR", "IDAT", "IEND"] else { throw Wrong() }
    let line = width * channels + 1
    var length = uLong(line * height)
    rows = [UInt8](repeating: 0, count: line * height)
    guard uncompress(&rows, &length, packed, uLong(packed.count)) == Z_OK, length == uLong(line * height) else { throw Wrong() }
    for row in 0..<height {
      guard rows[row * line] == 2 else { throw Wrong() }
      for i in 1..<line where row > 0 { rows[row * line + i] &+= rows[(row - 1) * line + i] }
    }
  }

  func pixel(_ row: Int, _ column: Int) -> [UInt8] {
    let start = row * (width * channels + 1) + 1 + column * channels
    return Array(rows[start..<start + channels])
  }
}
