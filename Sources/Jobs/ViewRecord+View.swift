import Foundation
import Geometry
import JobStore
import Views

extension ViewRecord {
  /// The record of a view with the one level that is used.
  init(_ view: View, ordinal: Int, transforms: [Transform]) throws {
    let level = view.levels[0]
    self.init(
      ordinal: ordinal, name: view.name, path: view.path, shape: level.shape, elementType: level.elementType.rawValue,
      spacing: level.stack.spacing, origin: level.stack.origin, details: try RecordJSON.text(view.details),
      fingerprint: try RecordJSON.text(view.fingerprint), transforms: transforms)
  }
}

/// JSON as job records keep it: equal values are equal texts.
enum RecordJSON {
  static func text(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
