import Diagnostics
import Foundation
import Geometry
import TestSupport
import Testing
import Zarr

@Suite struct FillValueTests {
  @Test(arguments: [
    ("|u1", "255", [255] as [UInt8]), ("|i1", "-1", [255]), ("<u2", "7.0", [7, 0]), ("<i2", "-2", [254, 255]),
    ("<u8", "18446744073709551615", [UInt8](repeating: 255, count: 8)),
    ("<i8", "-1", [UInt8](repeating: 255, count: 8)),
    ("<u4", "null", [0, 0, 0, 0]), ("<f4", "1", [0, 0, 0x80, 0x3F]), ("<f4", "NaN", [0, 0, 0xC0, 0x7F]),
    ("<f8", "\"Infinity\"", [0, 0, 0, 0, 0, 0, 0xF0, 0x7F]), ("<f2", "\"-Infinity\"", [0, 0xFC]),
    ("<f2", "0.5", [0, 0x38]), ("<f4", "\"0x40490fdb\"", [0xDB, 0x0F, 0x49, 0x40]), (">u2", "258", [2, 1]),
    ("<u2", "\"0\"", [0, 0]), ("|u1", "\"255\"", [255]), ("|i1", "\"-128\"", [128]), ("<u2", "\" +7 \"", [7, 0]),
    ("<u8", "\"18446744073709551615\"", [UInt8](repeating: 255, count: 8)), ("<f4", "\"1\"", [0, 0, 0x80, 0x3F]),
    ("<i8", "\"-9223372036854775808\"", [0, 0, 0, 0, 0, 0, 0, 0x80]), ("<f2", "\"5e-1\"", [0, 0x38]),
    ("<f4", "\"nan\"", [0, 0, 0xC0, 0x7F]), ("<f2", "\"-inf\"", [0, 0xFC]),
  ])
  func spellings(type: String, fill: String, expected: [UInt8]) throws {
    #expect(try open(type: type, fill: fill).fill == expected)
  }

  @Test(arguments: [
    ("|u1", "256"), ("|u1", "-1"), ("|i1", "128"), ("<u2", "0.5"), ("<i8", "9223372036854775808"),
    ("<u2", "\"0.0\""), ("|u1", "\"256\""), ("|u1", "\"-1\""), ("<u8", "\"18446744073709551616\""), ("<i8", "\"9223372036854775808\""),
    ("<u2", "\"\""), ("<u2", "\"zero\""), ("<u2", "\"NaN\""), ("<u2", "\"1 2\""), ("<f4", "\"\""), ("<f4", "\"0x1p3\""),
    ("<f4", "\"1,5\""), ("<f4", "\"nan(1)\""), ("<f4", "\"-\""), ("<f4", "\"0x40490f\""), ("<f4", "\"0x4049+fdb\""), ("<u2", "true"),
    ("<f8", "[0, 0]"),
  ])
  func refused(type: String, fill: String) throws {
    let error = zarrError { _ = try open(type: type, fill: fill) }
    #expect(error?.code.rawValue == "metadata-invalid")
    #expect(error?.description.contains("fill_value") == true)
  }

  private func open(type: String, fill: String) throws -> ZarrArray {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try folder.write(
      #"{"zarr_format":2,"shape":[2],"chunks":[2],"dtype":"\#(type)","compressor":null,"fill_value":\#(fill),"#
        + #""order":"C","filters":null}"#, to: ".zarray")
    return try ZarrArray.open(folder.path)
  }
}
