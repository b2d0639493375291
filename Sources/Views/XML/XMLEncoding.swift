import Foundation

/// The encoding of an XML document, which its first bytes and its declaration tell, and its text in UTF-8.
enum XMLEncoding {
  case utf8, utf16LittleEndian, utf16BigEndian, latin1, windows1252, ascii

  private static let names: [String: XMLEncoding] = [
    "utf-8": .utf8, "utf8": .utf8, "iso-8859-1": .latin1, "iso_8859-1": .latin1, "iso8859-1": .latin1, "latin1": .latin1,
    "latin-1": .latin1, "windows-1252": .windows1252, "cp1252": .windows1252, "us-ascii": .ascii, "ascii": .ascii,
  ]

  /// The document in UTF-8. A declaration that says another encoding is blanked; lines and columns stay.
  static func utf8(_ bytes: [UInt8]) throws(XMLTree.Failure) -> [UInt8] {
    let encoding = try of(bytes)
    if encoding == .utf8 { return declaredName(bytes).map { names[$0] == .utf8 } ?? true ? bytes : withoutDeclaration(bytes) }
    let text: String?
    switch encoding {
    case .utf8: return bytes
    case .utf16LittleEndian, .utf16BigEndian:
      let isLittle = encoding == .utf16LittleEndian
      let units = stride(from: 0, to: bytes.count - 1, by: 2).map { i in
        UInt16(bytes[isLittle ? i : i + 1]) | UInt16(bytes[isLittle ? i + 1 : i]) << 8
      }
      text = bytes.count % 2 == 0 ? String(validating: units, as: UTF16.self) : nil
    case .latin1: text = String(String.UnicodeScalarView(bytes.lazy.map { Unicode.Scalar($0) }))
    case .windows1252: text = String(bytes: bytes, encoding: .windowsCP1252)
    case .ascii:
      if let at = bytes.firstIndex(where: { $0 > 0x7F }) {
        throw XMLTree.Failure(
          line: bytes[..<at].count { $0 == UInt8(ascii: "\n") } + 1, reason: "it is not US-ASCII, as its declaration says")
      }
      text = String(decoding: bytes, as: UTF8.self)
    }
    guard let text else { throw XMLTree.Failure(line: 1, reason: "it is not \(encoding.words), as its beginning says") }
    return withoutDeclaration(Array(text.utf8))
  }

  private var words: String {
    switch self {
    case .utf8: "UTF-8"
    case .utf16LittleEndian, .utf16BigEndian: "UTF-16"
    case .latin1: "ISO-8859-1"
    case .windows1252: "windows-1252"
    case .ascii: "US-ASCII"
    }
  }

  /// A byte order mark counts more than the declaration, as XML has it.
  private static func of(_ bytes: [UInt8]) throws(XMLTree.Failure) -> XMLEncoding {
    let isWide = bytes.starts(with: [0xFF, 0xFE, 0, 0]) || bytes.starts(with: [0, 0, 0xFE, 0xFF])
    if isWide || bytes.starts(with: [0x3C, 0, 0, 0]) || bytes.starts(with: [0, 0, 0, 0x3C]) {
      throw XMLTree.Failure(line: 1, reason: "its encoding is UTF-32; save it as UTF-8")
    }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return .utf8 }
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0x3C, 0]) { return .utf16LittleEndian }
    if bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0, 0x3C]) { return .utf16BigEndian }
    guard let name = declaredName(bytes) else { return .utf8 }
    guard let encoding = names[name] else {
      if name.hasPrefix("utf-16") {
        throw XMLTree.Failure(line: 1, reason: "its declaration says \(name.uppercased()), which it is not; correct the declaration")
      }
      throw XMLTree.Failure(
        line: 1,
        reason: "its encoding is \"\(declaredName(bytes, asWritten: true) ?? name)\"; UTF-8, UTF-16, ISO-8859-1, windows-1252 "
          + "and US-ASCII are read; save it as UTF-8")
    }
    return encoding
  }

  /// The encoding that the declaration names, in lower case.
  private static func declaredName(_ bytes: [UInt8], asWritten: Bool = false) -> String? {
    guard let declaration = declaration(bytes) else { return nil }
    let text = String(decoding: bytes[declaration].prefix(1000), as: UTF8.self)
    guard let key = text.range(of: "encoding") else { return nil }
    let rest = text[key.upperBound...].drop { $0.isWhitespace || $0 == "=" }
    guard let quote = rest.first, quote == "\"" || quote == "'" else { return nil }
    let name = rest.dropFirst().prefix { $0 != quote }
    return asWritten ? String(name.prefix(40)) : name.lowercased()
  }

  private static func declaration(_ bytes: [UInt8]) -> ClosedRange<Int>? {
    guard let start = bytes.firstIndex(of: UInt8(ascii: "<")), bytes[start...].starts(with: "<?xml".utf8),
      let end = bytes[start...].firstIndex(of: UInt8(ascii: ">")), bytes[start..<end].dropFirst(5).first ?? 0 <= 0x20
    else { return nil }
    return start...end
  }

  /// For text whose encoding is known by other means than its declaration.
  static func withoutDeclaration(_ bytes: [UInt8]) -> [UInt8] {
    guard let declaration = declaration(bytes) else { return bytes }
    var bytes = bytes
    for i in declaration where bytes[i] > 0x20 { bytes[i] = 0x20 }
    return bytes
  }
}
