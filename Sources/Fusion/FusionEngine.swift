import Geometry
import Memory

/// The fusion of blocks in one precision: which views a block needs, in how many parts it is fused, and their voxels.
///
/// Readers come as existentials: a generic one would keep the compiler from specialising the loops for the precision.
final class FusionEngine<S: RowArithmetic> {
  private let recipe: FusionRecipe
  private let patchByteLimit: Int
  private let streamed: StreamedFusion<S>?
  private let stacked: StackedFusion<S>
  private let content: BlockWeights<S>?
  /// The memory of a sampler for each view of the part in hand; kept for the next.
  private var memory: [SamplerMemory<S>] = []
  private let counts = ScratchBuffer()
  /// Voxels of the output's type, of which only those of gaps are taken.
  private let filled = ScratchBuffer()
  private let values = ScratchBuffer()

  init(recipe: FusionRecipe, patchByteLimit: Int, arenaByteLimit: Int) {
    self.recipe = recipe
    self.patchByteLimit = patchByteLimit
    streamed = recipe.streamedFunction.map { StreamedFusion(recipe: recipe, function: $0) }
    stacked = StackedFusion(recipe: recipe)
    content = BlockWeights(recipe, byteLimit: arenaByteLimit)
  }

  /// Fuses a block. Returns false, and writes nothing, if no view has voxels for it.
  func fuse(
    _ box: Box3, views: [PlacedView], viewCount: Int, reader: any VoxelReader, into output: UnsafeMutableRawPointer
  ) throws -> Bool {
    guard views.contains(where: \.isFilled) else {
      return try fuseCores(box, views: views, viewCount: viewCount, reader: reader, into: output)
    }
    let hasWritten = try fuseCores(box, views: views.map(\.core), viewCount: viewCount, reader: reader, into: output)
    let gaps = EdgeGap.all(in: box, of: views, recipe: recipe)
    if gaps.isEmpty { return hasWritten }
    if !hasWritten {
      recipe.outputConversion.storeBackground(count: box.count, to: output)
    }
    try fill(gaps, of: box, views: views, viewCount: viewCount, reader: reader, into: output)
    return true
  }

  /// Fuses a block from the samples that views have by their voxels' centres.
  private func fuseCores(
    _ box: Box3, views: [PlacedView], viewCount: Int, reader: any VoxelReader, into output: UnsafeMutableRawPointer
  ) throws -> Bool {
    guard let streamed else {
      return try fuseStacked(box, views: views, viewCount: viewCount, reader: reader, into: output)
    }
    let order = recipe.interpolationOrder
    let needed = views.filter { !$0.inputBox(for: box, order: order).isEmpty }
    if needed.isEmpty { return false }
    if needed.count == 1, let stored = needed[0].storedBox(of: box, order: order, as: streamed.conversion) {
      try copy(stored, of: needed[0], from: reader, into: output)
      return true
    }
    var weights: [Int: VoxelArray<Float>] = [:]
    if let content {
      let around = views.filter { !$0.inputBox(for: box.grown(by: recipe.halo), order: order).isEmpty }
      let all = try content.weigh(box, touching: needed, around: around, viewCount: viewCount) { view, memory, region in
        try memory.sampler(of: view, region: region, recipe: recipe, reader: reader)
      }
      for (view, array) in zip(needed, all) { weights[view.id] = array }
    }
    try forEachPart(of: box, views: needed) { part, partViews in
      makeMemory(partViews.count)
      let samplers = try zip(partViews, memory).map { view, memory in
        try memory.lentSampler(of: view, region: part, recipe: recipe, reader: reader)
      }
      streamed.fuse(
        region: part, of: box, views: samplers,
        content: weights.isEmpty ? [] : partViews.map { weights[$0.id] }, into: output)
    }
    return true
  }

