import Geometry
import Memory

/// One view over one region of the output: where it has samples, what they are, and how much they count. `SamplerMemory` makes
/// it, and makes no other as long as it is in use.
final class ViewSampler<S: RowArithmetic> {
  let view: PlacedView
  /// Where the view has samples in the region, and how much they count.
  let places: any RowPlaces
  /// Whether a voxel may have no value although it lies in the view, or one that sums may be wrong about.
  let mayLackValues: Bool
  /// Whether voxels are integers of 64 bits, which `S` may round.
  let isWide: Bool
  /// Many rows of a plane at once, if the view's axes do not mix and its voxels are not all the same.
  let planes: ShiftedPlanes?
  /// Whether the view's axes do not mix.
  private let isSeparable: Bool
  private let patch: ViewPatch
  /// The stored voxels, where they can be asked for one by one.
  private let stored: ViewPatch?
  private let sampler: Sampler
  /// Takes the samples that a spline has none for, if there may be such, and a row for them.
  private var linear: (sampler: Sampler, row: ScratchBuffer)?
  /// A voxel counts as `v * gain + offset`; nil if it counts as it is.
  private let scale: (gain: S, offset: S)?
  /// Keeps the voxels.
  private let voxels: [LentVoxels]

  private enum Sampler {
    case constant(S)
    case separable(SeparableSampler<S>)
    case plane(PlaneSampler<S>)
    case volume(VolumeSampler<S>)
    case nearest(NearestSampler<S>)
    case spline(SplineSampler<S>)
  }

  /// - Parameters:
  ///   - region: the output voxels whose rows will be asked for.
  ///   - box: the voxels of the view that the region needs, which lie at `voxels`.
  ///   - corrected: the numbers that were made of them, if the view is corrected; these are sampled.
  init(
    _ view: PlacedView, region: Box3, recipe: FusionRecipe, box: Box3, voxels: LentVoxels, content: PatchContent,
    corrected: (numbers: LentVoxels, content: PatchContent)? = nil, memory: SamplerMemory<S>
  ) {
    let own = ViewPatch(view.elementType, box: box, voxels: voxels, content: content)
    let patch = corrected.map { ViewPatch(S.elementType, box: box, voxels: $0.numbers, content: $0.content) } ?? own
    (self.view, self.voxels, self.patch) = (view, [voxels] + (corrected.map { [$0.numbers] } ?? []), patch)
    stored = view.hasCorrection ? nil : own
    mayLackValues = patch.hasExtremes
    isWide = view.elementType == .uint64 || view.elementType == .int64
    scale = view.isScaled ? (S(view.intensityScale), S(view.intensityOffset)) : nil
    isSeparable = view.mapClass == .separable
    let isLinear = recipe.interpolationOrder > 0
    let spline = patch.isConstant ? nil : view.boxes(for: region, order: recipe.interpolationOrder)
    let way: SplineSampler<S>.Way
    if isSeparable {
      let places = SeparablePlaces(view: view, region: region, recipe: recipe)
      (self.places, way) = (places, .rows(places))
      let hasRows = !patch.isConstant && !view.isFilled && spline == nil
      planes = hasRows ? ShiftedPlanes(patch, places, isLinear: isLinear, room: memory.plane) : nil
    } else {
      let places = MixedPlaces(view: view, region: region, recipe: recipe)
      (self.places, planes) = (places, nil)
      way = view.mapClass == .plane ? .planes(places) : .volume(places)
    }
    guard let (spline, boxes) = spline else {
      sampler = patch.isConstant ? .constant(patch.first()) : Self.sampler(patch, way, isLinear: isLinear, memory)
      return
    }
    let coefficients = SplineCoefficients(patch, view, boxes, spline, memory.spline.coefficients)
    sampler = .spline(SplineSampler(coefficients, way, memory.spline, memory.gatherer))
    if patch.hasExtremes { linear = (Self.sampler(patch, way, isLinear: true, memory), memory.linearRow) }
  }

  /// The sampler of voxels that are not all the same, nearest or linear.
  private static func sampler(
    _ patch: ViewPatch, _ way: SplineSampler<S>.Way, isLinear: Bool, _ memory: SamplerMemory<S>
  ) -> Sampler {
    switch way {
    case .rows(let places): .separable(SeparableSampler(patch, places, memory.separable))
    case .planes(let places) where isLinear:
      .plane(PlaneSampler(patch, places, memory.gatherer, converted: memory.converted))
    case .volume(let places) where isLinear:
      .volume(VolumeSampler(patch, places, memory.gatherer, converted: memory.converted))
    case .planes(let places), .volume(let places): .nearest(NearestSampler(patch, places, memory.gatherer))
    }
  }

  /// The output x of a row of the region whose samples lie in the view.
  func interval(z: Int, y: Int) -> Range<Int> { places.interval(z: z, y: y) }

  /// The end of the rows of a plane, from y on, that have the same interval; no further than the region's.
  func endOfRowsAlike(from y: Int) -> Int { isSeparable ? places.endOfRowsAlike(from: y) : y + 1 }

  /// Writes the samples of output x in `range`, which lies in the row's interval. NaN is no value.
  func sample(z: Int, y: Int, x range: Range<Int>, into target: UnsafeMutablePointer<S>) {
    take(from: sampler, z: z, y: y, x: range, into: target)
    if let linear {
      let missing = (0..<range.count).filter { !target[$0].isFinite }
      if !missing.isEmpty {
        let row = linear.row.reserve(S.self, count: range.count)
        take(from: linear.sampler, z: z, y: y, x: range, into: row)
        for i in missing { target[i] = row[i] }
      }
    }
    if let (gain, offset) = scale {
      for i in 0..<range.count { target[i] = target[i] * gain + offset }
    }
  }

  private func take(
    from sampler: Sampler, z: Int, y: Int, x range: Range<Int>, into target: UnsafeMutablePointer<S>
  ) {
    switch sampler {
    case .constant(let value): target.update(repeating: value, count: range.count)
    case .separable(let sampler): sampler.sample(z: z, y: y, x: range, into: target)
    case .plane(let sampler): sampler.sample(z: z, y: y, x: range, into: target)
    case .volume(let sampler): sampler.sample(z: z, y: y, x: range, into: target)
    case .nearest(let sampler): sampler.sample(z: z, y: y, x: range, into: target)
    case .spline(let sampler): sampler.sample(z: z, y: y, x: range, into: target)
    }
  }

  /// Writes the blending weights of output x in `range`. Returns false, and writes nothing, if all are 1.
  func weigh(z: Int, y: Int, x range: Range<Int>, into target: UnsafeMutablePointer<Float>) -> Bool {
    places.weigh(z: z, y: y, x: range, into: target)
  }

  /// The stored integer of 64 bits of a valid output voxel whose sample is a voxel itself; nil if it is interpolated, scaled
  /// of another type, or no value.
  func storedInteger(z: Int, y: Int, x: Int) -> Int128? {
    guard isWide, scale == nil, let stored, let voxel = places.storedVoxel(z: z, y: y, x: x) else { return nil }
    if let nodata = view.nodata, stored.bytes(at: voxel) == nodata { return nil }
    return stored.integer(at: voxel)
  }
}
