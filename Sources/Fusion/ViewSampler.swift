import Geometry

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
    let isLinear = recipe.interpolationOrder == 1
    if isSeparable {
      let places = SeparablePlaces(view: view, region: region, recipe: recipe)
      self.places = places
      planes = patch.isConstant ? nil : ShiftedPlanes(patch, places, isLinear: isLinear, room: memory.plane)
      sampler =
        patch.isConstant
        ? .constant(patch.first()) : .separable(SeparableSampler(patch, places, memory.separable))
      return
    }
    let places = MixedPlaces(view: view, region: region, recipe: recipe)
    (self.places, planes) = (places, nil)
    if patch.isConstant {
      sampler = .constant(patch.first())
    } else if !isLinear {
      sampler = .nearest(NearestSampler(patch, places, memory.gatherer))
    } else if view.mapClass == .plane {
      sampler = .plane(PlaneSampler(patch, places, memory.gatherer, converted: memory.converted))
    } else {
      sampler = .volume(VolumeSampler(patch, places, memory.gatherer, converted: memory.converted))
    }
  }

  /// The output x of a row of the region whose samples lie in the view.
  func interval(z: Int, y: Int) -> Range<Int> { places.interval(z: z, y: y) }

  /// The end of the rows of a plane, from y on, that have the same interval; no further than the region's.
  func endOfRowsAlike(from y: Int) -> Int { isSeparable ? places.endOfRowsAlike(from: y) : y + 1 }

  /// Writes the samples of output x in `range`, which lies in the row's interval. NaN is no value.
  func sample(z: Int, y: Int, x range: Range<Int>, into target: UnsafeMutablePointer<S>) {
    switch sampler {
    case .constant(let value): target.update(repeating: value, count: range.count)
    case .separable(let sampler): sampler.sample(z: z, y: y, x: range, into: target)
    case .plane(let sampler): sampler.sample(z: z, y: y, x: range, into: target)
    case .volume(let sampler): sampler.sample(z: z, y: y, x: range, into: target)
    case .nearest(let sampler): sampler.sample(z: z, y: y, x: range, into: target)
    }
    if let (gain, offset) = scale {
      for i in 0..<range.count { target[i] = target[i] * gain + offset }
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
