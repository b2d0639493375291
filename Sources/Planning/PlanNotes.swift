import Diagnostics
import Fusion
import Geometry
import Views

/// What is worth a word about a plan: what it leaves out, and what it does as it is told and that is perhaps not meant.
struct PlanNotes {
  let dataset: Dataset
  let options: JobOptions
  let plan: JobPlan
  let views: [View]
  /// The finest resolution of each view.
  let finest: [StackProperties]
  /// One for all time points, or one for each.
  let placements: [PlacedViews]
  let presence: ViewPresence
  let loneViews: [String]
  let shortAxes: [ShortAxis]
  let shardAdvice: ShardAdvice?

  var all: [String] {
    Self.missing(dataset.missingViews) + firstView + Self.absent(presence.withoutVoxels, of: views.count, in: plan.fusion) + outside
      + samePlace + alone + short + types + nodata + pyramid + levels + seam + chunks + files
  }

  // MARK: - Views that are left out

  /// Said at submit, and again by each run.
  static func missing(_ views: [MissingView]) -> [String] {
    if views.isEmpty { return [] }
    let reasons = views.prefix(listedAtMost).map(\.reason).joined(separator: "; ")
    return [
      "\(counted(views.count, "view is", "views are")) left out, as missing_views says, since \(views.count == 1 ? "its image" : "their images") "
        + "cannot be opened: \(reasons)\(more(views.count, listedAs: "missing_views"))"
    ]
  }

  /// What the first view decides comes from another one.
  private var firstView: [String] {
    guard dataset.isFirstMissing, let first = views.first else { return [] }
    return [
      "the first view is missing: what it would decide (element type, voxel size, chunks) comes from view \"\(first.name)\", the "
        + "first that is there"
    ]
  }

  /// Said at submit, and again by each run.
  static func absent(_ names: [String], of count: Int, in plan: FusionPlan) -> [String] {
    if names.isEmpty { return [] }
    return [
      "\(of(names.count, count, "has", "have")) no voxel in the output: \(listed(names, as: "views_without_voxels")). What lies between the output's planes, "
        + "rows or columns, or beyond its end, is in none of its voxels; a smaller output_spacing may reach it"
        + (plan.product == nil ? "" : ". With blending product a view has voxels only where it weighs more than 0")
    ]
  }

  /// Whoever made a coarser level averaged voxels that are values with others that are none.
  private var nodata: [String] {
    let coarse = zip(views, finest).filter { $0.details.correction?.nodata != nil && $0.level.stack.spacing != $1.spacing }.map(\.0)
    guard let first = coarse.first else { return [] }
    return [
      "\(counted(coarse.count, "view is", "views are")) read at a coarser level, such as \"\(first.name)\": where its voxels were averaged from "
        + "values and nodata, they count as values"
    ]
  }

  private var outside: [String] {
    var notes: [String] = []
    let (count, unknown) = (presence.outsideRegion, presence.unknownCount)
    if count > 0 { notes.append("\(Self.of(count, views.count, "is", "are")) outside the region that was asked for") }
    if unknown > 0 {
      let them = Self.of(unknown, views.count, "has", "have")
      notes.append("whether \(them) a voxel in the output was not looked at, since it would take long")
    }
    return notes
  }

  private var samePlace: [String] {
    let groups = SamePlace.groups(views, placements, sides: dataset.sides)
    if groups.isEmpty { return [] }
    let count = groups.reduce(0) { $0 + $1.count }
    let names = groups.prefix(3).map { Self.listed($0.map { views[$0].name }) }.joined(separator: "; ")
    let others = groups.count > 3 ? "; and so on, at \(groups.count.grouped) places" : ""
    return [
      "\(counted(count, "view is", "views are")) at the same place as another of their size, where they are fused into one: \(names)\(others). Fiji "
        + "writes tiles that it discarded at the origin; choose others with --views, or correct the dataset"
    ]
  }

  private var alone: [String] {
    if loneViews.isEmpty { return [] }
    let whose =
      loneViews.count == views.count
      ? "none of the \(counted(views.count, "view")) touches another"
      : "\(Self.of(loneViews.count, views.count, "touches", "touch")) no other: "
        + Self.listed(loneViews, as: "lone_views")
    return ["\(whose). If they should, check the units of spacing, origins and transforms"]
  }

  private var short: [String] {
    shortAxes.map { short in
      "along \(short.axis) the output has \(counted(short.voxelCount, "voxel")), where the views have "
        + "about \(short.finestCount.grouped): check whether output_spacing is in the unit of the dataset's world"
    }
  }

  // MARK: - Values

  /// Integers that the output cannot hold are clipped, unless a range says how to scale them.
  private var types: [String] {
    let type = plan.outputType
    guard !plan.fusion.isMask, plan.fusion.intensityRange == nil else { return [] }
    let wider = views.filter { !type.holds($0.level.elementType) }
    guard let first = wider.first else { return [] }
    let given = options.outputType == nil ? "the first view's type and so the output's" : "the output's type"
    // float16 has infinities beyond its largest number
    let fate =
      type.isInteger ? "they are clipped to it; --intensity-range MIN,MAX scales them, " : "beyond its largest they become infinite; "
    return [
      "\(Self.of(wider.count, views.count, "has", "have")) values that \(type.rawValue), \(given), may not "
        + "hold, such as \(first.level.elementType.rawValue) of view \"\(first.name)\": \(fate)--output-dtype chooses a type"
    ]
  }

