import Diagnostics

/// A piece of HTML. Whatever is put into it with `\(…)` is escaped, unless it is HTML itself: names that come from users
/// cannot become markup.
package struct HTML: Sendable, Hashable, ExpressibleByStringInterpolation {
  package private(set) var text: String

  package init(stringLiteral value: String) { text = value }

  package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

  /// Text that is markup already.
  init(verbatim text: String) { self.text = text }

  static func + (a: HTML, b: HTML) -> HTML { HTML(verbatim: a.text + b.text) }
  static func += (a: inout HTML, b: HTML) { a.text += b.text }

  package struct StringInterpolation: StringInterpolationProtocol, Sendable {
    fileprivate var text = ""

    package init(literalCapacity: Int, interpolationCount: Int) {
      text.reserveCapacity(literalCapacity + interpolationCount * 16)
    }

    package mutating func appendLiteral(_ literal: String) { text += literal }
    package mutating func appendInterpolation(_ value: HTML) { text += value.text }
    package mutating func appendInterpolation(_ value: HTML?) { text += value?.text ?? "" }
    package mutating func appendInterpolation(_ values: [HTML]) { for value in values { text += value.text } }
    package mutating func appendInterpolation(_ value: Int) { text += String(value) }
    package mutating func appendInterpolation(_ value: String) { text += HTML.escaped(value) }
    package mutating func appendInterpolation(_ value: String?) { text += value.map(HTML.escaped) ?? "" }
  }

  static func escaped(_ value: String) -> String {
    var result = ""
    result.reserveCapacity(value.utf8.count)
    // control characters are not allowed in HTML
    for scalar in value.printable.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

/// A coordinate in a drawing: short, without an exponent.
package func coordinate(_ value: Double) -> HTML {
  guard value.isFinite, value.magnitude < 1e12 else { return "0" }
  let thousandths = Int((value * 1000).rounded())
  if thousandths % 1000 == 0 { return HTML(verbatim: String(thousandths / 1000)) }
  let digits = String(thousandths.magnitude % 1000 + 1000).dropFirst()
  return HTML(verbatim: (thousandths < 0 ? "-" : "") + "\(thousandths.magnitude / 1000).\(digits)")
}
