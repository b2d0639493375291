import Geometry
import Memory

/// What samplers of one view after the other work in: the voxels that were read, and the memory of each kind of sampler. It
/// grows to what the views need and stays.
final class SamplerMemory<S: RowArithmetic> {
  let separable = SeparableSampler<S>.Memory()
  let spline = SplineSampler<S>.Memory()
  /// A row of samples of order 1 among those of a spline.
  let linearRow = ScratchBuffer()
  let gatherer = RowGatherer<S>()
  /// Numbers of a patch, or of a plane of it.
  let converted = ScratchBuffer()
  /// Many rows at once.
  let plane = ScratchBuffer()
  private let room = ScratchBuffer()
  private let corrected = ScratchBuffer()

  /// A sampler of voxels that are read now.
  ///
  /// - Parameter region: the output voxels whose rows will be asked for.
  func sampler(
    of view: PlacedView, region: Box3, recipe: FusionRecipe, reader: any VoxelReader
  ) throws -> ViewSampler<S> {
    let box = view.inputBox(for: region, order: recipe.interpolationOrder)
    let byteCount = try checkedByteCount(of: view, region: region, box: box, recipe: recipe)
    room.reserve(byteCount: byteCount)
    let content = try reader.read(
      view, box: box, into: UnsafeMutableRawBufferPointer(start: room.base, count: byteCount))
    let voxels = LentVoxels(
      start: UnsafeRawPointer(room.base), rowStride: box.shape[2], planeStride: box.shape[1] * box.shape[2], holder: room)
    if view.isCorrected {
      let numbers = corrected.reserve(S.self, count: box.count)
      let correction = view.hasCorrection ? try reader.correction(of: view) : nil
      let made = CorrectedVoxels.convert(voxels.start, content, of: view, box: box, by: correction, into: numbers)
      let lent = LentVoxels(
        start: UnsafeRawPointer(numbers), rowStride: voxels.rowStride, planeStride: voxels.planeStride, holder: corrected)
      return ViewSampler(
        view, region: region, recipe: recipe, box: box, voxels: voxels, content: content, corrected: (lent, made), memory: self)
    }
    return ViewSampler(view, region: region, recipe: recipe, box: box, voxels: voxels, content: content, memory: self)
  }

  /// A sampler of voxels where they lie already, if the reader lends them, else of voxels that are read now.
  func lentSampler(
    of view: PlacedView, region: Box3, recipe: FusionRecipe, reader: any VoxelReader
  ) throws -> ViewSampler<S> {
    // lent voxels are only read by rows, and are not searched for NaN
    let takesLoans = !view.mayLackValues && (view.mapClass == .separable || recipe.interpolationOrder > 0)
    let box = view.inputBox(for: region, order: recipe.interpolationOrder)
    guard takesLoans, let lent = try reader.lend(view, box: box) else {
      return try sampler(of: view, region: region, recipe: recipe, reader: reader)
    }
    _ = try checkedByteCount(of: view, region: region, box: box, recipe: recipe)
    return ViewSampler(view, region: region, recipe: recipe, box: box, voxels: lent, content: .voxels, memory: self)
  }

  /// The bytes of a box of voxels; refuses a part of which more is made than could be indexed by 32 bits.
  private func checkedByteCount(
    of view: PlacedView, region: Box3, box: Box3, recipe: FusionRecipe
  ) throws(FusionError) -> Int {
    let byteCount = try ViewPatch.byteCount(box, of: view)
    guard !box.isEmpty, let boxes = view.boxes(for: region, order: recipe.interpolationOrder)?.boxes else { return byteCount }
    let count = SplineCoefficients<S>.numberCount(boxes)
    if count >= Int(Int32.max) - boxes.taps.shape[1] * boxes.taps.shape[2] {
      throw .tooLarge(what: "the coefficients of view \(view.id) for one block", byteCount: count &* MemoryLayout<S>.stride)
    }
    return byteCount
  }
}
