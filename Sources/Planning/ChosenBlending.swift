import Fusion
import Geometry
import Views

/// The blending that options ask for: what is given, then what `like` stands for, then the reference's.
struct ChosenBlending {
  /// Along z, y, x.
  let widths: Vector3
  /// Nil where the ramps are the reference's.
  let product: ProductBlending?

  /// BigStitcher's, in voxels of its world.
  private static let bigStitcherRange = 40.0

  /// - Parameter first: the first view, whose smallest voxel side is a voxel of the world: 1 in a BigStitcher XML.
  init(_ options: JobOptions, first: View, axes: [Axis]) throws(JobError) {
    let isLike = options.like == .bigstitcher
    let isProduct = (options.givenBlending ?? (isLike ? .product : .reference)) == .product
    var (widths, border, inWorld) = (Vector3.zero, Vector3.zero, [false, false, false])
    let spacing = first.levels[0].stack.spacing
    let worldVoxel = axes.compactMap(\.spaceLane).map { spacing[$0] }.min() ?? 1
    for (axis, value) in options.blendingWidths {
      guard let lane = axis.spaceLane else { continue }
      widths[lane] = value
      if isLike && isProduct && options.givenBlendingWidths[axis] == nil {
        (widths[lane], inWorld[lane]) = (Self.bigStitcherRange * worldVoxel, true)
      }
    }
    for (axis, value) in options.blendingBorder where axes.contains(axis) {
      guard let lane = axis.spaceLane, value > 0 else { continue }
      guard isProduct else {
        throw .invalid(
          what: "option \"blending_border\" is about blending product, and the blending is the reference's",
          hint: "add --blending product, or leave blending_border out")
      }
      guard widths[lane] > 0 else {
        throw .invalid(
          what: "option \"blending_border\" is \(value) along \(axis), where a blending width of 0 says that there is no soft border",
          hint: "give blending_widths along \(axis), or no border")
      }
      border[lane] = value
    }
    self.widths = widths
    product = isProduct ? ProductBlending(border: border, worldWidths: inWorld) : nil
  }

  /// What is worth a word about the blending that was asked for.
  static func notes(_ options: JobOptions, _ plan: JobPlan) -> [String] {
    guard options.like != nil || options.givenBlending == .product || !options.blendingBorder.isEmpty else { return [] }
    guard let product = plan.fusion.product else {
      if options.givenBlending == .reference { return ["like has no effect: blending reference was asked for"] }
      let whose = plan.fusion.isMask ? "output_mask" : "\(plan.fusion.function)"
      return ["blending has no part in \(whose): like, blending and blending_border have no effect"]
    }
    let axes = plan.spatialAxes.filter { $0 != .z || !plan.fusion.isPlanewise }
    func text(_ value: Vector3) -> String { axes.map { "\($0)=\(value[$0.spaceLane ?? 0])" }.joined(separator: ",") }
    let from =
      product.border == .zero
      ? "the outermost voxels of a view weigh" : "what lies up to \(text(product.border)) from the edge of a view weighs"
    let name = options.like == nil ? "blending product" : "like \(options.like?.rawValue ?? "")"
    let unit = product.worldWidths.allSatisfy { $0 } ? " in the world's unit" : ""
    var note = "\(name): \(from) 0: black where no other view is; ramps from there are \(text(plan.fusion.blendingWidths)) long\(unit)"
    if plan.fusion.edges == .filled { note += "; edges filled fills nothing along axes with such a ramp" }
    return [note]
  }
}
