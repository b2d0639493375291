import Diagnostics
import Foundation
import JSON
import TestSupport
import Testing

@Suite struct JSONValueTests {
  @Test func integersAreExact() throws {
    let text = "[18446744073709551615,9223372036854775808,9223372036854775807,-9223372036854775808,0,9007199254740993]"
    let value = try JSONValue.parse(text)
    #expect(
      value == .array([.uint(.max), .uint(1 << 63), .int(.max), .int(.min), .int(0), .int(9_007_199_254_740_993)]))
    #expect(String(decoding: value.serialized(), as: UTF8.self) == text)
  }

  @Test func numbersBeyondIntegersAreDoubles() throws {
    #expect(try JSONValue.parse("18446744073709551616") == .double(0x1p64))
    #expect(try JSONValue.parse("-9223372036854775809") == .double(-0x1p63))
    #expect(try JSONValue.parse("1.0") == .double(1))
    #expect(try JSONValue.parse("-0").double?.sign == .minus)
  }

  @Test(arguments: [
    "0.1", "1e22", "1e23", "123456789012345678e-20", "2.2250738585072011e-308", "5e-324", "1.7976931348623157e308",
    "0.30000000000000004", "9007199254740993.5", "-12345.678E-3", "1e-400", "0.1234567890123456789012345",
  ])
  func doublesAreNearest(text: String) throws {
    let value = try JSONValue.parse(text)
    #expect(value == .double(try #require(Double(text))))
    #expect(try JSONValue.parse(value.serialized()) == value)
  }

  @Test func pythonLiterals() throws {
    let value = try JSONValue.parse("[NaN, Infinity, -Infinity]")
    #expect(value.array?[0].double?.isNaN == true)
    #expect(value.array?[1...].map(\.double) == [.infinity, -.infinity])
    #expect(String(decoding: value.serialized(), as: UTF8.self) == #"["NaN","Infinity","-Infinity"]"#)
  }

  @Test func strings() throws {
    let text = #""a\"\\\/\b\f\n\r\t\u00b5\ud83d\ude00µ😀\u0000""#
    let value = try JSONValue.parse(text)
    #expect(value == .string("a\"\\/\u{8}\u{C}\n\r\tµ😀µ😀\u{0}"))
    #expect(try JSONValue.parse(value.serialized()) == value)
  }

  @Test func accessors() throws {
    let value = try JSONValue.parse(#" { "a" : [ 1 , 2.5 , true , null , "x" , { } ] , "b": 18446744073709551615 } "#)
    let list = try #require(value["a"]?.array)
    #expect(list[0].int == 1 && list[0].double == 1 && list[1].double == 2.5 && list[1].int == nil)
    #expect(list[2].bool == true && list[3].isNull && list[4].string == "x" && list[5].object?.isEmpty == true)
    #expect(value["b"]?.int == nil && value["b"]?.double == 0x1p64)
    #expect(value["c"] == nil && list[0]["a"] == nil)
  }

  @Test func writesSortedAndPretty() {
    let value: JSONValue = ["b": [1, 2], "a": ["y": .null, "x": [["k": 0.5]]], "c": [:], "d": []]
    #expect(
      String(decoding: value.serialized(), as: UTF8.self)
        == #"{"a":{"x":[{"k":0.5}],"y":null},"b":[1,2],"c":{},"d":[]}"#)
    #expect(
      String(decoding: value.serialized(pretty: true), as: UTF8.self) == """
        {
          "a": {
            "x": [
              {
                "k": 0.5
              }
            ],
            "y": null
          },
          "b": [1, 2],
          "c": {},
          "d": []
        }

        """)
  }

  @Test(arguments: [
    "", " ", "{", "[1,", "[1,]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "01", "1.", ".5", "-", "1e", "+1", "tru", "nul",
    "\"a", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"a\nb\"", "1 2", "[1 2]", "1e999", "'a'",
  ])
  func refusesWhatIsNoJSON(text: String) {
    #expect(thrown(JSONError.self) { _ = try JSONValue.parse(text) }?.code.rawValue == "json-invalid")
  }

  @Test func refusesInvalidUTF8AndDepth() throws {
    #expect(thrown(JSONError.self) { _ = try JSONValue.parse([0x22, 0xFF, 0x22]) }?.code.rawValue == "json-invalid")
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(thrown(JSONError.self) { _ = try JSONValue.parse(nested(JSONValue.maximumDepth + 1)) }?.code.rawValue == "json-invalid")
    _ = try JSONValue.parse(nested(JSONValue.maximumDepth))
    #expect(thrown(JSONError.self) { _ = try JSONValue.parse("[1, x]") }?.byteOffset == 4)
  }

  @Test func skipsByteOrderMark() throws {
    #expect(try JSONValue.parse([0xEF, 0xBB, 0xBF, 0x31]) == .int(1))
  }
}
