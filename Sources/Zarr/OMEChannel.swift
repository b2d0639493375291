import Geometry
import JSON

/// One entry of `omero.channels`: what a viewer shows a channel as.
///
/// The `omero` block is transitional and optional, so reading it never fails: what does not make sense is left out.
public struct OMEChannel: Sendable, Hashable, Codable {
  /// Grey values: the range a viewer offers (`min`, `max`) and shows at first (`start`, `end`).
  public struct Window: Sendable, Hashable, Codable {
    public var min: Double
    public var max: Double
    public var start: Double
    public var end: Double

    public init(min: Double, max: Double, start: Double, end: Double) {
      (self.min, self.max, self.start, self.end) = (min, max, start, end)
    }
  }

  public var label: String?
  /// Six hexadecimal digits, `rrggbb`.
  public var color: String?
  public var isActive: Bool
  public var window: Window?

  public init(label: String?, color: String? = nil, isActive: Bool = true, window: Window? = nil) {
    (self.label, self.color, self.isActive, self.window) = (label, color, isActive, window)
  }

  /// The channels of an image: beside `multiscales`, or outside of `ome`, as some writers of 0.5 put them.
  static func parse(_ group: GroupAttributes) -> [OMEChannel]? {
    let omero = group.ome["omero"] ?? group.attributes["omero"]
    guard let list = omero?["channels"]?.array, !list.isEmpty else { return nil }
    return list.map { json in
      OMEChannel(
        label: json["label"]?.string ?? json["name"]?.string, color: json["color"]?.string.flatMap(sixDigits),
        isActive: json["active"]?.bool ?? true, window: Window(json["window"]))
    }
  }

  /// As written: readers demand colour and window, so unknown ones get white and the range of the type.
  func json(index: Int, elementType: ElementType) -> JSONValue {
    let window = window ?? Window(fullRangeOf: elementType)
    return .object([
      "label": .string(label ?? "ch\(index)"),
      "color": .string(color.flatMap(OMEChannel.sixDigits) ?? "ffffff"),
      "active": .bool(isActive),
      "window": .object([
        "min": .double(window.min), "max": .double(window.max),
        "start": .double(window.start), "end": .double(window.end),
      ]),
    ])
  }

  /// `#RRGGBB`, `RRGGBB` and `RRGGBBAA` as `RRGGBB`.
  static func sixDigits(_ text: String) -> String? {
    let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
    guard digits.utf8.count == 6 || digits.utf8.count == 8, digits.allSatisfy({ $0.isASCII && $0.isHexDigit })
    else { return nil }
    return String(digits.prefix(6))
  }
}

extension OMEChannel.Window {
  /// What an integer type can hold; 0 to 1 for floating point.
  public init(fullRangeOf type: ElementType) {
    let bits = Double(type.byteCount * 8)
    switch type {
    case .uint8, .uint16, .uint32, .uint64:
      let top = Double.powerOfTwo(bits) - 1
      self.init(min: 0, max: top, start: 0, end: top)
    case .int8, .int16, .int32, .int64:
      let half = Double.powerOfTwo(bits - 1)
      self.init(min: -half, max: half - 1, start: -half, end: half - 1)
    case .float16, .float32, .float64:
      self.init(min: 0, max: 1, start: 0, end: 1)
    }
  }

  fileprivate init?(_ json: JSONValue?) {
    guard let json, let start = json["start"]?.double, let end = json["end"]?.double else { return nil }
    self.init(min: json["min"]?.double ?? start, max: json["max"]?.double ?? end, start: start, end: end)
  }
}

extension Double {
  fileprivate static func powerOfTwo(_ exponent: Double) -> Double {
    Double(sign: .plus, exponent: Int(exponent), significand: 1)
  }
}
