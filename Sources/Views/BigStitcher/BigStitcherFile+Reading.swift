import Files
import Foundation
import Store

/// Numbers, places and paths out of the XML, with errors that name the line.
extension BigStitcherFile {
  func place(_ element: XMLTree.Element) -> String { "line \(element.line), \(element.name)" }

  func invalid(_ element: XMLTree.Element, _ reason: String) -> ViewsError {
    .datasetInvalid(path: path, field: place(element), reason: reason)
  }

  func missing(_ name: String, in element: XMLTree.Element) -> ViewsError { invalid(element, "<\(name)> is missing") }

  func child(_ name: String, of element: XMLTree.Element) throws(ViewsError) -> XMLTree.Element {
    guard let child = element.child(name) else { throw missing(name, in: element) }
    return child
  }

  func integer(_ element: XMLTree.Element) throws(ViewsError) -> Int {
    guard let number = Int32(element.text), number >= 0 else {
      throw invalid(element, "\"\(element.text.prefix(40))\" is no whole number from 0 up")
    }
    return Int(number)
  }

  func numbers(_ element: XMLTree.Element, count: Int) throws(ViewsError) -> [Double] {
    let words = element.text.split(whereSeparator: \.isWhitespace)
    let numbers = words.compactMap { Double($0) }.filter(\.isFinite)
    guard numbers.count == count, words.count == count else {
      throw invalid(element, "\"\(element.text.prefix(60))\" are not \(count) numbers")
    }
    return numbers
  }

  func viewID(_ element: XMLTree.Element, time: String) throws(ViewsError) -> ViewID {
    func number(_ name: String) throws(ViewsError) -> Int {
      guard let text = element.attribute(name), let number = Int32(text), number >= 0 else {
        throw invalid(element, "\(name)=\"\(element.attribute(name) ?? "")\" is no whole number from 0 up")
      }
      return Int(number)
    }
    return ViewID(time: try number(time), setup: try number("setup"))
  }

  /// The path that an element names, relative to a folder unless it says otherwise. Java writes relative ones as URIs, where
  /// %20 is a space; since a name may have a % in it, one counts as it is where that is there.
  static func place(_ element: XMLTree.Element, in folder: String, path: String) throws(ViewsError) -> String {
    var text = element.text
    if text.hasPrefix("file:") {
      text = String(text.dropFirst(5))
      while text.hasPrefix("//") { text.removeFirst() }
      text = text.removingPercentEncoding ?? text
    } else if let scheme = text.range(of: ":/") {
      throw .datasetUnsupported(
        path: path, field: "line \(element.line), \(element.name)", what: "an image at a \"\(text[..<scheme.lowerBound])\" address",
        hint: "only local files are read; copy the images to a disk and correct the XML")
    } else if text.hasPrefix("~"), let problem = PathProblem(text) {
      throw .noPath(problem, text, path: path, field: "line \(element.line), \(element.name)")
    }
    func absolute(_ text: String) throws(ViewsError) -> String {
      guard !text.utf8.contains(0) else {
        throw .datasetInvalid(path: path, field: "line \(element.line), \(element.name)", reason: "it is no path")
      }
      return KnownStores.absolute(text.isEmpty ? "." : text, in: folder)
    }
    let literal = try absolute(text)
    guard text == element.text, text.contains("%"), !Place(literal).isThere, let decoded = text.removingPercentEncoding else {
      return literal
    }
    return try absolute(decoded)
  }
}