  /// Voxels that are the output's as they are stored, without a patch in between.
  private func copy(
    _ stored: Box3, of view: PlacedView, from reader: any VoxelReader, into output: UnsafeMutableRawPointer
  ) throws {
    let bytes = view.elementType.byteCount
    let target = UnsafeMutableRawBufferPointer(start: output, count: stored.count * bytes)
    guard case .constant = try reader.read(view, box: stored, into: target) else { return }
    for i in bytes..<target.count { target[i] = target[i - bytes] }
  }

  private func fuseStacked(
    _ box: Box3, views: [PlacedView], viewCount: Int, reader: any VoxelReader, into output: UnsafeMutableRawPointer
  ) throws -> Bool {
    let order = recipe.interpolationOrder
    let stackBox = stacked.stackBox(of: box)
    // views that only reach into the halo matter to functions that look around
    let needed = views.filter { !$0.inputBox(for: stackBox, order: order).isEmpty }
    guard needed.contains(where: { !$0.inputBox(for: box, order: order).isEmpty }) else { return false }
    makeMemory(1)
    try stacked.fuse(box, views: needed, viewCount: viewCount, into: output) { view, region in
      try memory[0].sampler(of: view, region: region, recipe: recipe, reader: reader)
    }
    return true
  }

  // MARK: gaps between views

  /// Writes the voxels of gaps, as if there were no other voxels, from the samples that views have beyond their ends.
  private func fill(
    _ gaps: [EdgeGap], of box: Box3, views: [PlacedView], viewCount: Int, reader: any VoxelReader,
    into output: UnsafeMutableRawPointer
  ) throws {
    let order = recipe.interpolationOrder
    try forEachPart(of: gaps, views: views) { part, bounds, partViews in
      makeMemory(partViews.count)
      if let streamed {
        let samplers = try zip(partViews, memory).map { view, memory in
          try memory.lentSampler(of: view, region: bounds, recipe: recipe, reader: reader)
        }
        return streamed.fill(part, of: box, views: samplers, into: output)
      }
      let stackBox = stacked.stackBox(of: bounds)
      let needed = views.filter { !$0.inputBox(for: stackBox, order: order).isEmpty }
      let bytes = recipe.outputType.byteCount
      let made = UnsafeMutableRawPointer(filled.reserve(UInt8.self, count: bounds.count * bytes))
      let around = EdgeGap.all(in: stackBox, of: needed, recipe: recipe)
      try stacked.fuse(bounds, views: needed, viewCount: viewCount, filling: around, into: made) { view, region in
        try memory[0].sampler(of: view, region: region, recipe: recipe, reader: reader)
      }
      for gap in part {
        let first = Index3(gap.z, gap.y, gap.x.lowerBound)
        (output + bytes * box.offset(of: first)).copyMemory(
          from: made + bytes * bounds.offset(of: first), byteCount: bytes * gap.x.count)
      }
    }
  }

  /// Cuts gaps until the patches of a part fit into the limit, and are not much larger than the gaps.
  private func forEachPart(
    of gaps: [EdgeGap], views: [PlacedView], _ body: ([EdgeGap], Box3, [PlacedView]) throws -> Void
  ) throws {
    let order = recipe.interpolationOrder
    var pending = [gaps]
    while let part = pending.popLast() {
      let bounds = part.bounds
      let needed = views.filter { !$0.inputBox(for: bounds, order: order).isEmpty }
      let bytes = needed.reduce(0) { $0 + Self.viewByteCount($1, bounds, order) }
      let isSparse = bounds.count > max(8 * part.voxelCount, 32_768)
      let axis = (0..<3).max { bounds.shape[$0] < bounds.shape[$1] } ?? 0
      if (bytes > patchByteLimit || isSparse) && bounds.shape[axis] > 1 {
        let (before, after) = part.split(axis: axis, at: bounds.lower[axis] + bounds.shape[axis] / 2)
        pending += [after, before]
      } else {
        try body(part, bounds, needed)
      }
    }
  }

