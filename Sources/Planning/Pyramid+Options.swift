import Geometry

extension Pyramid {
  /// The levels that options ask for. Throws where they contradict each other, or the output is too small for them.
  ///
  /// - Parameter stack: the voxels of level 0.
  init(_ options: JobOptions, stack: StackProperties, is3D: Bool) throws(JobError) {
    let rows = OptionTable.rows
    guard options.isOMEZarr else {
      if options.pyramid != .reference || options.pyramidLevels != nil || options.pyramidMinimumSize != nil {
        throw .invalid(
          what: "a plain array has no levels above 0, and options of the pyramid are given",
          hint: "leave out \(rows.pyramid.key), \(rows.pyramidLevels.key) and \(rows.pyramidMinimumSize.key), or ome_zarr=false")
      }
      self = .none
      return
    }
    let least = options.pyramidMinimumSize ?? Self.referenceLength
    switch options.pyramid {
    case .reference: self.init(levelLimit: options.pyramidLevels, minimumLength: least)
    case .isotropic: self.init(.isotropic(spacing: stack.spacing), levelLimit: options.pyramidLevels, minimumLength: least)
    case .factors(let levels):
      guard options.pyramidLevels == nil, options.pyramidMinimumSize == nil else {
        throw .invalid(
          what: "the factors of all levels are given, and so is \(rows.pyramidLevels.key) or \(rows.pyramidMinimumSize.key)",
          hint: "leave out one or the other")
      }
      self.init(.factors(try Self.factors(levels, shape: stack.shape, is3D: is3D)))
    }
  }

  private static func factors(_ levels: [[Axis: Int]], shape: Index3, is3D: Bool) throws(JobError) -> [Index3] {
    let axes = Axis.space(is3D: is3D)
    var all: [Index3] = []
    var last = Index3(repeating: 1)
    for (index, level) in levels.enumerated() {
      var factor = Index3(repeating: 1)
      for (axis, value) in level { if let lane = axis.spaceLane { factor[lane] = value } }
      let text = axes.map { "\(factor[$0.spaceLane ?? 0])" }.joined(separator: ",")
      func wrong(_ why: String) -> JobError {
        .invalid(what: "option \"\(OptionTable.rows.pyramid.key)\": \(text) \(why)", hint: "it takes \(PyramidOption.expected)")
      }
      if is3D, level.count == 2, level[.z] == nil { throw wrong("names no factor along z; give three numbers") }
      if !is3D, factor[0] != 1 { throw wrong("shrinks z, which 2D images do not have") }
      // some tools list level 0, too
      if index == 0, factor == last { continue }
      guard (0..<3).allSatisfy({ factor[$0] % last[$0] == 0 }), factor != last else {
        throw wrong("is no multiple of the level before it: each level is made of the one before")
      }
      guard (0..<3).allSatisfy({ factor[$0] / last[$0] <= largestStep }) else {
        throw wrong("is more than \(largestStep) times the level before it along an axis; put a level between them")
      }
      for axis in axes {
        let lane = axis.spaceLane ?? 0
        guard shape[lane] >= factor[lane] else { throw wrong("leaves no voxel along \(axis), where the output has \(shape[lane])") }
      }
      all.append(factor)
      last = factor
    }
    return all
  }
}
