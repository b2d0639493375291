import Foundation
import Geometry
import Output
import Planning
import Zarr

/// The OME-XML of an exported part of a level, as it stands in the first page (schema 2016-06).
struct OMEDescription {
  let plan: JobPlan
  let layout: LevelLayout
  let region: LevelRegion
  let pixels: TIFFPixels
  let software: String

  /// The size of a voxel, in the unit of `lengthUnit`.
  var spacing: Vector3 { plan.outputStack.spacing * Vector3(layout.absoluteFactor) }

  /// The place of the part's first voxel.
  private var origin: Vector3 {
    let (factor, stack) = (Vector3(layout.absoluteFactor), plan.outputStack)
    // as the level's own metadata have it
    let middle = plan.fusion.levelsAreSampled ? Vector3.zero : (factor - 1) * stack.spacing / 2
    return stack.origin + middle + Vector3(region.box.lower) * spacing
  }

  /// Where nobody knows how long a world unit is, OME has a word for that.
  private var lengthUnit: String { plan.isPhysical ? "µm" : "reference frame" }

  var text: String {
    let shape = region.shape
    let (place, size) = (origin, spacing)
    let axes: [(Axis, String)] = [(.x, "X"), (.y, "Y")] + (plan.is3D ? [(.z, "Z")] : [])
    // readers differ in where they look for the place
    var stage = [("Name", "voxel 0")]
    var plane = [("TheZ", "0"), ("TheT", "0"), ("TheC", "0")]
    var attributes = [
      ("ID", "Pixels:0"), ("DimensionOrder", "XYZCT"), ("Type", pixels.omeName), ("SignificantBits", String(pixels.bitCount)),
      ("BigEndian", "false"), ("SizeX", String(shape.x)), ("SizeY", String(shape.y)), ("SizeZ", String(shape.z)),
      ("SizeC", String(shape.c)), ("SizeT", String(shape.t)),
    ]
    for (axis, name) in axes {
      let lane = axis.spaceLane ?? 0
      attributes += [("PhysicalSize\(name)", number(size[lane])), ("PhysicalSize\(name)Unit", lengthUnit)]
      stage += [(name, number(place[lane])), ("\(name)Unit", lengthUnit)]
      plane += [("Position\(name)", number(place[lane])), ("Position\(name)Unit", lengthUnit)]
    }
    if let step = secondsPerTimePoint { attributes += [("TimeIncrement", number(step)), ("TimeIncrementUnit", "s")] }
    let pageCount = shape.t * shape.c * shape.z
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      \(open("OME", [("xmlns", Self.schema), ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
        ("xsi:schemaLocation", "\(Self.schema) \(Self.schema)/ome.xsd"), ("Creator", software)]))
      \(open("Image", [("ID", "Image:0"), ("Name", plan.output.name)]))
      <Description>level \(layout.level)\(escaped(" of \(plan.output.name), voxels \(rangesText)"))</Description>
      \(closed("StageLabel", stage))
      \(open("Pixels", attributes))
      \(channels.joined(separator: "\n"))
      \(closed("TiffData", [("IFD", "0"), ("PlaneCount", String(pageCount))]))
      \(closed("Plane", plane))
      </Pixels>
      </Image>
      </OME>
      """
  }

  private static let schema = "http://www.openmicroscopy.org/Schemas/OME/2016-06"

  private var rangesText: String {
    let space = plan.spatialAxes.map { axis in
      let lane = axis.spaceLane ?? 0
      return "\(axis)=\(region.box.lower[lane]):\(region.box.upper[lane])"
    }
    return (["t=\(region.t.lowerBound):\(region.t.upperBound)", "c=\(region.c.lowerBound):\(region.c.upperBound)"] + space)
      .joined(separator: ",")
  }

  private var channels: [String] {
    let colors = plan.output.colors(channelCount: plan.channelCount)
    return region.c.enumerated().map { i, c in
      let name = plan.output.channelNames.flatMap { $0.indices.contains(c) ? $0[c] : nil } ?? "ch\(c)"
      return closed(
        "Channel",
        [("ID", "Channel:0:\(i)"), ("Name", name), ("SamplesPerPixel", "1"), ("Color", String(Self.color(colors[c])))])
    }
  }

  /// Red, green, blue and opacity in one signed number.
  private static func color(_ hex: String) -> Int32 {
    let value = UInt32(hex.hasPrefix("#") ? String(hex.dropFirst()) : hex, radix: 16) ?? 0xffffff
    return Int32(bitPattern: value << 8 | 255)
  }

  /// Nil where there is one time point, or nobody knows the unit.
  private var secondsPerTimePoint: Double? {
    guard plan.timeCount > 1, let seconds = plan.output.timeUnit.flatMap(OMEUnits.seconds) else { return nil }
    return plan.output.timeScale * seconds
  }

  /// As XML Schema spells numbers.
  private func number(_ value: Double) -> String { String(describing: value) }

  private func open(_ name: String, _ attributes: [(String, String)]) -> String {
    "<\(name)\(attributes.map { " \($0)=\"\(escaped($1))\"" }.joined())>"
  }

  private func closed(_ name: String, _ attributes: [(String, String)]) -> String {
    "<\(name)\(attributes.map { " \($0)=\"\(escaped($1))\"" }.joined())/>"
  }

  /// Characters that XML has no place for become `?`.
  private func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\t", "\n", "\r": result += "&#\(scalar.value);"
      case _ where scalar.value < 0x20 || scalar.value == 0xfffe || scalar.value == 0xffff: result += "?"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
