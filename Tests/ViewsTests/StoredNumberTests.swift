import Foundation
import Geometry
import JSON
import Testing
import Views

@Suite struct StoredNumberTests {
  @Test func integersOfAllBitsAreExact() throws {
    for (text, type, value) in [
      ("18446744073709551615", ElementType.uint64, UInt64.max), ("18446744073709551614", .uint64, UInt64.max - 1),
      ("-9223372036854775808", .int64, UInt64(1) << 63), ("255.0", .uint8, 255),
    ] {
      let number = try #require(try StoredNumber(JSONValue.parse(text)))
      let bytes = try #require(number.bytes(as: type))
      let expected = withUnsafeBytes(of: value) { Array($0.prefix(type.byteCount)) }
      #expect(bytes == expected, "\(text)")
      let again = try JSONDecoder().decode(StoredNumber.self, from: JSONEncoder().encode(number))
      #expect(again == number && again.bytes(as: type) == bytes)
    }
  }

  @Test func whatATypeCannotHoldIsNil() throws {
    for (text, type) in [("256", ElementType.uint8), ("-1", .uint16), ("0.5", .int32), ("18446744073709551616", .uint64)] {
      #expect(try StoredNumber(JSONValue.parse(text))?.bytes(as: type) == nil, "\(text)")
    }
    #expect(StoredNumber(.string("0")) == nil && StoredNumber(.null) == nil && StoredNumber(.bool(true)) == nil)
    #expect(try StoredNumber(JSONValue.parse("1e39"))?.isFinite(as: .float32) == false)
    #expect(try StoredNumber(JSONValue.parse("1e39"))?.isFinite(as: .float64) == true)
    #expect(try StoredNumber(JSONValue.parse("70000"))?.isFinite(as: .float16) == false)
  }
}
