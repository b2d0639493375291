import Foundation
import Geometry
import JobStore
import JSON
import TestSupport
import Testing
import Zarr

/// What the record promises when the program is killed at any moment.
@Suite struct KillTests {
  /// A number in `BLOCKFUSE_TEST_KILLS` raises it.
  static let leastKills = ProcessInfo.processInfo.environment["BLOCKFUSE_TEST_KILLS"].flatMap { Int($0) } ?? 10

  /// Kills a run at random moments, in level 0 and in the pyramid, until the job is complete: the record never claims a
  /// block that is not on disk, progress never goes back, and the voxels are those of an undisturbed run.
  @Test(arguments: [["--ngff-version", "0.4"], ["--ngff-version", "0.5", "--shards", "z=16,y=32,x=32"]])
  func killedAtRandomMoments(options: [String]) throws {
    let folder = try TestFolder()
    // enough blocks that a machine under load, where each kill comes late, leaves some for the last one
    let side = Int((0.9 * Double(Self.leastKills)).squareRoot().rounded(.up))
    let dataset = try folder.mosaic("--tiles", "\(side)x\(side)", "--shape", "24,150,150", "--chunk", "24,50,50", "--seed", "7")
    let common = ["--output-chunksize", "16"] + options
    func submit(_ output: String) throws {
      let end = try RunningProcess("blockfuse", ["submit", dataset, "--output", output] + common, folder: folder.path).wait()
      try #require(end.status == 0, "\(end.errors)")
    }
    try submit("calm.ome.zarr")
    try #require(try folder.blockfuse("run", "1", "--quiet").status == 0)
    try submit("killed.ome.zarr")

    var random = SeededRandom.chosen()
    print(random)
    var kills = 0
    var settledBefore = 0
    var levelsKilledIn: Set<Int> = []
    let total = try folder.status("2")["blocks"]?["total"]?.int ?? 0
    while kills < 20 * Self.leastKills {
      // far enough to do something new, and to be killed at a place of its own
      let goal = settledBefore + Int.random(in: 1...max(2, total / (3 * Self.leastKills)), using: &random)
      let run = try folder.spawn("run", "2", "--workers", "1", "--quiet")
      while run.isRunning {
        if try settled(folder) >= goal {
          usleep(UInt32.random(in: 0...3000, using: &random))
          run.signal(SIGKILL)
          break
        }
        usleep(500)
      }
      let end = run.wait()
      let now = try settled(folder)
      #expect(now >= settledBefore, "progress went back from \(settledBefore) to \(now)")
      settledBefore = now
      try expectRecordedBlocksOnDisk(folder, job: 2)
      if end.status == 0 { break }
      #expect(end.status == 128 + SIGKILL)
      kills += 1
      if let level = try folder.database.levels(of: 2).first(where: { !$0.counts.isSettled }) {
        levelsKilledIn.insert(level.layout.level)
      }
    }
    print("\(kills) kills in \(total) blocks, in levels \(levelsKilledIn.sorted()), \(options)")
    #expect(kills >= Self.leastKills, "only \(kills) kills before the job was complete")
    #expect(levelsKilledIn.isSuperset(of: [0, 1]))
    #expect(try folder.status("2")["state"]?.string == "complete")
    #expect(try folder.blockfuse("verify", "2").status == 0)
    #expect(try levels(folder.file("killed.ome.zarr")) == levels(folder.file("calm.ome.zarr")))
  }

  private func settled(_ folder: TestFolder) throws -> Int {
    try folder.database.levels(of: 2).reduce(0) { $0 + $1.counts.settled }
  }
}