  private var pyramid: [String] {
    guard plan.levels.count > 1, plan.fusion.downsampling == .mean else { return [] }
    let kind: String
    if plan.fusion.isMask {
      kind = "counts of views"
    } else if plan.fusion.interpolationOrder == 0 {
      kind = "voxels that are copied (interpolation_order 0)"
    } else if ["first_view_wins", "last_view_wins"].contains(plan.fusion.function) {
      kind = "voxels of one view (\(plan.fusion.function))"
    } else {
      return []
    }
    return [
      "levels above 0 hold means: of \(kind) only level 0 is exact, and means of labels are no labels; "
        + "--downsample mode (or nearest, max) makes levels of voxels that exist"
    ]
  }

  private var levels: [String] {
    var notes: [String] = []
    let (first, last) = (plan.levels[0], plan.levels[plan.levels.count - 1])
    if let wanted = options.pyramidLevels, last.level < wanted {
      notes.append(
        "\(wanted) levels above 0 were asked for, and there \(last.level == 1 ? "is" : "are") \(last.level): an axis is halved while half "
          + "its length is above \(options.pyramidMinimumSize ?? Pyramid.referenceLength) voxels; --pyramid-minimum-size changes that")
    }
    if case .factors = options.pyramid, stretch(last) > max(stretch(first), 1) * 1.5 {
      let factor = plan.spatialAxes.map { "\($0)=\(last.absoluteFactor[$0.spaceLane ?? 0])" }.joined(separator: ",")
      notes.append(
        "voxels of level \(last.level) are longer in one direction than those of level 0 (\(factor)): factors are in the order z,y,x; "
          + "--pyramid isotropic chooses those that fit the spacing")
    }
    return notes
  }

  /// The longest side of a level's voxels by their shortest.
  private func stretch(_ level: LevelLayout) -> Double {
    let sides = plan.spatialAxes.map { axis in
      plan.stack.spacing[axis.spaceLane ?? 0] * Double(level.absoluteFactor[axis.spaceLane ?? 0])
    }
    return (sides.max() ?? 1) / (sides.min() ?? 1)
  }

  // MARK: - Chunks and files

  private var chunks: [String] {
    guard let first = views.first, let small = DefaultChunk(of: first.level, is3D: plan.is3D).tooSmall else { return [] }
    let isChosen = plan.spatialAxes.allSatisfy { options.outputChunk?[$0] != nil }
    // an output that is one chunk is cut in no other way by those
    guard !isChosen, plan.levels[0].grid.count.zyx != Index3(repeating: 1) else { return [] }
    let (own, taken) = (DefaultChunk.text(small, plan.spatialAxes), DefaultChunk.text(plan.levels[0].chunk.zyx, plan.spatialAxes))
    return [
      "the chunks of view \"\(first.name)\", \(own), are small (fewer than \(DefaultChunk.fewestVoxels.grouped) voxels), so the "
        + "output's are not the same but \(taken); --output-chunksize chooses others"
    ]
  }

  private var files: [String] {
    guard plan.blockCount >= ShardAdvice.manyFiles else { return [] }
    let advice =
      shardAdvice.map { "With ngff_version 0.5, shards \($0.text) would make it \($0.fileCount.grouped)" }
      ?? "A larger output_chunksize makes fewer"
    return ["the output may have \(plan.blockCount.grouped) files; file systems and transfers suffer from a million on. \(advice)"]
  }

  // MARK: - Seams

  private var seam: [String] {
    let seam = Seam.first(
      views, placements[0], in: plan, order: plan.fusion.interpolationOrder, isMoving: placements.count > 1)
    guard let seam else { return [] }
    let isCoarse = [seam.first, seam.second].contains { views[$0].level.stack != finest[$0] }
    // where a view's outermost voxels weigh 0, there is nothing to fill with
    let canFill = plan.fusion.edges != .filled && plan.fusion.product == nil
    let advice =
      (isCoarse
        ? "A coarser level of them is read, whose voxels end earlier; a smaller output_spacing reads a finer one"
        : "None of their voxels are on both sides of it; overlap the tiles, or place them whole voxels apart")
      + (canFill ? ". Or --edges filled makes such lines of the views beside them" : "")
    return [
      "views that should touch leave black lines between them, such as \"\(views[seam.first].name)\" and "
        + "\"\(views[seam.second].name)\" along \(seam.axis). \(advice)"
    ]
  }

  // MARK: - Names

  private static let listedAtMost = 20

  /// `3 of 12 views have`, with the verb of one or of many.
  private static func of(_ count: Int, _ all: Int, _ one: String, _ many: String) -> String {
    "\(count.grouped) of \(counted(all, "view")) \(count == 1 ? one : many)"
  }

  /// - Parameter key: where `--json` lists all of them.
  private static func listed(_ names: [String], as key: String? = nil) -> String {
    nameList(names, limit: listedAtMost) + (names.count > listedAtMost ? jsonNote(key) : "")
  }

  private static func more(_ count: Int, listedAs key: String?) -> String {
    count > listedAtMost ? " and \((count - listedAtMost).grouped) more" + jsonNote(key) : ""
  }

  private static func jsonNote(_ key: String?) -> String { key.map { " (`--json` lists all as \($0))" } ?? "" }
}
