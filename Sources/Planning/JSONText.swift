import Foundation
import JSON

/// A piece of JSON kept as its text, so that it survives being recorded exactly.
package struct JSONText: Sendable, Codable, Hashable {
  package let text: String

  package init(_ value: JSONValue) { text = String(decoding: value.serialized(pretty: false), as: UTF8.self) }

  package init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  package var value: JSONValue { (try? JSONValue.parse(Array(text.utf8))) ?? .null }
}
