import Geometry
import Memory

/// Fuses a block from resampled copies of all its views: for functions that look around, and those of users.
struct StackedFusion<S: RowArithmetic> {
  private let recipe: FusionRecipe
  private let values = ScratchBuffer()
  private let blending = ScratchBuffer()
  private let sums = ScratchBuffer()
  private let fusion = ScratchBuffer()
  private let result = ScratchBuffer()

  /// Weights by detail keep their memory from block to block.
  private let detail: DetailFilter?

  init(recipe: FusionRecipe) {
    self.recipe = recipe
    detail = (recipe.weights as? ContentBasedWeights)?.makeFilter(recipe.context)
  }

  private var needsBlending: Bool { recipe.usesBlendingWeights }

  /// The output voxels that the views are resampled over.
  ///
  /// The halo goes on beyond the output's faces: views have voxels there too, and a block at a face is like any other.
  func stackBox(of target: Box3) -> Box3 { target.grown(by: recipe.halo) }

  private func fusionBox(of target: Box3) -> Box3 { target.grown(by: recipe.fusionHalo) }

  /// Writes the whole of `target`. `load` reads a view's voxels for a region; its sampler is used until the next is asked for.
  ///
  /// - Parameters:
  ///   - viewCount: that of all views, also those elsewhere.
  ///   - gaps: where views take part with samples beyond their voxels' centres; elsewhere they do not.
  func fuse(
    _ target: Box3, views: [PlacedView], viewCount: Int, filling gaps: [EdgeGap] = [], into output: UnsafeMutableRawPointer,
    load: (_ view: PlacedView, _ region: Box3) throws -> ViewSampler<S>
  ) throws {
    let box = stackBox(of: target)
    let (n, count) = (views.count, box.count)
    let samples = values.reserve(S.self, count: n * count)
    let weights = needsBlending ? blending.reserve(Float.self, count: n * count) : nil
    let byRow = Dictionary(grouping: gaps) { RowPlace(z: $0.z, y: $0.y) }.mapValues { $0.map(\.x) }
    for k in 0..<n {
      resample(try load(views[k], box), box, filling: byRow, into: samples + k * count, weights.map { $0 + k * count })
    }
    if let weights { normalise(weights, views: n, count: count) }
    func stack(_ fusionWeights: [VoxelArray<Float>]) -> TransformedViews<S> {
      TransformedViews(
        context: recipe.context, viewCount: viewCount, target: target, box: box, views: views,
        values: (0..<n).map { VoxelArray(box: box, base: samples + $0 * count) },
        blendingWeights: weights.map { w in (0..<n).map { VoxelArray(box: box, base: w + $0 * count) } } ?? [],
        fusionWeights: fusionWeights)
    }
    var fusionWeights: [VoxelArray<Float>] = []
    if let function = recipe.weights {
      let weightsBox = fusionBox(of: target)
      let m = weightsBox.count
      let base = fusion.reserve(Float.self, count: n * m)
      base.update(repeating: 0, count: n * m)
      let arrays = (0..<n).map { MutableVoxelArray(box: weightsBox, base: base + $0 * m) }
      if !gaps.isEmpty, recipe.builtinWeights != nil {
        weighAlike(stack([]), into: arrays)
      } else if let detail {
        detail.weigh(stack([]), into: arrays)
      } else {
        try S.weigh(function, stack([]), arrays)
      }
      normalise(base, views: n, count: m)
      fusionWeights = arrays.map { VoxelArray(box: weightsBox, base: UnsafePointer($0.elements.baseAddress ?? base)) }
    }
    let fused = result.reserve(S.self, count: target.count)
    fused.update(repeating: .nan, count: target.count)
    try S.fuse(recipe.function, stack(fusionWeights), MutableVoxelArray(box: target, base: fused))
    markMissing(fused, target, samples, box, views: n)
    recipe.outputConversion.storeMarked(fused, count: target.count, to: output)
  }

  /// The same weight for all views that have a value: beyond the ends of views there is no content to compare.
  private func weighAlike(_ views: TransformedViews<S>, into weights: [MutableVoxelArray<Float>]) {
    for (values, weights) in zip(views.values, weights) {
      for at in weights.box.positions {
        let value = values[at[0], at[1], at[2]]
        weights[at[0], at[1], at[2]] = value == value ? 1 : .nan
      }
    }
  }

