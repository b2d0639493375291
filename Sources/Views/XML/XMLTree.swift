import Diagnostics
import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// An XML document as a tree. Nothing outside the document is ever read, and no entity is made larger than it is: a
/// document type declaration, with which both would begin, is refused.
final class XMLTree: NSObject, XMLParserDelegate {
  /// Why a document is none, and where.
  struct Failure: Error {
    var line: Int
    var reason: String
  }

  final class Element {
    let name: String
    let line: Int
    private let attributes: [String: String]
    fileprivate(set) var children: [Element] = []
    fileprivate var ownText = ""

    fileprivate init(name: String, line: Int, attributes: [String: String]) {
      (self.name, self.line, self.attributes) = (name, line, attributes)
    }

    func children(_ name: String) -> [Element] { children.filter { $0.name == name } }
    func child(_ name: String) -> Element? { children.first { $0.name == name } }
    func attribute(_ name: String) -> String? { attributes[name] }
    /// Directly in it, without white space around.
    var text: String { ownText.trimmingCharacters(in: .whitespacesAndNewlines) }
  }

  private static let maximumDepth = 100
  private var root: Element?
  private var open: [Element] = []
  private var failure: Failure?

  /// The outermost element of a document in any encoding that is known (`XMLEncoding`).
  static func read(_ bytes: [UInt8]) throws(Failure) -> Element {
    let bytes = try XMLEncoding.utf8(bytes)
    try refuseDeclarations(bytes)
    let tree = XMLTree()
    // in pieces: libxml2 refuses to look ahead over more than 10 MB, as it would have to in one
    let parser = XMLParser(stream: InputStream(data: Data(bytes)))
    parser.shouldResolveExternalEntities = false
    parser.delegate = tree
    let isWhole = parser.parse()
    if let failure = tree.failure { throw failure }
    // it calls a document good that only ends early
    guard isWhole, let root = tree.root, tree.open.isEmpty else {
      let code = (parser.parserError as NSError?)?.code
      throw Failure(line: max(1, parser.lineNumber), reason: "it is no valid XML: " + words(on: code))
    }
    return root
  }

  /// libxml2's numbers of what documents go wrong with most.
  private static func words(on code: Int?) -> String {
    switch code {
    case 4: "the document is empty"
    case nil, 5, 73, 74, 77: "it ends early, or a tag is not closed"
    case 9: "a character that XML does not have"
    case 26, 27: "an entity that is not declared"
    case 39, 40, 41, 65, 68: "a tag that is written wrongly"
    case 45: "a comment that does not end"
    case 76: "an element is closed by another name than it was opened with"
    case 80, 81: "its encoding is not UTF-8"
    case let code?: "libxml2 says \(code)"
    }
  }

  /// Refuses what could name other files, or make little text much, and what is not UTF-8, at which Foundation's parser
  /// traps. To be asked before any XML is parsed.
  static func refuseDeclarations(_ bytes: [UInt8]) throws(Failure) {
    // what is not one byte a letter would hide what is looked for next
    if bytes.contains(0) { throw Failure(line: 1, reason: "it has a byte 0, which no XML has") }
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if let line = lines.firstIndex(where: { String(validating: $0, as: UTF8.self) == nil }) {
      throw Failure(line: line + 1, reason: "it is not UTF-8")
    }
    if let at = bytes.firstIndex(of: "<!DOCTYPE") {
      throw Failure(
        line: bytes[..<at].count { $0 == UInt8(ascii: "\n") } + 1, reason: "document type declarations are not read")
    }
  }

  /// The name of the outermost element, without a prefix, of text that may be XML; nil if it cannot be.
  static func rootName(of text: String) -> String? {
    var rest = text[...].utf8
    while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
      // white space, or a byte order mark
      guard rest[..<start].allSatisfy({ $0 <= 0x20 || [0xEF, 0xBB, 0xBF].contains($0) }) else { return nil }
      rest = rest[start...]
      let isComment = rest.starts(with: "<!--".utf8)
      guard isComment || rest.starts(with: "<?".utf8) else { break }
      guard let end = isComment ? rest.dropFirst(4).firstRange(of: "-->".utf8) : rest.firstRange(of: "?>".utf8) else { return nil }
      rest = rest[end.upperBound...]
    }
    // a document type declaration names it, too
    let lead = "<!DOCTYPE "
    rest = rest.dropFirst(rest.starts(with: lead.utf8) ? lead.utf8.count : 1).drop { $0 <= 0x20 }
    let name = rest.prefix { $0 > 0x20 && ![UInt8(ascii: ">"), UInt8(ascii: "/"), UInt8(ascii: "[")].contains($0) }
    return name.split(separator: UInt8(ascii: ":")).last.flatMap { String($0) }
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    guard open.count < Self.maximumDepth else {
      failure = Failure(line: parser.lineNumber, reason: "it is nested deeper than \(Self.maximumDepth)")
      return parser.abortParsing()
    }
    let element = Element(name: name, line: parser.lineNumber, attributes: attributes)
    open.last?.children.append(element)
    if root == nil { root = element }
    open.append(element)
  }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    _ = open.popLast()
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) { open.last?.ownText += text }
}

extension [UInt8] {
  /// The place at which a piece of text begins.
  fileprivate func firstIndex(of text: StaticString) -> Int? {
    let length = text.utf8CodeUnitCount
    guard count >= length else { return nil }
    let first = text.utf8Start[0]
    return (0...(count - length)).first { at in
      self[at] == first && (1..<length).allSatisfy { self[at + $0] == text.utf8Start[$0] }
    }
  }
}
