import Foundation
import Geometry
import Zarr

/// The lines that ImageJ writes into the ImageDescription of a TIFF file: `ImageJ=1.53t`, `slices=40`, `unit=um`, …
struct ImageJDescription {
  private let values: [String: String]

  /// Nil where the description is not ImageJ's.
  init?(_ description: String) {
    guard description.hasPrefix("ImageJ=") else { return nil }
    values = Self.values(description)
  }

  /// Of each line `key=value`.
  static func values(_ description: String) -> [String: String] {
    var values: [String: String] = [:]
    for line in description.split(whereSeparator: \.isNewline) {
      guard let equals = line.firstIndex(of: "=") else { continue }
      values[String(line[..<equals])] = line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
    }
    return values
  }

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

  func metadata(path: String, pageCount: Int, directory: TIFFLayout) throws(TIFFError) -> TIFFMetadata {
    let (c, t) = (try length("channels", path) ?? 1, try length("frames", path) ?? 1)
    let (slices, written) = (try length("slices", path), try length("images", path))
    guard let perSlice = TIFFPlanes.count([c, t]), let counted = TIFFPlanes.count([c, t, slices ?? 1]) else {
      throw invalid(path, "\(c) channels, \(slices ?? 1) slices and \(t) frames are more planes than a file has")
    }
    let images = written ?? (slices == nil ? max(pageCount, perSlice) : counted)
    let z = slices ?? images / perSlice
    guard z * perSlice == images, z > 0 else {
      throw invalid(path, "\(c) channels, \(z) slices and \(t) frames are not \(images) images")
    }
    // where a file would grow beyond 4 GiB all planes follow the first one, which has the only directory
    let isContiguous = pageCount == 1 && images > 1
    guard isContiguous || pageCount >= images else {
      throw .damaged(
        path: path, place: "directory \(pageCount)",
        reason: "the file has \(pageCount) of the \(images) planes that its description counts; it was never finished")
    }
    var metadata = TIFFMetadata(
      kind: .imageJ, planes: TIFFPlanes(t: t, c: c, z: z, order: [.c, .z, .t]), file: path)
    metadata.isContiguous = isContiguous
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
      metadata.spacing[axis] = spacing * factor
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