  /// Counts the views that have a value at each voxel, row by row.
  func countViews(
    _ box: Box3, views: [PlacedView], reader: any VoxelReader, as type: ElementType,
    into output: UnsafeMutableRawPointer
  ) throws {
    let order = recipe.interpolationOrder
    let needed = views.map(\.core).filter { !$0.inputBox(for: box, order: order).isEmpty }
    let total = counts.reserve(Int32.self, count: box.count)
    total.update(repeating: 0, count: box.count)
    let numbers = values.reserve(S.self, count: box.shape[2])
    makeMemory(1)
    for view in needed {
      try forEachPart(of: box, views: [view]) { part, partViews in
        if partViews.isEmpty { return }
        if !view.mayLackValues {
          // it need not be read
          count(view.places(in: part, of: recipe), nil, of: box, numbers, into: total)
        } else {
          let sampler = try memory[0].sampler(of: view, region: part, recipe: recipe, reader: reader)
          count(sampler.places, sampler, of: box, numbers, into: total)
        }
      }
    }
    let gaps = EdgeGap.all(in: box, of: views, recipe: recipe)
    if !gaps.isEmpty {
      try forEachPart(of: gaps, views: views) { part, bounds, partViews in
        for view in partViews {
          let sampler =
            !view.mayLackValues ? nil : try memory[0].sampler(of: view, region: bounds, recipe: recipe, reader: reader)
          let places = sampler?.places ?? view.places(in: bounds, of: recipe)
          for gap in part {
            count(places, sampler, z: gap.z, y: gap.y, within: gap.x, of: box, numbers, into: total)
          }
        }
      }
    }
    if type == .uint8 {
      let out = output.assumingMemoryBound(to: UInt8.self)
      for i in 0..<box.count { out[i] = UInt8(clamping: total[i]) }
    } else {
      let out = output.assumingMemoryBound(to: UInt16.self)
      for i in 0..<box.count { out[i] = UInt16(clamping: total[i]) }
    }
  }

  /// Adds 1 to the voxels of a part of a block at which a view has a value.
  ///
  /// - Parameter sampler: nil if every sample is a value.
  private func count(
    _ places: any RowPlaces, _ sampler: ViewSampler<S>?, of box: Box3, _ numbers: UnsafeMutablePointer<S>,
    into total: UnsafeMutablePointer<Int32>
  ) {
    let part = places.region
    for z in part.lower[0]..<part.upper[0] {
      for y in part.lower[1]..<part.upper[1] {
        count(places, sampler, z: z, y: y, within: part.lower[2]..<part.upper[2], of: box, numbers, into: total)
      }
    }
  }

  private func count(
    _ places: any RowPlaces, _ sampler: ViewSampler<S>?, z: Int, y: Int, within columns: Range<Int>, of box: Box3,
    _ numbers: UnsafeMutablePointer<S>, into total: UnsafeMutablePointer<Int32>
  ) {
    let range = places.interval(z: z, y: y).clamped(to: columns)
    if range.isEmpty { return }
    let start = box.offset(of: Index3(z, y, range.lowerBound))
    if let sampler, sampler.mayLackValues {
      sampler.sample(z: z, y: y, x: range, into: numbers)
      for i in 0..<range.count { total[start + i] &+= numbers[i] == numbers[i] ? 1 : 0 }
    } else {
      for i in 0..<range.count { total[start + i] &+= 1 }
    }
  }

  // MARK: parts and patches

  /// Cuts a block until the patches of a part fit into the limit. Parts without views come too, to be written as 0.
  private func forEachPart(of box: Box3, views: [PlacedView], _ body: (Box3, [PlacedView]) throws -> Void) throws {
    let order = recipe.interpolationOrder
    var pending = [box]
    while let part = pending.popLast() {
      let needed = views.filter { !$0.inputBox(for: part, order: order).isEmpty }
      let bytes = needed.reduce(0) { $0 + Self.viewByteCount($1, part, order) }
      let axis = cutAxis(part.shape)
      if bytes > patchByteLimit && part.shape[axis] > 1 {
        let middle = part.lower[axis] + part.shape[axis] / 2
        var (first, second) = (part, part)
        (first.upper[axis], second.lower[axis]) = (middle, middle)
        pending += [second, first]
      } else {
        try body(part, needed)
      }
    }
  }

