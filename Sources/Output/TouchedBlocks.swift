import Diagnostics
import Fusion
import Geometry
import JobStore
import Planning
import Views

/// The blocks of level 0 that are made of some of a job's views, found as the blocks' makers find their views.
package struct TouchedBlocks {
  private let views: Set<Int>
  private let grid: BlockGrid
  private let placements: [PlacedViews]
  private let recipe: FusionRecipe

  package init(by views: Set<Int>, of loaded: LoadedViews, plan: JobPlan, registry: FusionRegistry) throws {
    self.views = views
    grid = plan.levels[0].grid
    placements = try PlacedViews.all(loaded.views, loaded.transforms, in: plan)
    recipe = try FusionSetup.recipe(for: plan, inputTypes: loaded.views.map(\.level.elementType), registry: registry)
  }

  package func contains(_ position: TCZYX) -> Bool { touches(grid.box(of: position), t: position.t, c: position.c) }

  /// Whether it may contain a block of a brick; true may also be wrong.
  package func mayMeet(_ brick: BrickRegion) -> Bool {
    let box = grid.voxels(of: brick.blocks)
    return brick.t.contains { t in brick.c.contains { c in touches(box, t: t, c: c) } }
  }

  private func touches(_ box: Box3, t: Int, c: Int) -> Bool {
    let placement = placements.count > 1 ? placements[t] : placements[0]
    return placement.views(touching: box.grown(by: recipe.halo), t: t, c: c, interpolationOrder: recipe.interpolationOrder)
      .contains { views.contains($0.id) }
  }

  /// What is recorded of them since the views were last found as recorded becomes pending, as `JobStore.setBackUnchecked`.
  package func setBack(_ job: JobID, in store: JobStore, because reason: String, own: Run.ID? = nil) throws -> Int {
    try store.setBackUnchecked(job, because: reason, own: own, isTouched: contains)
  }

  /// Nil where nothing was set back.
  package static func note(_ count: Int) -> String? {
    if count == 0 { return nil }
    return "what was made of changed views since they were last found as recorded is pending again: \(counted(count, "block"))"
  }
}
