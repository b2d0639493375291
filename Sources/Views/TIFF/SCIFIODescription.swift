import Foundation
import Geometry
import Zarr

/// The lines that SCIFIO, with which ImageJ2 saves, writes into the ImageDescription of a TIFF file: `axes=X,Y,Channel,Z`,
/// `lengths=…`, `scales=…`, `units=…`, one of each for each axis, the one that changes fastest first.
///
/// Lines that it adds for ImageJ 1 (`slices`, `unit`) say less, and are not read.
struct SCIFIODescription {
  private let names: [String]
  private let lengths: [String]
  private let scales: [String]
  private let units: [String]

  /// Nil if the description is not SCIFIO's.
  init?(_ description: String) {
    guard description.hasPrefix("SCIFIO=") else { return nil }
    let values = ImageJDescription.values(description)
    guard values["axes"] != nil else { return nil }
    func list(_ key: String) -> [String] {
      (values[key] ?? "").split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
    }
    (names, lengths, scales, units) = (list("axes"), list("lengths"), list("scales"), list("units"))
  }

  private static func axis(_ name: String) -> Axis? {
    switch name {
    case "X": .x
    case "Y": .y
    case "Z": .z
    case "Time": .t
    case "Channel": .c
    default: nil
    }
  }

  private func invalid(_ path: String, _ what: String) -> TIFFError {
    .metadataInvalid(
      path: path, reason: "its SCIFIO description cannot be used: \(what)", advice: "save it again from Fiji, or as OME-TIFF")
  }

  func metadata(path: String, pageCount: Int, directory: TIFFLayout) throws(TIFFError) -> TIFFMetadata {
    guard lengths.count == names.count else { throw invalid(path, "it has \(names.count) axes and \(lengths.count) lengths") }
    var counts: [Axis: Int] = [:]
    var places: [Axis: Int] = [:]
    var order: [Axis] = []
    for (i, name) in names.enumerated() {
      guard let length = Int(lengths[i]), length > 0 else { throw invalid(path, "its axis \(name) has the length \(lengths[i])") }
      guard let axis = Self.axis(name) else {
        // what has length 1 needs no name
        if length == 1 { continue }
        throw .unsupported(
          path: path, feature: "an axis \(name) of length \(length)", advice: "save it again with its planes along Z, Time and Channel")
      }
      guard counts.updateValue(length, forKey: axis) == nil else { throw invalid(path, "it has the axis \(name) twice") }
      places[axis] = i
      if axis != .x && axis != .y { order.append(axis) }
    }
    guard counts[.x] == directory.width, counts[.y] == directory.height else {
      throw invalid(
        path, "its image has \(counts[.y] ?? 0) x \(counts[.x] ?? 0) pixels, the file's \(directory.height) x \(directory.width) (y x)")
    }
    let (t, channels, z) = (counts[.t] ?? 1, counts[.c] ?? 1, counts[.z] ?? 1)
    let c = channels / directory.sampleCount
    guard channels % directory.sampleCount == 0, TIFFPageMap.count([t, c, z]) == pageCount else {
      throw invalid(
        path,
        "\(t) time points of \(channels) channels of \(z) slices are not the file's \(pageCount) planes of "
          + "\(directory.sampleCount) samples")
    }
    var metadata = TIFFMetadata(
      kind: .scifio, planes: TIFFPageMap(t: t, c: c, z: z, order: order + [Axis.c, .z, .t].filter { !order.contains($0) }),
      file: path)
    metadata.saysZ = counts[.z] != nil
    for axis in Axis.space {
      guard let place = places[axis], let scale = number(scales, place), scale != 0 else { continue }
      let unit = unit(place)
      guard let factor = OMEUnits.micrometres(in: unit) else {
        metadata.placementProblem = .metadataInvalid(
          path: path, reason: "its unit along \(axis) is \"\(unit ?? "")\", which is no length",
          advice: "give the view its \"spacing\" and \"origin\" in the dataset")
        continue
      }
      metadata.spacing[axis] = scale.magnitude * factor
    }
    if let place = places[.t], t > 1, let step = number(scales, place), step > 0, let unit = unit(place),
      OMEUnits.seconds(in: unit) != nil
    {
      metadata.time = OpenedImage.TimeAxis(scale: step, origin: 0, unit: OMEUnits.timeName(unit))
    }
    return metadata
  }

  private func number(_ list: [String], _ place: Int) -> Double? {
    guard list.indices.contains(place), let number = Double(list[place]), number.isFinite else { return nil }
    return number
  }

  /// Nil if it is not known, which Java writes as null.
  private func unit(_ place: Int) -> String? {
    guard units.indices.contains(place), units[place] != "null" else { return nil }
    return ImageJDescription.unescaped(units[place])
  }
}
