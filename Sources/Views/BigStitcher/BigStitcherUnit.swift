import Foundation
import Geometry
import Zarr

/// The length of one unit of a BigStitcher world, as far as its registrations show it.
///
/// BigStitcher's first step of a view, its calibration, takes pixels to units of the smallest voxel size; other programs
/// write micrometres, or the unit of the voxel sizes. Where a calibration fits one of these within a thousandth, and what
/// follows it registers and does not scale any more, the view shows the unit. Views that fit none show nothing.
struct BigStitcherUnit {
  /// One step of a view's registration, pixels to world, in z y x order.
  struct Step {
    var name: String
    var map: AffineMap
  }

  private struct Voxel {
    /// Micrometres, along z, y, x.
    var size: Vector3
    /// Micrometres in the unit that the file gives it in.
    var unit: Double
    /// An image of one plane has no spacing along z that would count.
    var isFlat: Bool
  }

  private let voxels: [Int: Voxel]
  private let smallest: Double
  /// The units that were shown, each with the first setup that shows it.
  private var shown: [(micrometres: Double, setup: Int)] = []
  /// Text of the first voxel size, for notes.
  private let example: String?

  /// Files keep three digits: 3.08 for 3.0769.
  private static let tolerance = 1.001e-3
  /// More than a registration scales.
  private static let registrationScale = 0.05

  init(_ setups: [BigStitcherFile.Setup]) {
    var voxels: [Int: Voxel] = [:]
    for setup in setups {
      guard let (size, unit) = setup.voxel, let factor = OMEUnits.length(of: unit), size.allSatisfy({ $0 > 0 }) else { continue }
      voxels[setup.id] = Voxel(
        size: Vector3(size[2], size[1], size[0]) * factor, unit: factor, isFlat: setup.shape.map { $0[0] == 1 } ?? false)
    }
    self.voxels = voxels
    smallest = voxels.values.map { $0.size.min() }.min() ?? 1
    example = setups.first { $0.voxel != nil }?.voxel.map { voxel in
      "\(voxel.size.map { "\($0)" }.joined(separator: " x ")) \(voxel.unit.isEmpty ? "without a unit" : voxel.unit) (x y z)"
    }
  }

  /// - Parameter steps: in the file's order, so that the last is applied first.
  mutating func look(at steps: [Step], setup: Int) {
    guard let voxel = voxels[setup], let unit = unit(steps, voxel) else { return }
    if !shown.contains(where: { agree($0.micrometres, unit) }) { shown.append((unit, setup)) }
  }

  private func unit(_ steps: [Step], _ voxel: Voxel) -> Double? {
    var total = AffineMap.identity
    for step in steps { total = total.after(step.map) }
    let lanes = voxel.isFlat ? 1..<3 : 0..<3
    for calibration in calibrations(steps) {
      guard let scale = diagonal(calibration) else { continue }
      // of a voxel's edges in the mean, which a shear such as a deskewing leaves as they are
      let rest = pow(size(total, lanes) / size(calibration, lanes), 1 / Double(lanes.count))
      guard (rest - 1).magnitude <= Self.registrationScale else { continue }
      let units = [smallest, voxel.size.min(), voxel.unit, 1]
      if let unit = units.first(where: { unit in lanes.allSatisfy { agree(scale[$0] * unit, voxel.size[$0]) } }) { return unit }
    }
    return nil
  }

  /// The step that is called so; else the first that is applied and scales, and the first at all.
  private func calibrations(_ steps: [Step]) -> [AffineMap] {
    guard let first = steps.last else { return [.identity] }
    if let named = steps.last(where: { $0.name.lowercased().contains("calibration") }) { return [named.map] }
    let scaling = steps.last { $0.map.rows != AffineMap.identity.rows }
    return [scaling ?? first, first].map(\.map)
  }

  /// The scale along the axes; nil for a map that does more than that, and shift.
  private func diagonal(_ map: AffineMap) -> Vector3? {
    let scale = Vector3(map.rows[0][0], map.rows[1][1], map.rows[2][2])
    for i in 0..<3 {
      guard scale[i] > 0, (0..<3).allSatisfy({ $0 == i || map.rows[i][$0].magnitude <= Self.tolerance * scale[i] }) else { return nil }
    }
    return scale
  }

  /// The volume that a voxel of 1 is mapped to; for a flat one the area.
  private func size(_ map: AffineMap, _ lanes: Range<Int>) -> Double {
    lanes.count == 3 ? map.determinant.magnitude : lanes.reduce(1) { $0 * map.axisScales[$1] }
  }

  private func agree(_ a: Double, _ b: Double) -> Bool { (a - b).magnitude <= Self.tolerance * b }

  // MARK: - Answers

  var world: WorldUnit {
    guard shown.count == 1, let unit = WorldUnit(micrometres: shown[0].micrometres) else { return .unknown }
    return unit
  }

  /// A note on the unit.
  var note: String {
    let voxels = example.map { ", with voxels of \($0)" } ?? ""
    guard let micrometres = world.micrometres else {
      let list = shown.prefix(3).map { "setup\($0.setup) shows \($0.micrometres) micrometre" }.joined(separator: ", ")
      let why =
        shown.isEmpty
        ? "the XML does not show how long one unit of its world is\(voxels)"
        : "the XML's registrations contradict each other about how long one unit of its world is (\(list))"
      return WorldUnit.unknownNote(why)
    }
    return "spacing, places and boxes in options are in the XML's world units, one of which is \(micrometres) micrometre\(voxels); "
      + "sizes and places in the output are in micrometres"
  }
}
