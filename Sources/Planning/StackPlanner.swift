import Diagnostics
import Geometry
import Views

/// Decides where the voxels of the output are: what the options say, and for the rest the views that were chosen.
struct StackPlanner {
  let dataset: Dataset
  let options: JobOptions
  let views: [View]
  /// One transform for all time points, or one for each.
  let transforms: [[AffineMap]]
  /// The chosen time points.
  let times: [Int]

  func stack() throws(JobError) -> StackProperties {
    let used = Set(dataset.is3D ? Axis.space : [.y, .x])
    if !dataset.is3D, let key = options.keysAlongZ.first {
      throw .invalid(what: "option \"\(key)\" names z, and the images are 2D", hint: "leave z out")
    }
    var spacing = views[0].levels[0].stack.spacing
    for (axis, value) in options.outputSpacing where used.contains(axis) { spacing[axis.spaceLane ?? 0] = value }
    if options.preservesAnisotropy { spacing[0] = try anisotropicStep(spacing) }
    var stack: StackProperties
    let isGivenWhole =
      Set(options.outputOrigin.keys).isSuperset(of: used) && Set(options.outputShape.keys).isSuperset(of: used)
    do {
      if let name = options.boundingBox {
        stack = try boundingBox(name, spacing: spacing)
      } else if isGivenWhole {
        stack = StackProperties(spacing: spacing, origin: .zero, shape: Index3(repeating: 1))
      } else {
        let groups = viewsByTime()
        var all: [StackProperties] = []
        for (t, group) in groups {
          let placed = group.map { i in
            (stack: views[i].levels[0].stack, affine: transforms[i].count > 1 ? transforms[i][t] : transforms[i][0])
          }
          all.append(
            try .enclosing(placed, spacing: spacing, mode: options.outputStackMode, is3D: dataset.is3D))
        }
        stack = try .combined(all)
      }
    } catch let error as JobError {
      throw error
    } catch {
      throw .invalid(
        what: "the output is empty or impossible: \(error)",
        hint: "check the transforms, or give output_stack_mode, output_origin and output_shape")
    }
    for (axis, value) in options.outputOrigin where used.contains(axis) { stack.origin[axis.spaceLane ?? 0] = value }
    for (axis, value) in options.outputShape where used.contains(axis) { stack.shape[axis.spaceLane ?? 0] = value }
    return stack
  }

  /// The spacing along z that has the views' ratio to that of y and x: the mean of all views, as for BigStitcher.
  private func anisotropicStep(_ spacing: Vector3) throws(JobError) -> Double {
    guard dataset.is3D else {
      throw .invalid(what: "option \"preserve_anisotropy\" is about z, and the images are 2D", hint: "leave it out")
    }
    guard options.outputSpacing[.z] == nil else {
      throw .invalid(
        what: "option \"preserve_anisotropy\" chooses the spacing along z, and output_spacing gives it, too",
        hint: "give output_spacing along y and x alone, such as y=2,x=2, or leave preserve_anisotropy out")
    }
    // a view of one plane has no spacing along z
    let ratios = zip(views, transforms).filter { $0.0.levels[0].stack.shape[0] > 1 }.map { Self.anisotropy($0, $1) }
    let step = ratios.reduce(0, +) / Double(ratios.count) * (spacing[1] + spacing[2]) / 2
    guard step.isNormal else {
      throw .invalid(
        what: "option \"preserve_anisotropy\": the views have no ratio of z to y and x",
        hint: ratios.isEmpty ? "no view has more than one plane; leave it out" : "check the spacings and transforms of the views")
    }
    return step
  }

  /// How many times as far apart a view's voxels are along its z as along its y and x, in the world: its transform may hold
  /// the calibration, as BigStitcher's do.
  private static func anisotropy(_ view: View, _ maps: [AffineMap]) -> Double {
    let ratios = maps.map { map in
      let step = map.axisScales * view.levels[0].stack.spacing
      return step[0] / ((step[1] + step[2]) / 2)
    }
    return ratios.reduce(0, +) / Double(ratios.count)
  }

  /// Which views there are at which of the chosen time points: one group where it makes no difference, since what is
  /// combined of several is rounded twice. What all views cover does not depend on when they are there; what they have in
  /// common does.
  private func viewsByTime() -> [(t: Int, views: [Int])] {
    let isMoving = transforms.contains { $0.count > 1 }
    let hasParts = options.outputStackMode == .intersection && views.contains { !$0.details.times.isWhole }
    guard isMoving || hasParts else {
      return [(0, Array(views.indices))]
    }
    var groups = [[Int]](repeating: [], count: times.count)
    let place = Dictionary(uniqueKeysWithValues: times.enumerated().map { ($1, $0) })
    for (i, view) in views.enumerated() {
      if let only = view.details.times.only {
        if let t = place[only] { groups[t].append(i) }
      } else {
        for (t, time) in times.enumerated() where view.details.times[time] != nil { groups[t].append(i) }
      }
    }
    return groups.enumerated().filter { !$1.isEmpty }.map { ($0, $1) }
  }

  private func boundingBox(_ name: String, spacing: Vector3) throws -> StackProperties {
    guard let box = dataset.boundingBoxes[name] else {
      let known = dataset.boundingBoxes.keys.sorted()
      throw JobError.invalid(
        what: "option \"bounding_box\" asks for \"\(name)\", which the dataset does not have",
        hint: known.isEmpty
          ? "it has none; give output_origin and output_shape"
          : nameHint(name, among: known))
    }
    var (lower, upper) = (box.lower, box.upper)
    if !dataset.is3D { (lower[0], upper[0]) = (0, 0) }
    let stack = StackProperties(
      spacing: spacing, origin: lower, shape: try StackProperties.shape(lower: lower, upper: upper, spacing: spacing))
    return stack
  }
}