  /// Where no view has a value there is none, whatever a function made of the surroundings: it would depend on blocks.
  private func markMissing(
    _ fused: UnsafeMutablePointer<S>, _ target: Box3, _ samples: UnsafeMutablePointer<S>, _ box: Box3, views: Int
  ) {
    let (inner, outer) = (target.shape, box.shape)
    let start = target.lower &- box.lower
    for z in 0..<inner[0] {
      for y in 0..<inner[1] {
        let row = fused + (z * inner[1] + y) * inner[2]
        let first = ((z + start[0]) * outer[1] + y + start[1]) * outer[2] + start[2]
        for x in 0..<inner[2]
        where !(0..<views).contains(where: {
          let value = samples[$0 * box.count + first + x]
          return value == value
        }) {
          row[x] = .nan
        }
      }
    }
  }

  /// Writes a view's samples and weights over a box: NaN, and weight 0, where the view has no value.
  ///
  /// - Parameter gaps: of each row, where the view's samples beyond its voxels' centres count.
  private func resample(
    _ sampler: ViewSampler<S>, _ box: Box3, filling gaps: [RowPlace: [Range<Int>]], into samples: UnsafeMutablePointer<S>,
    _ weights: UnsafeMutablePointer<Float>?
  ) {
    let width = box.shape[2]
    samples.update(repeating: .nan, count: box.count)
    weights?.update(repeating: 0, count: box.count)
    let core = sampler.view.isFilled ? sampler.view.core.places(in: box, of: recipe) : sampler.places
    var at = 0
    for z in box.lower[0]..<box.upper[0] {
      for y in box.lower[1]..<box.upper[1] {
        defer { at += width }
        resample(sampler, z: z, y: y, core.interval(z: z, y: y), at - box.lower[2], samples, weights)
        for gap in gaps.isEmpty ? [] : gaps[RowPlace(z: z, y: y)] ?? [] {
          resample(sampler, z: z, y: y, sampler.interval(z: z, y: y).clamped(to: gap), at - box.lower[2], samples, weights)
        }
      }
    }
  }

  /// - Parameter row: the place of x = 0 of the row in the arrays.
  private func resample(
    _ sampler: ViewSampler<S>, z: Int, y: Int, _ range: Range<Int>, _ row: Int, _ samples: UnsafeMutablePointer<S>,
    _ weights: UnsafeMutablePointer<Float>?
  ) {
    if range.isEmpty { return }
    let first = row + range.lowerBound
    sampler.sample(z: z, y: y, x: range, into: samples + first)
    guard let weights else { return }
    if !sampler.weigh(z: z, y: y, x: range, into: weights + first) {
      (weights + first).update(repeating: 1, count: range.count)
    }
    if sampler.mayLackValues {
      for i in first..<(first + range.count) where samples[i] != samples[i] { weights[i] = 0 }
    }
  }

  /// Divides by the sum over the views, leaving NaN out of it.
  private func normalise(_ weights: UnsafeMutablePointer<Float>, views: Int, count: Int) {
    let sum = sums.reserve(Float.self, count: count)
    sum.update(repeating: 0, count: count)
    for k in 0..<views {
      let w = weights + k * count
      for i in 0..<count { sum[i] = sum[i] + (w[i] == w[i] ? w[i] : 0) }
    }
    for i in 0..<count { sum[i] = sum[i] == 0 ? 1 : sum[i] }
    for k in 0..<views {
      let w = weights + k * count
      for i in 0..<count { w[i] = w[i] / sum[i] }
    }
  }

  /// The memory for a block with so many views, patches apart.
  static func byteCount(recipe: FusionRecipe, target: Box3, views: Int) -> Int {
    let stacked = StackedFusion(recipe: recipe)
    let (box, weightsBox) = (stacked.stackBox(of: target), stacked.fusionBox(of: target))
    let size = MemoryLayout<S>.stride
    var bytes = views * box.count * size + target.count * size
    if stacked.needsBlending { bytes += (views + 1) * box.count * 4 }
    if recipe.weights != nil {
      bytes += views * weightsBox.count * 4
      if let builtin = recipe.builtinWeights {
        bytes += builtin.scratchByteCount(wanted: weightsBox, context: recipe.context, views: views, gaps: true)
      }
    }
    return bytes
  }
}