  /// The axis that a part is cut along. Splines need much around a part, so it stays as thick as it can be.
  private func cutAxis(_ shape: Index3) -> Int {
    if recipe.interpolationOrder < 2 { return shape[0] > 1 ? 0 : shape[1] > 1 ? 1 : 2 }
    return shape[0] >= max(shape[1], shape[2]) ? 0 : shape[1] >= shape[2] ? 1 : 2
  }

  private func makeMemory(_ count: Int) {
    while memory.count < count { memory.append(SamplerMemory()) }
  }

  // MARK: memory

  /// The memory in bytes that a view's patch and its sampler take while a part is fused.
  static func viewByteCount(_ view: PlacedView, _ part: Box3, _ order: Int) -> Int {
    let box = view.inputBox(for: part, order: order)
    let (shape, size) = (box.shape, MemoryLayout<S>.stride)
    // whoever needs so much is cut into parts, or refused; below, no product overflows
    guard let count = TCZYX(zyx: shape &+ 1).checkedProduct, count < 1 << 48 else { return 1 << 52 }
    // room beyond the numbers of a patch for corners that are looked at with a fraction of 0: a plane, two rows and some
    let slack = shape[1] * shape[2] + 2 * shape[2] + 64
    let spline = view.boxes(for: part, order: order)?.boxes
    if let spline, !isIndexable(spline) { return 1 << 52 }
    let working =
      switch view.mapClass {
      // only where there may be NaN are there linear samples among those of a spline
      case _ where spline != nil && !view.mayLackValues: 0
      // three rows of numbers and those of kernels, with room at their ends; columns, fractions and hats; distances of rows
      case .separable: 6 * (shape[2] + 4) * size + part.shape[2] * (12 + size) + part.shape[1] * 8
      case .plane: (slack + shape[2]) * size
      case .general: order > 0 ? (box.count + slack) * size : 0
      }
    let coefficients = spline.map {
      SplineCoefficients<S>.byteCount($0) + SplineSampler<S>.byteCount($0, width: part.shape[2]) + part.shape[2] * size
    }
    // corrected numbers lie beside what was read
    let corrected = view.isCorrected ? box.count * size : 0
    return box.count * view.elementType.byteCount + corrected + working + (coefficients ?? 0) + RowGatherer<S>.byteCount
  }

  private static func isIndexable(_ boxes: SplineBoxes) -> Bool {
    TCZYX(zyx: pointwiseMax(boxes.taps.shape, boxes.voxels.shape) &+ 8).checkedProduct.map { $0 < 1 << 48 } ?? false
  }

  /// The most memory in bytes that a block takes, apart from the output buffer.
  static func byteCount(recipe: FusionRecipe, box: Box3, views: [PlacedView], patchByteLimit: Int) -> Int {
    let order = recipe.interpolationOrder
    if recipe.isStreamed {
      let needed = views.filter { !$0.inputBox(for: box, order: order).isEmpty }
      let bytes = needed.reduce(0) { $0 + viewByteCount($1, box, order) }
      let streamed =
        min(bytes, max(patchByteLimit, 0))
        + StreamedFusion<S>.scratchByteCount(width: box.shape[2], views: needed.count)
      return streamed + BlockWeights<S>.byteCount(recipe, box, touching: needed, around: views)
    }
    let stackBox = box.grown(by: recipe.halo)
    let needed = views.filter { !$0.inputBox(for: stackBox, order: order).isEmpty }
    let filled = needed.contains(where: \.isFilled) ? box.count * recipe.outputType.byteCount : 0
    return filled + StackedFusion<S>.byteCount(recipe: recipe, target: box, views: needed.count)
      + (needed.map { viewByteCount($0, stackBox, order) }.max() ?? 0)
  }
}
