import Foundation
import Geometry
import Slurm
import Testing

/// What `slurm` submits, keeps and replaces.
@Suite struct SlurmPlanTests {
  private let prefix = SlurmScript.namePrefix(job: 7, orderUUID: "01234567-89ab")
  private let layouts = levelLayouts(
    shape: TCZYX(z: 256, y: 800, x: 800), chunk: Index3(32, 32, 32), shard: nil, pyramid: Pyramid())

  private func tasks(
    _ id: String, level: Int, of count: Int, _ indices: Range<Int>, isRunning: Bool = false, isStuck: Bool = false, from offset: Int = 0
  )
    -> [SlurmQueue.Task]
  {
    indices.map {
      SlurmQueue.Task(
        id: id, index: $0, name: "\(prefix)level-\(level)-of-\(count)-from-\(offset)", isRunning: isRunning, isStuck: isStuck)
    }
  }

  /// Level 0 is cut into 8, level 1 into 8, level 2 into 6 or less.
  private func decided(_ active: [SlurmQueue.Task], _ missing: [Int: IndexSet]) -> SlurmPlan {
    SlurmPlan(levels: layouts, tasks: 8, active: active, prefix: prefix) { layout, count in
      missing[layout.level] ?? IndexSet(integersIn: 0..<count)
    }
  }

  private let end = SlurmQueue.Task(id: "9", index: nil, name: "blockfuse-7-01234567-collect", isRunning: false, isStuck: false)

  @Test func allAtFirst() {
    let plan = decided([], [:])
    #expect(plan.levels.map(\.level) == Array(layouts.indices))
    #expect(plan.levels[0].missing == IndexSet(0..<8) && plan.levels[0].shareCount == 8)
    // a task has at least 16 blocks
    #expect(plan.levels.last?.shareCount == max(1, min(8, layouts[layouts.count - 1].grid.total / 16)))
    #expect(plan.replaced.isEmpty && plan.kept.isEmpty)
  }

  @Test func whatIsOnItsWayIsLeftThere() {
    let active =
      tasks("1", level: 0, of: 8, 0..<3, isRunning: true) + tasks("1", level: 0, of: 8, 3..<8)
      + tasks("2", level: 1, of: 8, 0..<8) + [end]
    let plan = decided(active, [2: []])
    #expect(plan.levels.isEmpty && plan.replaced.isEmpty)
    #expect(plan.keptIDs == ["1", "2"])
  }

  @Test func whatWaitsAboveWhatIsMissingIsSubmittedAnew() {
    let active =
      tasks("1", level: 0, of: 8, 0..<3, isRunning: true) + tasks("2", level: 1, of: 8, 0..<2, isRunning: true)
      + tasks("2", level: 1, of: 8, 2..<8) + [end]
    let plan = decided(active, [0: IndexSet(0..<5), 2: []])
    #expect(plan.levels.map(\.missing) == [IndexSet(3..<5), IndexSet(2..<8)])
    #expect(plan.replaced == ["2", "9"])
    #expect(plan.keptIDs(level: 0) == ["1"] && plan.keptIDs(level: 1) == ["2"])
  }

  @Test func whatIsStuckIsReplaced() {
    let active = tasks("1", level: 0, of: 8, 0..<1, isStuck: true) + tasks("1", level: 0, of: 8, 1..<8)
    let plan = decided(active, [1: [], 2: []])
    #expect(plan.levels.map(\.missing) == [IndexSet(0..<1)])
    // and not what waits in the same array
    #expect(plan.replaced == ["1_0"])
  }

  @Test(
    arguments: [
      (nil, 120), ("12:00:00", 120), ("30", 120), ("10", 60), ("5:00", 30), ("1", 6), ("0:05", 1), ("1-0", 120), ("0-0:1:30", 9),
      ("UNLIMITED", 120),
    ] as [(String?, Int)])
  func warningBeforeTheLimit(limit: String?, seconds: Int) {
    #expect(SlurmScript.warningSeconds(limit: limit) == seconds)
  }

  @Test func largeArraysAreSeveral() {
    let level = SlurmPlan.Level(level: 0, shareCount: 2500, missing: IndexSet([0, 1, 2, 7, 1000, 1001, 2499]))
    let arrays = level.arrays(largestIndex: 1000)
    #expect(arrays.map(\.offset) == [0, 1001, 2002])
    #expect(arrays.map { SlurmScript.list($0.indices) } == ["0-2,7,1000", "0", "497"])
    let setting = SlurmScript.Setting(
      program: "/opt/my tools/blockfuse", order: "/data/100%/o'clock/order-1", orderUUID: "01234567-89ab", job: 7, database: "/db",
      options: ["--output=/elsewhere"])
    let script = SlurmScript(arrays[1], after: ["3", "4"], setting)
    #expect(
      script.text == """
        #!/bin/sh
        exec '/opt/my tools/blockfuse' work '/data/100%/o'\\''clock/order-1' --level 0 --tasks 2500 --task "$((SLURM_ARRAY_TASK_ID + 1001))"

        """)
    #expect(script.arguments.contains("--dependency=afterany:3:4"))
    #expect(script.arguments.contains("--output=/data/100%%/o'clock/order-1/slurm/level-0/%A_%a.out"))
    #expect(script.arguments.last == "--output=/elsewhere")
    let name = SlurmScript.name(arrays[1], setting)
    let place = SlurmScript.place(ofName: name, prefix: prefix)
    #expect(place?.level == 0 && place?.shareCount == 2500 && place?.offset == 1001)
    #expect(SlurmScript.place(ofName: SlurmScript.endName(setting), prefix: prefix) == nil)
  }
}
