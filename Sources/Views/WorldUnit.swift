import Foundation
import Zarr

/// The length of one unit of a dataset's world: of its transforms, and of the spacing, places and boxes of options.
public struct WorldUnit: Sendable, Hashable {
  /// Nil if nobody knows.
  public let micrometres: Double?

  public static let micrometre = WorldUnit(exactly: 1)
  public static let unknown = WorldUnit(exactly: nil)

  private init(exactly micrometres: Double?) { self.micrometres = micrometres }

  /// Nil if that is no length.
  public init?(micrometres: Double) {
    guard micrometres > 0, micrometres.isFinite else { return nil }
    self.micrometres = micrometres
  }

  /// A length, or `unknown`; nil for anything else.
  public init?(_ text: String) {
    if text == "unknown" { self = .unknown } else { self.init(length: text) }
  }

  /// `0.25um`, `250 nm`, `micrometer`; nil for what is no length.
  public init?(length text: String) {
    let text = text.trimmingCharacters(in: .whitespaces)
    // the first split after which a unit follows
    for split in text.indices {
      guard let factor = OMEUnits.length(of: String(text[split...])) else { continue }
      let number = text[..<split].trimmingCharacters(in: .whitespaces)
      guard number.isEmpty || number.utf8.allSatisfy({ "0123456789.+-eE".utf8.contains($0) }),
        let count = number.isEmpty ? 1 : Double(number)
      else { return nil }
      self.init(micrometres: count * factor)
      return
    }
    return nil
  }

  /// The unit as options and dataset files write it.
  public var text: String { micrometres.map { "\($0) um" } ?? "unknown" }

  /// The advice if it has to be given.
  public static let hint = "say how long one unit is, such as --world-unit 0.25um"

  /// A note on a unit that nobody knows.
  static func unknownNote(_ why: String) -> String {
    "\(why): sizes and places in the output are in these units, which have no name; if you know it, add it, such as --world-unit 0.25um"
  }
}

extension WorldUnit: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let unit = WorldUnit(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "this is no length")
    }
    self = unit
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
