/// One pass over the bytes of a JSON document (RFC 8259, and Python's `NaN` and `Infinity`).
///
/// Doubles of up to 19 digits and small exponents are made exactly from two exact doubles; all others go through the
/// standard library. Errors say in which line and column.
struct JSONParser {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var at = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
  }

  mutating func document() throws(JSONError) -> JSONValue {
    if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { at = 3 }
    let value = try value(depth: 0)
    skipSpace()
    guard at == bytes.count else { throw invalid("text after the end of the document") }
    return value
  }

  private func invalid(_ reason: String) -> JSONError {
    .init(byteOffset: at, in: bytes, reason: reason)
  }

  private mutating func skipSpace() {
    while at < bytes.count {
      let byte = bytes[at]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
      at += 1
    }
  }

  private func peek() -> UInt8 { at < bytes.count ? bytes[at] : 0 }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    guard depth < JSONValue.maximumDepth else { throw invalid("nested deeper than \(JSONValue.maximumDepth)") }
    skipSpace()
    guard at < bytes.count else { throw invalid("the document ends early") }
    switch bytes[at] {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "N"): return try literal("NaN", .double(.nan))
    case UInt8(ascii: "I"): return try literal("Infinity", .double(.infinity))
    case UInt8(ascii: "-") where at + 1 < bytes.count && bytes[at + 1] == UInt8(ascii: "I"):
      return try literal("-Infinity", .double(-.infinity))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw invalid("a value is expected here")
    }
  }

  private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    let count = text.utf8CodeUnitCount
    guard bytes.count - at >= count else { throw invalid("the document ends early") }
    for i in 0..<count where bytes[at + i] != text.utf8Start[i] { throw invalid("\(text) is expected here") }
    at += count
    return value
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
    at += 1
    var members: [String: JSONValue] = [:]
    skipSpace()
    if peek() == UInt8(ascii: "}") {
      at += 1
      return .object(members)
    }
    while true {
      skipSpace()
      guard peek() == UInt8(ascii: "\"") else { throw invalid("a key in quotes is expected here") }
      let key = try string()
      skipSpace()
      guard peek() == UInt8(ascii: ":") else { throw invalid("\":\" is expected here") }
      at += 1
      members[key] = try value(depth: depth + 1)
      skipSpace()
      switch peek() {
      case UInt8(ascii: ","): at += 1
      case UInt8(ascii: "}"):
        at += 1
        return .object(members)
      default: throw invalid("\",\" or \"}\" is expected here")
      }
    }
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
    at += 1
    var elements: [JSONValue] = []
    skipSpace()
    if peek() == UInt8(ascii: "]") {
      at += 1
      return .array(elements)
    }
    while true {
      elements.append(try value(depth: depth + 1))
      skipSpace()
      switch peek() {
      case UInt8(ascii: ","): at += 1
      case UInt8(ascii: "]"):
        at += 1
        return .array(elements)
      default: throw invalid("\",\" or \"]\" is expected here")
      }
    }
  }

  // MARK: Strings

  private mutating func string() throws(JSONError) -> String {
    at += 1
    let start = at
    while at < bytes.count {
      let byte = bytes[at]
      if byte == UInt8(ascii: "\"") {
        defer { at += 1 }
        return try text(UnsafeBufferPointer(rebasing: bytes[start..<at]))
      }
      if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
      guard byte >= 0x20 else { throw invalid("a control character in a string") }
      at += 1
    }
    throw invalid("a string does not end")
  }

  private func text(_ utf8: UnsafeBufferPointer<UInt8>) throws(JSONError) -> String {
    guard let text = String(validating: utf8, as: UTF8.self) else { throw invalid("a string is not UTF-8") }
    return text
  }

  private mutating func escapedString(from start: Int) throws(JSONError) -> String {
    var unescaped = [UInt8](bytes[start..<at])
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      switch byte {
      case UInt8(ascii: "\""):
        return try unescaped.withUnsafeBufferPointer { (utf8) throws(JSONError) -> String in try text(utf8) }
      case UInt8(ascii: "\\"): try escape(into: &unescaped)
      case 0..<0x20:
        at -= 1
        throw invalid("a control character in a string")
      default: unescaped.append(byte)
      }
    }
    throw invalid("a string does not end")
  }

  private mutating func escape(into unescaped: inout [UInt8]) throws(JSONError) {
    let letter = peek()
    at += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(letter)
    case UInt8(ascii: "b"): unescaped.append(0x08)
    case UInt8(ascii: "f"): unescaped.append(0x0C)
    case UInt8(ascii: "n"): unescaped.append(0x0A)
    case UInt8(ascii: "r"): unescaped.append(0x0D)
    case UInt8(ascii: "t"): unescaped.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexDigits()
      if code & 0xFC00 == 0xD800, peek() == UInt8(ascii: "\\"), at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "u") {
        at += 2
        let low = try hexDigits()
        guard low & 0xFC00 == 0xDC00 else { throw invalid("half of a surrogate pair") }
        code = 0x10000 + (code & 0x3FF) << 10 + (low & 0x3FF)
      }
      guard let scalar = Unicode.Scalar(code) else { throw invalid("half of a surrogate pair") }
      unescaped.append(contentsOf: Character(scalar).utf8)
    default:
      at -= 1
      throw invalid("an unknown escape in a string")
    }
  }

  private mutating func hexDigits() throws(JSONError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      let digit = peek()
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): code = code << 4 | UInt32(digit - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): code = code << 4 | UInt32(digit - UInt8(ascii: "a") + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): code = code << 4 | UInt32(digit - UInt8(ascii: "A") + 10)
      default: throw invalid("four hexadecimal digits are expected here")
      }
      at += 1
    }
    return code
  }

  // MARK: Numbers

  private mutating func digits(_ mantissa: inout UInt64, _ exact: inout Bool) -> Int {
    let start = at
    while at < bytes.count {
      let digit = bytes[at] &- UInt8(ascii: "0")
      guard digit <= 9 else { break }
      let (tens, overflow) = mantissa.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(UInt64(digit))
      if overflow || carry { exact = false }
      mantissa = sum
      at += 1
    }
    return at - start
  }

  private mutating func number() throws(JSONError) -> JSONValue {
    let start = at
    let negative = peek() == UInt8(ascii: "-")
    if negative { at += 1 }
    var mantissa: UInt64 = 0
    var exact = true
    let first = peek()
    let wholeCount = digits(&mantissa, &exact)
    guard wholeCount > 0 else { throw invalid("a digit is expected here") }
    guard first != UInt8(ascii: "0") || wholeCount == 1 else { throw invalid("a number starts with 0") }
    var isWhole = true
    var exponent = 0
    if peek() == UInt8(ascii: ".") {
      isWhole = false
      at += 1
      let count = digits(&mantissa, &exact)
      guard count > 0 else { throw invalid("a digit is expected here") }
      exponent = -count
    }
    if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
      isWhole = false
      at += 1
      let minus = peek() == UInt8(ascii: "-")
      if minus || peek() == UInt8(ascii: "+") { at += 1 }
      var power: UInt64 = 0
      var fits = true
      guard digits(&power, &fits) > 0 else { throw invalid("a digit is expected here") }
      if fits, power < 10_000 { exponent += minus ? -Int(power) : Int(power) } else { exact = false }
    }
    if isWhole, exact {
      if !negative { return mantissa <= UInt64(Int64.max) ? .int(Int64(mantissa)) : .uint(mantissa) }
      if mantissa == 0 { return .double(-0.0) }
      if mantissa <= UInt64(Int64.max) + 1 { return .int(Int64(truncatingIfNeeded: 0 &- mantissa)) }
    }
    if exact, mantissa <= 1 << 53, exponent.magnitude <= 22 {
      let power = Self.powersOfTen[Int(exponent.magnitude)]
      let value = exponent < 0 ? Double(mantissa) / power : Double(mantissa) * power
      return .double(negative ? -value : value)
    }
    guard let value = Double(String(decoding: bytes[start..<at], as: UTF8.self)), value.isFinite else {
      throw invalid("a number too large for a double")
    }
    return .double(value)
  }

  private static let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]
}
