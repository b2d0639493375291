import Foundation
import Geometry
import Zarr

/// The lines that ImageJ writes into the ImageDescription of a TIFF file: `ImageJ=1.53t`, `slices=40`, `unit=um`, …
struct ImageJDescription {
  private let values: [String: String]

  /// Nil if the description is not ImageJ's.
  init?(_ description: String) {
    guard description.hasPrefix("ImageJ=") else { return nil }
    values = Self.values(description)
  }

  /// The values of all lines `key=value`.
  static func values(_ description: String) -> [String: String] {
    var values: [String: String] = [:]
    for line in description.split(whereSeparator: \.isNewline) {
      guard let equals = line.firstIndex(of: "=") else { continue }
      values[String(line[..<equals])] = line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
    }
    return values
  }

  /// The way in which ImageJ shows channels.
  var mode: String { values["mode"] ?? "" }

  private func number(_ key: String) -> Double? {
    values[key].flatMap(Double.init).flatMap { $0.isFinite ? $0 : nil }
  }

  private func length(_ key: String, _ path: String) throws(TIFFError) -> Int? {
    guard let text = values[key] else { return nil }
    guard let number = Int(text), number > 0, number <= 1 << 24 else { throw invalid(path, "it has \(key)=\(text)") }
    return number
  }

  private func invalid(_ path: String, _ what: String) -> TIFFError {
    .metadataInvalid(
      path: path, reason: "its ImageJ description cannot be used: \(what)", advice: "save it again from ImageJ, or as OME-TIFF")
  }

  /// Planes along t, c and z, and in all. Samples of a pixel, as of an RGB image of 48 bits, may be its channels.
  ///
  /// - Parameter byteCount: the bytes of the file.
  private func counts(
    path: String, pageCount: Int, byteCount: UInt64, directory: TIFFLayout
  ) throws(TIFFError) -> (t: Int, c: Int, z: Int, all: Int) {
    var c = try length("channels", path) ?? 1
    let t = try length("frames", path) ?? 1
    var (slices, written) = (try length("slices", path), try length("images", path))
    guard var counted = TIFFPageMap.count([c, t, slices ?? 1]) else {
      throw invalid(path, "\(c) channels, \(slices ?? 1) slices and \(t) frames are more planes than a file has")
    }
    let samples = directory.sampleCount
    // old versions counted the colours of 48 bits as slices, or in all only
    let isColour = samples == 3 && directory.elementType.byteCount == 2 && pageCount == 1
    if isColour, values["channels"] == nil, t == 1, written == samples, [nil, 1, samples].contains(slices),
      !Self.holds(samples, directory, byteCount)
    {
      (c, slices, counted) = (samples, nil, samples)
    }
    if samples > 1, c % samples == 0, pageCount == counted / samples, written.map([counted, counted / samples].contains) ?? true {
      // else every channel is a plane of samples, all behind the first directory
      if pageCount > 1 || !Self.holds(counted, directory, byteCount) {
        c /= samples
        (slices, written) = (slices ?? 1, pageCount)
      }
    }
    let all = written ?? (slices == nil ? max(pageCount, c * t) : counted)
    let z = slices ?? all / (c * t)
    guard z > 0, TIFFPageMap.count([c, t, z]) == all else {
      throw invalid(path, "\(c) channels, \(z) slices and \(t) frames are not \(all) images")
    }
    return (t, c, z, all)
  }

  /// Whether a file of so many bytes may have so many planes one after the other.
  private static func holds(_ count: Int, _ directory: TIFFLayout, _ byteCount: UInt64) -> Bool {
    let needed = directory.planeByteCount.multipliedReportingOverflow(by: count)
    return !needed.overflow && UInt64(needed.partialValue) <= byteCount
  }

  /// The axes of planes, the one that changes fastest first. Micro-Manager writes stacks of each channel one after the other.
  private func order(_ path: String, lengths: [Int]) throws(TIFFError) -> [Axis] {
    let text = values["order"]?.lowercased() ?? "czt"
    let axes = text == "default" ? [.c, .z, .t] : text.compactMap { Axis(rawValue: String($0)) }
    if Set(axes) == [.c, .z, .t], axes.count == 3, text == "default" || text.count == 3 { return axes }
    // without two lengths there is no order
    guard lengths.filter({ $0 > 1 }).count > 1 else { return [.c, .z, .t] }
    throw invalid(path, "its planes have the order \"\(text)\", which is none of c, z and t (such as czt and zct)")
  }

  /// - Parameter byteCount: the bytes of the file.
  func metadata(
    path: String, pageCount: Int, byteCount: UInt64, directory: TIFFLayout
  ) throws(TIFFError) -> TIFFMetadata {
    let (t, c, z, images) = try counts(path: path, pageCount: pageCount, byteCount: byteCount, directory: directory)
    // where a file would grow beyond 4 GiB all planes follow the first one, which has the only directory
    let isContiguous = pageCount == 1 && images > 1
    guard isContiguous || pageCount >= images else {
      throw .damaged(
        path: path, place: "directory \(pageCount)",
        reason: "the file has \(pageCount) of the \(images) planes that its description counts; it was never finished")
    }
    var metadata = TIFFMetadata(
      kind: .imageJ, planes: TIFFPageMap(t: t, c: c, z: z, order: try order(path, lengths: [t, c, z])), file: path)
    metadata.isContiguous = isContiguous
    // slices that are colours are none
    metadata.saysZ = try length("slices", path) == z || values["spacing"] != nil
    if let step = number("finterval"), step > 0 {
      metadata.time = OpenedImage.TimeAxis(scale: step, origin: 0, unit: "second")
    }
    for (axis, unitKey) in [(Axis.z, "zunit"), (.y, "yunit"), (.x, "unit")] {
      let unit = Self.unescaped(values[unitKey] ?? values["unit"])
      guard let factor = OMEUnits.micrometres(in: unit) else {
        metadata.placementProblem = .metadataInvalid(
          path: path, reason: "its unit along \(axis) is \"\(unit ?? "")\", which is no length",
          advice: "give the view its \"spacing\" and \"origin\" in the dataset")
        if number("\(axis)origin") ?? 0 != 0 { metadata.originProblem = metadata.placementProblem }
        continue
      }
      let size: Double? =
        switch axis {
        case .z: number("spacing").map(\.magnitude)
        // without a unit the tags count as those of any TIFF file: where they are in centimetres
        case _ where unit == nil: directory.isResolutionInCentimetres ? directory.resolution[axis].map { 10_000 / $0 } : nil
        default: directory.resolution[axis].map { 1 / $0 }
        }
      let spacing = size.flatMap { $0 > 0 && $0.isFinite ? $0 : nil } ?? 1
      // one plane without a spacing has that of the others
      if axis != .z || z > 1 || size != nil { metadata.spacing[axis] = spacing * factor }
      // in ImageJ the origin is the pixel whose place is 0
      if let zero = number("\(axis)origin") { metadata.origin[axis] = -zero * spacing * factor }
    }
    return metadata
  }

  /// ImageJ writes letters beyond ASCII as `\u00B5`.
  static func unescaped(_ text: String?) -> String? {
    guard let text else { return nil }
    var result = ""
    var rest = text[...]
    while let at = rest.range(of: "\\u") {
      result += rest[..<at.lowerBound]
      let digits = rest[at.upperBound...].prefix(4)
      if digits.count == 4, let code = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(code) {
        result.unicodeScalars.append(scalar)
        rest = rest[digits.endIndex...]
      } else {
        result += "\\u"
        rest = rest[at.upperBound...]
      }
    }
    return result + rest
  }
}
