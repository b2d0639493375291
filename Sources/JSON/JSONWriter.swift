/// Writes JSON deterministically: sorted keys, shortest digits, escapes only where JSON demands them.
struct JSONWriter {
  private(set) var bytes: [UInt8] = []
  private let pretty: Bool

  init(pretty: Bool) {
    self.pretty = pretty
  }

  mutating func endLine() { bytes.append(0x0A) }

  mutating func write(_ value: JSONValue, indent: Int) {
    switch value {
    case .null: append("null")
    case .bool(let flag): append(flag ? "true" : "false")
    case .int(let number): append(String(number))
    case .uint(let number): append(String(number))
    case .double(let number): write(number)
    case .string(let text): write(text)
    case .array(let elements):
      let inline = !pretty || elements.allSatisfy { $0.array == nil && $0.object == nil }
      list("[", "]", elements, inline: inline, indent: indent) { writer, element, inner in
        writer.write(element, indent: inner)
      }
    case .object(let members):
      list("{", "}", members.keys.sorted(), inline: !pretty, indent: indent) { writer, key, inner in
        writer.write(key)
        writer.append(writer.pretty ? ": " : ":")
        if let member = members[key] { writer.write(member, indent: inner) }
      }
    }
  }

  private mutating func list<Element>(
    _ open: String, _ close: String, _ elements: [Element], inline: Bool, indent: Int,
    _ body: (inout JSONWriter, Element, Int) -> Void
  ) {
    append(open)
    for (i, element) in elements.enumerated() {
      if i > 0 { append(pretty && inline ? ", " : ",") }
      if !inline { newLine(indent + 1) }
      body(&self, element, indent + 1)
    }
    if !inline, !elements.isEmpty { newLine(indent) }
    append(close)
  }

  private mutating func newLine(_ indent: Int) {
    bytes.append(0x0A)
    for _ in 0..<indent { append("  ") }
  }

  private mutating func append(_ text: String) {
    bytes.append(contentsOf: text.utf8)
  }

  private mutating func write(_ number: Double) {
    if number.isFinite {
      append(String(describing: number))
    } else {
      append(number.isNaN ? "\"NaN\"" : number > 0 ? "\"Infinity\"" : "\"-Infinity\"")
    }
  }

  private mutating func write(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): append("\\\"")
      case UInt8(ascii: "\\"): append("\\\\")
      case 0x0A: append("\\n")
      case 0x0D: append("\\r")
      case 0x09: append("\\t")
      case 0..<0x20:
        append("\\u00")
        bytes.append(hexDigit(byte >> 4))
        bytes.append(hexDigit(byte & 15))
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
