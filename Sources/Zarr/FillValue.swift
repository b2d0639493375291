import Geometry
import JSON

/// The bytes of one element, in the host's order, that a fill value of metadata stands for; nil where it is not a value
/// of the type. JSON null is 0 (its content is undefined, and every reader takes 0).
///
/// Integers may be spelled `0.0`. Floats may be `"NaN"`, `"Infinity"`, `"-Infinity"`, or in v3 their bits,
/// `"0x7fc00000"`. Numbers may be text, `"0"`, as n5-zarr wrote them and zarr-python takes them.
package func fillBytes(_ json: JSONValue, type: ElementType) -> [UInt8]? {
  if json.isNull { return [UInt8](repeating: 0, count: type.byteCount) }
  guard let bits = type.isInteger ? integerBits(json, type: type) : floatBits(json, type: type) else { return nil }
  return withUnsafeBytes(of: bits.littleEndian) { littleEndian in
    let bytes = Array(littleEndian.prefix(type.byteCount))
    return hostIsBigEndian ? bytes.reversed() : bytes
  }
}

private func integerBits(_ json: JSONValue, type: ElementType) -> UInt64? {
  let bitCount = type.byteCount * 8
  let unsignedMaximum = UInt64.max >> UInt64(64 - bitCount)
  switch json {
  case .uint(let value): return !type.isSigned && value <= unsignedMaximum ? value : nil
  case .int(let value):
    if type.isSigned {
      let (low, high) = (Int64.min >> Int64(64 - bitCount), Int64.max >> Int64(64 - bitCount))
      return low <= value && value <= high ? UInt64(bitPattern: value) : nil
    }
    return value >= 0 && UInt64(value) <= unsignedMaximum ? UInt64(value) : nil
  case .double(let value):
    if let whole = Int64(exactly: value) { return integerBits(.int(whole), type: type) }
    if let whole = UInt64(exactly: value) { return integerBits(.uint(whole), type: type) }
    return nil
  case .string(let text):
    guard let text = numberText(text), text.utf8.allSatisfy({ $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "e") }) else { return nil }
    if let value = Int64(text) { return integerBits(.int(value), type: type) }
    return UInt64(text).flatMap { integerBits(.uint($0), type: type) }
  default: return nil
  }
}

/// A decimal number in lower case without white space around, or nil.
private func numberText(_ text: String) -> String? {
  var text = text[...].utf8
  func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (9...13).contains(byte) }
  while text.first.map(isSpace) == true { text.removeFirst() }
  while text.last.map(isSpace) == true { text.removeLast() }
  let isNumber = text.allSatisfy { byte in
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.eE".utf8.contains(byte)
  }
  return isNumber ? String(text)?.lowercased() : nil
}

private func floatBits(_ json: JSONValue, type: ElementType) -> UInt64? {
  if let value = json.double { return bits(of: value, type: type) }
  switch json.string {
  case "NaN": return bits(of: .nan, type: type)
  case "Infinity": return bits(of: .infinity, type: type)
  case "-Infinity": return bits(of: -.infinity, type: type)
  case .some(let text) where text.hasPrefix("0x") && text.utf8.count == 2 + type.byteCount * 2:
    let digits = text.dropFirst(2)
    return digits.allSatisfy(\.isHexDigit) ? UInt64(digits, radix: 16) : nil
  case .some(let text):
    if let number = numberText(text) { return Double(number).map { bits(of: $0, type: type) } }
    // as Python spells them
    switch text.lowercased() {
    case "nan", "+nan", "-nan": return bits(of: .nan, type: type)
    case "inf", "+inf", "infinity", "+infinity": return bits(of: .infinity, type: type)
    case "-inf", "-infinity": return bits(of: -.infinity, type: type)
    default: return nil
    }
  case nil: return nil
  }
}

private func bits(of value: Double, type: ElementType) -> UInt64 {
  switch type {
  case .float16: UInt64(Half(value).bits)
  case .float32: UInt64(Float(value).bitPattern)
  default: value.bitPattern
  }
}
