import Geometry
import Memory

/// Content weights of a block, for the voxels at which more than one view has samples. At others the one view counts alone,
/// whatever its content.
final class ContentWeights<S: RowArithmetic> {
  /// Reads a view's voxels for a region.
  typealias Load = (_ view: PlacedView, _ memory: SamplerMemory<S>, _ region: Box3) throws -> ViewSampler<S>

  private let recipe: FusionRecipe
  private let weights: ContentBasedWeights
  private let filter: DetailFilter
  private let byteLimit: Int
  private let results = ScratchBuffer()
  private let numbers = ScratchBuffer()
  /// The memory of samplers: of the view in hand, and of another.
  private let memory = (own: SamplerMemory<S>(), other: SamplerMemory<S>())

  init(recipe: FusionRecipe, weights: ContentBasedWeights, byteLimit: Int) {
    (self.recipe, self.weights, self.byteLimit) = (recipe, weights, byteLimit)
    filter = weights.makeFilter(recipe.context)
  }

  /// Returns the weights of each view of `touching`, over a box that has every voxel of `box` that the view shares with
  /// another; nil for a view that shares none.
  ///
  /// - Parameters:
  ///   - touching: the views with samples in the box.
  ///   - around: those and all others with samples in the box's halo.
  func weigh(_ box: Box3, touching: [PlacedView], around: [PlacedView], load: Load) throws -> [VoxelArray<Float>?] {
    let voxels = SharedVoxels(box, touching, recipe)
    let (shared, count) = (voxels.boxes, voxels.count)
    if count == 0 { return shared.map { _ in nil } }
    let needed = zip(touching, shared).map { Self.byteCount(recipe, weights, $0, shared: $1) }.max() ?? 0
    if needed > byteLimit {
      throw FusionError.tooLarge(what: "the content weights of a block", byteCount: needed)
    }
    var base = results.reserve(Float.self, count: count)
    return try zip(touching, shared).map { view, wanted in
      if wanted.isEmpty { return nil }
      try weigh(view, around, into: MutableVoxelArray(box: wanted, base: base), load)
      defer { base += wanted.count }
      return VoxelArray(box: wanted, base: UnsafePointer(base))
    }
  }

  /// The memory for the weights of one view over a box, patch included.
  static func byteCount(
    _ recipe: FusionRecipe, _ weights: any BuiltinWeights, _ view: PlacedView, shared: Box3
  ) -> Int {
    if shared.isEmpty { return 0 }
    let hasGaps = view.mayLackValues
    let around = shared.grown(by: weights.halo(in: recipe.context))
    let patch = FusionEngine<S>.viewByteCount(view, around, recipe.interpolationOrder)
    return weights.scratchByteCount(wanted: shared, context: recipe.context, views: 1, gaps: hasGaps)
      + (hasGaps ? 2 * patch : patch)
  }

  private func weigh(
    _ view: PlacedView, _ around: [PlacedView], into weights: MutableVoxelArray<Float>, _ load: Load
  ) throws {
    let region = weights.box.grown(by: filter.reach)
    let sampler = try load(view, memory.own, region)
    let faint = try faintVoxels(sampler, around, load)
    let row = numbers.reserve(S.self, count: region.shape[2])
    filter.weigh(
      ResampledDetail(sampler: sampler, faint: faint, numbers: row), bounds: sampler.places.sampledBox, into: weights)
  }

  // MARK: voxels that hardly count

