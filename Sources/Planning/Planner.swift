import Diagnostics
import Fusion
import Foundation
import Geometry
import JobStore
import Views
import Zarr

/// Turns a dataset and options into a plan, and refuses what cannot be done. Writes nothing.
///
/// The dataset is loaded with `JobOptions.loading`, so that names are known and images that are not needed unopened.
package struct Planner {
  /// A plan with the views that it is for.
  package struct Result: Sendable {
    package var plan: JobPlan
    /// With the one level that is used.
    package var views: [View]
    /// One transform for all time points, or one for each.
    package var transforms: [[AffineMap]]
    package var warnings: [String]
    /// Names of views that no voxel of the output comes from, whatever part of the world was asked for.
    package var viewsWithoutVoxels: [String]
    /// How many more views the part that was asked for leaves out.
    package var viewsOutsideRegion: Int
    /// Views that are left out, since their images are missing or cannot be opened.
    package var missingViews: [MissingView]
    /// The digest of the dataset file's bytes.
    package var datasetDigest: String
    /// Views that touch no other one.
    package let loneViews: [String]
    /// Axes with a few voxels where the views have many.
    package let shortAxes: [ShortAxis]
    /// Where the chunk of level 0 comes from, for people.
    package let chunkSource: String
    /// Shards that would make fewer files; nil where those are not many.
    package let shardAdvice: ShardAdvice?
    /// The views as they are placed, once for all time points, or at each.
    package let placements: [PlacedViews]
    /// At the first time point.
    package var placement: PlacedViews { placements[0] }
  }

  private let dataset: Dataset
  private let options: JobOptions
  private let registry: FusionRegistry

  package static func plan(dataset: Dataset, options: JobOptions, name: String, registry: FusionRegistry)
    throws(JobError) -> Result
  {
    try Planner(dataset: dataset, options: options, registry: registry).plan(name: name)
  }

  private init(dataset: Dataset, options: JobOptions, registry: FusionRegistry) {
    (self.dataset, self.options, self.registry) = (dataset, options, registry)
  }

  private func plan(name: String) throws(JobError) -> Result {
    let timeIndices = try selectedTimes()
    let channelIndices = try selectedChannels()
    let views = try selectedViews(times: timeIndices, channels: channelIndices)
    let key = try transformKey(views)
    var transforms: [[AffineMap]] = []
    transforms.reserveCapacity(views.count)
    for view in views { transforms.append(try self.transforms(of: view, key: key, times: timeIndices)) }
    let stack = try StackPlanner(dataset: dataset, options: options, views: views, transforms: transforms, times: timeIndices).stack()
    let planned = zip(views, transforms).map { view, maps in
      view.planned(level: view.levelIndex(for: stack.spacing, maps: maps), times: timeIndices, channels: channelIndices)
    }
    if options.outputMask, let type = options.outputType, type != .uint8 && type != .uint16 {
      throw .invalid(what: "output_mask writes uint8 or uint16, not \(type.rawValue)", hint: "change output_dtype")
    }
    if options.outputMask, options.intensityRange != nil {
      throw .invalid(what: "output_mask counts views; intensity_range has no meaning for it", hint: "leave one of them out")
    }
    try checkBackground(options.outputType ?? planned[0].level.elementType)
    let (chunk, shard) = try chunks(first: planned[0].level, shape: stack.shape)
    let shape = TCZYX(t: timeIndices.count, c: channelIndices.count, zyx: stack.shape)
    guard let count = shape.checkedProduct, count < Int.max / 16 else {
      throw .invalid(what: "the output would have \(shape.array) voxels", hint: "ask for a larger output_spacing")
    }
    let pyramid = try Pyramid(options, stack: stack, is3D: dataset.is3D)
    let levels = levelLayouts(shape: shape, chunk: chunk, shard: shard, pyramid: pyramid)
    for level in levels {
      guard let excess = LevelLimit.excess(of: level) else { continue }
      throw .invalid(
        what: excess,
        hint: "choose a larger output_chunksize, or shards, which need ngff_version 0.5; where the output is larger than "
          + "you meant, look at the origins and transforms of the views, and at output_spacing")
    }
    let fusion = try fusionPlan(key: key, planned: planned, transforms: transforms, stack: stack, chunk: chunk)
    let output = OutputPlan(
      isOMEZarr: options.isOMEZarr, ngffVersion: options.ngffVersion, compressor: options.compressor,
      batchCount: options.batchCount, batchFunction: options.batchFunction,
      batchArguments: options.batchArguments.mapValues(JSONText.init), name: name,
      channelNames: dataset.channelNames.map { names in channelIndices.map { names[$0] } },
      channelColors: dataset.channelColors.map { colors in channelIndices.map { colors[$0] } },
      timeScale: dataset.timeScale * Double(timeStep(timeIndices) ?? 1),
      timeOrigin: dataset.timeOrigin + dataset.timeScale * Double(timeIndices[0]), timeUnit: dataset.timeUnit,
      worldUnit: WorldUnit(of: dataset, options: options))
    let plan = JobPlan(
      is3D: dataset.is3D, stack: stack, timeCount: shape.t, channelCount: shape.c,
      outputType: options.outputType ?? planned[0].level.elementType, levels: levels, fusion: fusion, output: output)
    try plan.checkLengths()
    // every registered name and argument, and every view's matrix, is tried here rather than at block one million
    let recipe = try FusionSetup.recipe(for: plan, inputTypes: planned.map(\.level.elementType), registry: registry)
    _ = try FusionSetup.batchFunction(of: output, registry: registry)
    let placements = try PlacedViews.all(planned, transforms, in: plan)
    let presence = ViewPresence(planned, placements, in: plan, recipe: recipe, isRegion: options.asksForRegion)
    let finest = views.map(\.levels[0].stack)
    let loneViews = LoneViews.names(planned, placements, in: plan, but: presence.outsideRegionIndices)
    let shortAxes = ShortAxis.all(finest, placements[0], in: plan)
    let shardAdvice = ShardAdvice(plan)
    let notes = PlanNotes(
      dataset: dataset, options: options, plan: plan, views: planned, finest: finest, placements: placements, presence: presence,
      loneViews: loneViews, shortAxes: shortAxes, shardAdvice: shardAdvice)
    return Result(
      plan: plan, views: planned, transforms: transforms, warnings: warnings(plan, times: timeIndices) + notes.all,
      viewsWithoutVoxels: presence.withoutVoxels, viewsOutsideRegion: presence.outsideRegion,
      missingViews: dataset.missingViews, datasetDigest: dataset.digest, loneViews: loneViews, shortAxes: shortAxes,
      chunkSource: DefaultChunk.source(options.outputChunk, first: planned[0], axes: plan.spatialAxes), shardAdvice: shardAdvice,
      placements: placements)
  }

  // MARK: - Selection

  private func selectedViews(times: [Int], channels: [Int]) throws(JobError) -> [View] {
    let isAll = times.count == dataset.timeCount && channels.count == dataset.channelCount
    let views = namedViews().filter { view in
      isAll || (times.contains { view.details.times[$0] != nil } && channels.contains { view.details.channels[$0] != nil })
    }
    guard !views.isEmpty else { throw Self.wrong(.noViewChosen) }
    return views
  }

  private func namedViews() -> [View] {
    guard let names = options.viewNames else { return dataset.views }
    let wanted = Set(names)
    return dataset.views.filter { wanted.contains($0.name) }
  }

  private func selectedTimes() throws(JobError) -> [Int] {
    guard let times = options.timePoints else { return Array(0..<dataset.timeCount) }
    for time in times where time >= dataset.timeCount { throw Self.wrong(ViewsError.noTimePoint(time, of: dataset.timeCount)) }
    return Array(Set(times)).sorted()
  }

  /// From one chosen time point to the next; nil where that differs.
  private func timeStep(_ times: [Int]) -> Int? {
    guard times.count > 1 else { return 1 }
    let step = times[1] - times[0]
    return zip(times, times.dropFirst()).allSatisfy { $1 - $0 == step } ? step : nil
  }

  private func selectedChannels() throws(JobError) -> [Int] {
    guard let wanted = options.channels else { return Array(0..<dataset.channelCount) }
    var indices: Set<Int> = []
    for name in wanted {
      do throws(ViewsError) {
        indices.insert(try ViewsError.channel(name, names: dataset.channelNames, count: dataset.channelCount))
      } catch { throw Self.wrong(error) }
    }
    return indices.sorted()
  }

  private static func wrong(_ error: ViewsError) -> JobError { .invalid(what: error.description, hint: error.hint) }

  // MARK: - Transforms

  private func transformKey(_ views: [View]) throws(JobError) -> String? {
    let keys = dataset.transformKeys
    if let key = options.transformKey {
      guard let lacking = views.first(where: { $0.transforms[key] == nil }) else { return key }
      let hint: String
      if keys.isEmpty {
        hint = "the dataset has no transforms; leave transform_key out to place views by their own metadata"
      } else if keys.contains(key) {
        hint = "other views have it: give every view one, or choose those that have it with --views"
      } else {
        hint = nameHint(key, among: keys)
      }
      throw .invalid(what: "view \"\(lacking.name)\" has no transform \"\(key)\"", hint: hint)
    }
    guard keys.count <= 1 else {
      throw .invalid(
        what: "the views have several transforms: \(keys.joined(separator: ", "))",
        hint: "choose one with --transform-key")
    }
    guard let key = keys.first else { return nil }
    if let lacking = views.first(where: { $0.transforms[key] == nil }) {
      throw .invalid(
        what: "view \"\(lacking.name)\" has no transform \"\(key)\", which other views have",
        hint: "give every view one, or none")
    }
    return key
  }

  private func transforms(of view: View, key: String?, times: [Int]) throws(JobError) -> [AffineMap] {
    let maps: [AffineMap]
    switch key.flatMap({ view.transforms[$0] }) {
    case nil: maps = [.identity]
    case .constant(let map): maps = [map]
    case .perTime(let all): maps = times.map { all[$0] }
    }
    for (t, map) in maps.enumerated() {
      do {
        _ = try map.inverse()
      } catch {
        let place = maps.count > 1 ? " at time point \(t)" : ""
        throw .invalid(
          what: "view \"\(view.name)\": transform \"\(key ?? "")\"\(place): \(error)",
          hint: "a transform must be invertible; check the registration of this view")
      }
    }
    return maps
  }

  // MARK: - Output

  private func chunks(first: ViewLevel, shape: Index3) throws(JobError) -> (chunk: Index3, shard: Index3?) {
    var chunk = DefaultChunk(of: first, is3D: dataset.is3D).shape
    for (axis, value) in options.outputChunk ?? [:] {
      if let lane = axis.spaceLane, dataset.is3D || lane > 0 { chunk[lane] = value }
    }
    let element = (options.outputType ?? first.elementType).byteCount
    // as it will be: without shards, no longer than the axis
    let encoded = options.shards == nil ? pointwiseMin(chunk, shape) : chunk
    guard let voxels = TCZYX(zyx: encoded).checkedProduct, voxels <= 0x7fff_0000 / element else {
      throw .invalid(
        what: "a chunk of \(encoded[0]) x \(encoded[1]) x \(encoded[2]) voxels is above 2 GiB, which codecs and readers refuse",
        hint: "choose a smaller output_chunksize, and shards for fewer files")
    }
    guard let wanted = options.shards else { return (chunk, nil) }
    var shard = chunk
    for (axis, value) in wanted {
      guard let lane = axis.spaceLane, dataset.is3D || lane > 0 else { continue }
      guard value % chunk[lane] == 0 else {
        throw .invalid(
          what: "shards: \(value) along \(axis) is no multiple of the chunk, \(chunk[lane])",
          hint: "the inner chunk is output_chunksize; choose shards that are whole multiples of it")
      }
      shard[lane] = value
    }
    return (chunk, shard)
  }

  // MARK: - Fusion

  private func fusionPlan(
    key: String?, planned: [View], transforms: [[AffineMap]], stack: StackProperties, chunk: Index3
  ) throws(JobError) -> FusionPlan {
    let blending = try ChosenBlending(options, first: planned[0], axes: Axis.space(is3D: dataset.is3D))
    var overlap = Index3(repeating: 0)
    for (axis, value) in options.overlap { if let lane = axis.spaceLane, dataset.is3D || lane > 0 { overlap[lane] = value } }
    var plan = FusionPlan(
      transformKey: key, function: options.fusionFunction,
      functionArguments: options.fusionArguments.mapValues(JSONText.init), weights: options.weightsFunction,
      weightsArguments: options.weightsArguments.mapValues(JSONText.init), blendingWidths: blending.widths,
      interpolationOrder: options.interpolationOrder, isPlanewise: options.planewise == .true,
      rounding: options.rounding.rawValue, overlap: overlap,
      intensityRange: options.intensityRange.map { [$0.lowerBound, $0.upperBound] }, isMask: options.outputMask,
      downsample: options.downsample == .mean ? nil : options.downsample.rawValue,
      product: blending.product, edges: options.edges == .reference ? nil : options.edges,
      background: options.background.flatMap { $0.isZero ? nil : $0 })
    let functions = try FusionSetup.functions(of: plan, registry: registry, stack: stack)
    if plan.isMask || !functions.usesBlendingWeights { plan.product = nil }
    plan.viewOrder = try ViewOrder.numbers(functions.function.viewOrder, views: planned, in: dataset)
    // an output of one plane is in blocks of one plane, whatever chunk was asked for
    if options.planewise == .auto && dataset.is3D && min(chunk[0], stack.shape[0]) == 1 {
      plan.isPlanewise = functions.halo[0] == 0 && zStaysOnGrid(planned, transforms, stack)
    }
    return plan
  }

  private func checkBackground(_ type: ElementType) throws(JobError) {
    guard let background = options.background, !background.isZero else { return }
    if options.outputMask {
      throw .invalid(what: "output_mask is 0 where no view has a value; background has no meaning for it", hint: "leave one of them out")
    }
    guard background.isFinite(as: type) else {
      throw .invalid(
        what: "background \(background) is no value that a voxel of the output, which is \(type.rawValue), can have",
        hint: "choose another background, or another output_dtype")
    }
  }

  /// Whether every view's z planes are planes of the output, whatever y and x do.
  private func zStaysOnGrid(_ planned: [View], _ transforms: [[AffineMap]], _ stack: StackProperties) -> Bool {
    for (view, maps) in zip(planned, transforms) {
      for affine in maps {
        guard
          let map = try? PixelMap(
            affine: affine, viewSpacing: view.level.stack.spacing, viewOrigin: view.level.stack.origin,
            outputSpacing: stack.spacing, outputOrigin: stack.origin)
        else { return false }
        let coupling = [map.rows[0][0] - 1, map.rows[0][1], map.rows[0][2], map.rows[1][0], map.rows[2][0]]
        guard coupling.allSatisfy({ $0.magnitude <= 1e-6 }), map.offset[0] == map.offset[0].rounded() else { return false }
      }
    }
    return true
  }

  // MARK: - Warnings

  private func warnings(_ plan: JobPlan, times: [Int]) -> [String] {
    var warnings = dataset.notes
    if options.worldUnit == nil, let note = dataset.worldUnitNote { warnings.append(note) }
    if !options.ignoredKeys.isEmpty {
      warnings.append("output_stack_properties decides; not used: \(options.ignoredKeys.joined(separator: ", "))")
    }
    if timeStep(times) == nil {
      warnings.append(
        "the chosen time points lie unevenly, which OME-Zarr cannot say: the output's time axis counts on from the first, one step each")
    }
    warnings += ChosenBlending.notes(options, plan)
    if plan.fusion.isPlanewise && options.planewise == .auto {
      warnings.append("blending each z plane for itself (planewise): the chunk is one plane and z stays on the grid")
    }
    return warnings
  }
}
