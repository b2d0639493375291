import Geometry
import Zarr

/// The attributes of `Pixels`, checked.
struct OMEPixels {
  let attributes: [String: String]
  let path: String
  let x: Int
  let y: Int
  let z: Int
  let c: Int
  let t: Int
  /// The axes t, c and z, the one that changes fastest first.
  let order: [Axis]

  init(_ image: OMEXML.Image, path: String) throws(TIFFError) {
    let attributes = image.pixels
    func size(_ key: String) throws(TIFFError) -> Int {
      guard let size = attributes[key].flatMap(Int.init), size > 0, size < 1 << 31 else {
        throw OMEXML.invalid(path, "Pixels has \(key) \(attributes[key].map { "\"\($0)\"" } ?? "missing")")
      }
      return size
    }
    (x, y, z) = (try size("SizeX"), try size("SizeY"), try size("SizeZ"))
    (c, t) = (try size("SizeC"), try size("SizeT"))
    guard TIFFPageMap.count([t, c, z]) != nil else {
      throw OMEXML.invalid(path, "it counts \(t) x \(c) x \(z) planes")
    }
    let letters = attributes["DimensionOrder"] ?? ""
    let axes = letters.lowercased().compactMap { Axis(rawValue: String($0)) }
    guard axes.count == 5, axes.prefix(2) == [.x, .y], Set(axes).count == 5 else {
      throw OMEXML.invalid(path, "its DimensionOrder is \"\(letters)\"")
    }
    (self.attributes, self.path, order) = (attributes, path, Array(axes.dropFirst(2)))
  }

  /// An attribute that is a number; nil if it is not given, or said to be unknown (NaN).
  func number(_ key: String) -> Double? { (try? OMEPixels.number(attributes, key, path)) ?? nil }

  private static func number(_ attributes: [String: String], _ key: String, _ path: String) throws(TIFFError) -> Double? {
    guard let text = attributes[key]?.filter({ !$0.isWhitespace }), !text.isEmpty else { return nil }
    guard let number = Double(text) else { throw OMEXML.invalid(path, "\(key) is \"\(text)\", which is no number") }
    return number.isFinite ? number : nil
  }

  /// The spacing in micrometres, as far as it is given.
  func spacing() throws(TIFFError) -> [Axis: Double] {
    var spacing: [Axis: Double] = [:]
    for axis in Axis.space {
      let key = "PhysicalSize\(axis.rawValue.uppercased())"
      guard let size = try OMEPixels.number(attributes, key, path), size > 0 else { continue }
      spacing[axis] = size * (try factor(attributes[key + "Unit"], key) ?? 1)
    }
    return spacing
  }

  /// The origin in micrometres; positions in pixels, or in a frame that nothing is known of, count as what they are called.
  func origin(_ plane: [String: String]?) throws(TIFFError) -> [Axis: Double] {
    guard let plane else { return [:] }
    var origin: [Axis: Double] = [:]
    for axis in Axis.space {
      let key = "Position\(axis.rawValue.uppercased())"
      guard let position = try OMEPixels.number(plane, key, path) else { continue }
      let factor = try factor(plane[key + "Unit"], key)
      if let factor { origin[axis] = position * factor } else { origin[axis] = position * (try spacing()[axis] ?? 1) }
    }
    return origin
  }

  /// Micrometres in one of a unit; nil for pixels.
  private func factor(_ unit: String?, _ key: String) throws(TIFFError) -> Double? {
    switch unit {
    case nil, "reference frame": return 1
    case "pixel": return nil
    case "in": return 25_400
    case "Å", "A\u{30A}", "\u{212B}": return 1e-4
    case let unit?:
      guard let factor = OMEUnits.micrometres(in: unit) else {
        throw OMEXML.invalid(path, "\(key) has the unit \"\(unit)\", which is no length")
      }
      return factor
    }
  }
}