  /// Voxels whose normalised blending weight is too small to count, by row.
  private func faintVoxels(
    _ sampler: ViewSampler<S>, _ around: [PlacedView], _ load: Load
  ) throws -> [RowPlace: [Int]] {
    // no sum of weights is larger than the number of views
    let limit = 2 * ContentBasedWeights.leastBlending * Float(around.count)
    var candidates: [(place: RowPlace, x: Range<Int>)] = []
    sampler.places.forEachRow(below: limit) { z, y, x in candidates.append((RowPlace(z: z, y: y), x)) }
    guard let first = candidates.first else { return [:] }
    var box = Box3(lower: first.place.corner(first.x.lowerBound), upper: first.place.corner(first.x.upperBound))
    for (place, x) in candidates {
      box.lower = pointwiseMin(box.lower, place.corner(x.lowerBound))
      box.upper = pointwiseMax(box.upper, place.corner(x.upperBound) &+ Index3(1, 1, 0))
    }
    var own = candidates.map { [Float](repeating: 0, count: $0.x.count) }
    var sums = own
    for other in around {
      if other.id == sampler.view.id {
        for (i, (place, x)) in candidates.enumerated() {
          add(sampler.places, sampler, place, x, to: &sums[i])
          add(sampler.places, sampler, place, x, to: &own[i])
        }
      } else if !other.inputBox(for: box, order: recipe.interpolationOrder).isEmpty {
        // views that never lack a value need not be read
        let values = !other.mayLackValues ? nil : try load(other, memory.other, box)
        let places = values?.places ?? other.places(in: box, of: recipe)
        for (i, (place, x)) in candidates.enumerated() { add(places, values, place, x, to: &sums[i]) }
      }
    }
    var faint: [RowPlace: [Int]] = [:]
    for (i, (place, x)) in candidates.enumerated() {
      let columns = (0..<x.count).filter {
        own[i][$0] / (sums[i][$0] == 0 ? 1 : sums[i][$0]) < ContentBasedWeights.leastBlending
      }
      if !columns.isEmpty { faint[place] = columns.map { x.lowerBound + $0 } }
    }
    return faint
  }

  /// Adds a view's blending weights at the voxels at which it has values.
  ///
  /// - Parameter sampler: nil if every sample is a value.
  private func add(
    _ places: any RowPlaces, _ sampler: ViewSampler<S>?, _ place: RowPlace, _ x: Range<Int>, to sums: inout [Float]
  ) {
    let range = places.interval(z: place.z, y: place.y).clamped(to: x)
    if range.isEmpty { return }
    var weights = [Float](repeating: 1, count: range.count)
    _ = places.weigh(z: place.z, y: place.y, x: range, into: &weights)
    if let sampler, sampler.mayLackValues {
      var values = [S](repeating: 0, count: range.count)
      sampler.sample(z: place.z, y: place.y, x: range, into: &values)
      for i in 0..<range.count where values[i] != values[i] { weights[i] = 0 }
    }
    for i in 0..<range.count { sums[range.lowerBound - x.lowerBound + i] += weights[i] }
  }
}

struct RowPlace: Hashable {
  let z: Int
  let y: Int

  func corner(_ x: Int) -> Index3 { Index3(z, y, x) }
}

/// A view's numbers, resampled row by row.
private struct ResampledDetail<S: RowArithmetic>: DetailSource {
  let sampler: ViewSampler<S>
  let faint: [RowPlace: [Int]]
  let numbers: UnsafeMutablePointer<S>

  func row(
    z: Int, y: Int, x: Range<Int>, values: UnsafeMutablePointer<Float>, mask: UnsafeMutablePointer<Float>
  ) -> DetailRow {
    let range = sampler.interval(z: z, y: y).clamped(to: x)
    if range.isEmpty {
      values.update(repeating: 0, count: x.count)
      return .interval(0..<0)
    }
    let first = range.lowerBound - x.lowerBound
    let end = first + range.count
    values.update(repeating: 0, count: first)
    (values + end).update(repeating: 0, count: x.count - end)
    sampler.sample(z: z, y: y, x: range, into: numbers)
    let target = values + first
    for i in 0..<range.count { target[i] = Float(numbers[i]) }
    let columns = faint.isEmpty ? nil : faint[RowPlace(z: z, y: y)]
    if columns == nil && !sampler.mayLackValues { return .interval(first..<end) }
    for column in columns ?? [] where range.contains(column) { target[column - range.lowerBound] = .nan }
    let row = DetailRow.marking(count: x.count, mask) { $0 >= first && $0 < end && values[$0].isFinite }
    for i in 0..<range.count where !target[i].isFinite { target[i] = 0 }
    return row
  }
}
