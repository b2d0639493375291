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

  func contains(_ position: TCZYX) -> Bool {
    let placement = placements.count > 1 ? placements[position.t] : placements[0]
    let box = grid.box(of: position).grown(by: recipe.halo)
    return placement.views(touching: box, t: position.t, c: position.c, interpolationOrder: recipe.interpolationOrder)
      .contains { views.contains($0.id) }
  }

  /// What is recorded of them since the views were last found as recorded becomes pending, as `JobStore.setBackUnchecked`.
  package func setBack(_ job: JobID, in store: JobStore, because reason: String, own: Run.ID? = nil) throws -> Int {
    try store.setBackUnchecked(job, because: reason, own: own, isTouched: contains)
  }

  /// Nil where nothing was set back.
  package static func note(_ count: Int) -> String? {
    if count == 0 { return nil }
    return "what was made of changed views since they were last found as recorded is pending again: \(count) block\(count == 1 ? "" : "s")"
  }
}
