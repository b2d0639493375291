import Foundation
import Geometry
import JobStore
import JSON
import TestSupport
import Testing
import Zarr

/// One job on many hosts: an order, tasks as plain processes, and what they logged collected.
@Suite struct OrderTests {
  private func submitted(_ options: String...) throws -> (folder: TestFolder, calm: [[UInt8]], order: String) {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "2x2", "--shape", "24,150,150", "--chunk", "24,50,50", "--seed", "9")
    for output in ["calm.ome.zarr", "out.ome.zarr"] {
      let end = try RunningProcess(
        "blockfuse", ["submit", dataset, "--output", output, "--output-chunksize", "16"] + options, folder: folder.path
      ).wait()
      try #require(end.status == 0, "\(end.errors)")
    }
    try #require(try folder.blockfuse("run", "1", "--quiet").status == 0)
    let order = try folder.blockfuse("order", "2")
    try #require(order.status == 0, "\(order.errors)")
    return (folder, try levels(folder.file("calm.ome.zarr")), order.output.trimmingCharacters(in: .whitespacesAndNewlines))
  }

  private func spawn(
    _ folder: TestFolder, _ order: String, _ task: Int, of count: Int, level: Int? = nil, environment: [String: String] = [:]
  ) throws -> RunningProcess {
    try RunningProcess(
      "blockfuse",
      ["work", order, "--task", "\(task)", "--tasks", "\(count)", "--workers", "1"]
        + (level.map { ["--level", "\($0)"] } ?? []), folder: folder.path, environment: environment)
  }

  private func expectComplete(_ folder: TestFolder, _ calm: [[UInt8]]) throws {
    let collected = try folder.blockfuse("collect", "2")
    #expect(collected.status == 0, "\(collected.errors)")
    #expect(try folder.database.job(2).state == .complete)
    let verified = try folder.blockfuse("verify", "2", "--quiet")
    #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
    #expect(try levels(folder.file("out.ome.zarr")) == calm)
    // once more changes nothing
    #expect(try folder.blockfuse("collect", "2").status == 0)
  }

  /// Raw voxels in Zarr v2, whose checksums are kept in the database.
  @Test(arguments: [false, true])
  func tasksOneAfterTheOther(isRaw: Bool) throws {
    let (scene, calm, order) = try isRaw ? submitted("--compressor", "null") : submitted()
    for task in 0..<3 {
      let end = try spawn(scene, order, task, of: 3).wait()
      #expect(end.status == 0, "\(end.errors)")
    }
    try expectComplete(scene, calm)
  }

  @Test func allAtOnceOneOfThemTwiceAndCollectedMeanwhile() throws {
    let (folder, calm, order) = try submitted()
    let tasks = try [0, 1, 2, 2].map { try spawn(folder, order, $0, of: 3) }
    while tasks.contains(where: \.isRunning) {
      #expect(try folder.blockfuse("collect", "2").status == 0)
      try expectRecordedBlocksOnDisk(folder, job: 2)
      usleep(100_000)
    }
    for task in tasks {
      let end = task.wait()
      #expect(end.status == 0, "\(end.errors)")
    }
    try expectComplete(folder, calm)
  }

  @Test func levelByLevel() throws {
    let (folder, calm, order) = try submitted()
    let early = try spawn(folder, order, 0, of: 2, level: 1).wait()
    #expect(early.status == 75, "\(early.errors)")
    let count = try folder.database.levels(of: 2).count
    for level in 0..<count {
      for task in try (0..<2).map({ try spawn(folder, order, $0, of: 2, level: level) }) {
        let end = task.wait()
        #expect(end.status == 0, "\(end.errors)")
      }
    }
    try expectComplete(folder, calm)
  }

  @Test func killedAtRandomAndStartedAgain() throws {
    let (folder, calm, order) = try submitted()
    var random = SeededRandom.chosen()
    print(random)
    for task in 0..<2 {
      var kills = 0
      while true {
        let process = try spawn(folder, order, task, of: 2)
        if kills < 6 {
          usleep(UInt32.random(in: 20_000...250_000, using: &random))
          process.signal(kills % 3 == 2 ? SIGTERM : SIGKILL)
        }
        kills += 1
        let end = process.wait()
        #expect([0, 128 + SIGKILL, 128 + SIGTERM].contains(end.status), "\(end.errors)")
        if end.status == 0 { break }
        #expect(try folder.blockfuse("collect", "2").status == 0)
        try expectRecordedBlocksOnDisk(folder, job: 2)
      }
    }
    try expectComplete(folder, calm)
  }

  /// Tasks that wait in a queue while others are done do their own share; the others leave it to them.
  @Test func tasksOneAfterTheOtherShareTheWork() throws {
    let (folder, calm, order) = try submitted()
    let layouts = try folder.database.levels(of: 2)
    var done: [[Int]] = []
    for level in layouts.indices {
      var before = try folder.database.levels(of: 2)[level].counts.done
      done.append([])
      for task in 0..<4 {
        #expect(try spawn(folder, order, task, of: 4, level: level).wait().status == 0)
        #expect(try folder.blockfuse("collect", "2").status == 0)
        let now = try folder.database.levels(of: 2)[level].counts.done
        done[level].append(now - before)
        before = now
      }
    }
    try expectComplete(folder, calm)
    let mean = done[0].reduce(0, +) / 4
    #expect(done[0].allSatisfy { abs($0 - mean) < mean / 2 }, "\(done)")
    // done already: nothing is done again
    #expect(try spawn(folder, order, 1, of: 4, level: 0).wait().errors.contains(" 0 blocks"))
  }

  /// Two tiles far apart: nearly all of the volume is empty, and shares are of what is not.
  @Test func emptyRegionsLeaveNoTaskWithoutWork() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x2", "--shape", "24,480,480", "--chunk", "24,96,96", "--seed", "9")
    let views = try JSONValue.parse(String(contentsOfFile: dataset, encoding: .utf8))["views"]?.array ?? []
    let paths = try views.map { try #require($0["path"]?.string) }
    try #require(paths.count == 2)
    let far = zip(paths, [0, 4800]).map { path, shift in
      """
      {"path": "\(path)", "transforms": {"registered": [[1,0,0,0], [0,1,0,\(shift)], [0,0,1,\(shift)], [0,0,0,1]]}}
      """
    }
    try Data("{\"views\": [\(far.joined(separator: ","))]}".utf8).write(to: URL(fileURLWithPath: dataset))
    try #require(try folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16").status == 0)
    let ordered = try folder.blockfuse("order", "1")
    try #require(ordered.status == 0, "\(ordered.errors)")
    let order = ordered.output.trimmingCharacters(in: .whitespacesAndNewlines)
    var done: [Int] = []
    for task in 0..<4 {
      #expect(try spawn(folder, order, task, of: 4, level: 0).wait().status == 0)
      #expect(try folder.blockfuse("collect", "1").status == 0)
      try done.append(folder.database.levels(of: 1)[0].counts.done - done.reduce(0, +))
    }
    let counts = try folder.database.levels(of: 1)[0].counts
    #expect(counts.done * 20 < counts.total && counts.settled == counts.total)
    #expect(done.allSatisfy { abs($0 - counts.done / 4) < counts.done / 8 }, "\(done)")
  }

  /// One that is slow, or stands still, is helped by those that have done their own share.
  @Test func aTaskThatHasBegunIsHelped() throws {
    let (folder, calm, order) = try submitted()
    let slow = try spawn(folder, order, 0, of: 2, environment: ["BLOCKFUSE_FAULT": "file-opening=wait:100@1+"])
    while slow.isRunning, try folder.blockfuse("collect", "2").status == 0, try folder.database.job(2).counts.settled == 0 {}
    let quick = try spawn(folder, order, 1, of: 2).wait()
    #expect(quick.status == 0, "\(quick.errors)")
    #expect(slow.wait().status == 0)
    let helped = try FileManager.default.contentsOfDirectory(atPath: "\(order)/level-0/of-2/task-0")
    #expect(helped.contains { $0.hasPrefix("task-1-") }, "\(helped)")
    try expectComplete(folder, calm)
  }

  @Test func statusSaysHowFreshTheRecordIs() throws {
    let (folder, _, order) = try submitted()
    func behind() throws -> JSONValue { try folder.status("2")["order"] ?? .null }
    #expect(try behind()["collected"] == .null)
    #expect(try behind()["behind"]?["logs"]?.int == 0)
    #expect(try folder.blockfuse("status", "2").output.contains("not collected yet"))
    #expect(try spawn(folder, order, 0, of: 2, level: 0).wait().status == 0)
    #expect(try behind()["behind"]?["logs"]?.int == 1)
    #expect((try behind()["behind"]?["bytes"]?.int ?? 0) > 100)
    #expect(try folder.blockfuse("status", "2").output.contains("counted with what 1 log says since"))
    #expect(try folder.blockfuse("collect", "2").status == 0)
    #expect(try behind()["behind"]?["logs"]?.int == 0)
    #expect(try behind()["collected"]?.string != nil)
    #expect(try behind()["logs"]?.int == 1 && behind()["ended_logs"]?.int == 1)
    let text = try folder.blockfuse("status", "2").output
    #expect(text.contains("nothing was logged since") && text.contains("`blockfuse collect 2`"), "\(text)")
  }

  /// What tasks did is not done again, and tasks that come later find that it is over.
  @Test func aRunCollectsFirstAndMayFinishTheJob() throws {
    let (folder, calm, order) = try submitted()
    #expect(try spawn(folder, order, 0, of: 2, level: 0).wait().status == 0)
    let run = try folder.blockfuse("run", "2", "--json")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("collected") && run.errors.contains(order), "\(run.errors)")
    let end = try JSONValue.parse(String(run.output.split(separator: "\n").last ?? ""))
    let (done, total) = (end["this_run"]?["done"]?.int ?? 0, try folder.database.job(2).counts.total)
    #expect(Int(done) < total * 3 / 4, "\(done) of \(total)")
    let late = try spawn(folder, order, 1, of: 2).wait()
    #expect(late.status == 4 && late.errors.contains("withdrawn"), "\(late.errors)")
    #expect(try folder.status("2")["order"] == .null)
    try expectComplete(folder, calm)
  }

  /// The end of a cluster's jobs on a host that has no database, or another one.
  @Test func theEndIsKnownWithoutTheDatabase() throws {
    let (folder, calm, order) = try submitted()
    let other = try TestFolder()
    func end(_ status: Int32) throws -> Finished {
      let end = try other.blockfuse("collect", "2", "--order", order)
      #expect(end.status == status, "\(end.errors)")
      return end
    }
    #expect(try end(75).errors.contains("`blockfuse collect 2`"))
    #expect(try spawn(folder, order, 0, of: 1).wait().status == 0)
    #expect(try end(0).output.contains("complete"))
    #expect(
      try folder.blockfuse("submit", "mosaic/dataset.json", "--output", other.file("third.ome.zarr"), "--db", other.file("jobs.sqlite"))
        .status == 0)
    #expect(try end(0).errors.contains("knows nothing of the order"))
    #expect(try folder.database.job(2).counts.done == 0)
    // where it is, it is written
    #expect(try folder.blockfuse("collect", "2", "--order", order).status == 0)
    try expectComplete(folder, calm)
  }

  /// A task that is started again tries once more what it failed at.
  @Test func failedBlocksAreTriedAgain() throws {
    let (folder, calm, order) = try submitted()
    let failing = try spawn(folder, order, 0, of: 2, level: 0, environment: ["BLOCKFUSE_FAULT": "file-synced=EIO@30+"]).wait()
    #expect(failing.status == 3, "\(failing.errors)")
    #expect(try spawn(folder, order, 1, of: 2, level: 0).wait().status == 0)
    #expect(try spawn(folder, order, 0, of: 1, level: 1).wait().status == 3)
    #expect(try folder.blockfuse("collect", "2").status == 3)
    #expect(try folder.database.job(2).counts.failed > 0)
    #expect(try spawn(folder, order, 0, of: 2, level: 0).wait().status == 0)
    #expect(try spawn(folder, order, 0, of: 1, level: 1).wait().status == 0)
    try expectComplete(folder, calm)
    #expect(try folder.database.job(2).counts.failed == 0)
  }

  #if os(Linux)
    /// Late duplicates must write equal bytes, so the order's libraries must be there.
    @Test(.enabled(if: !isSanitized, "a sanitizer cannot share a program with a preloaded library"))
    func aTaskWithAnotherCodecLibraryIsRefused() throws {
      let (folder, calm, order) = try submitted()
      let (source, library) = (folder.file("other.c"), folder.file("other.so"))
      try Data(#"const char *ZSTD_versionString(void) { return "0.9.9"; }"#.utf8).write(to: URL(fileURLWithPath: source))
      let compiler = Process()
      compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      compiler.arguments = ["clang", "-shared", "-fPIC", "-o", library, source]
      try compiler.run()
      compiler.waitUntilExit()
      try #require(compiler.terminationStatus == 0)
      let refused = try spawn(folder, order, 0, of: 1, environment: ["LD_PRELOAD": library]).wait()
      #expect(refused.status == 4, "\(refused.errors)")
      #expect(refused.errors.contains("zstd 0.9.9") && refused.errors.contains("other bytes"), "\(refused.errors)")
      // nothing was done or logged
      #expect(try folder.blockfuse("collect", "2").status == 0)
      #expect(try folder.database.job(2).counts.settled == 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: order) == ["order.sqlite"])
      #expect(try spawn(folder, order, 0, of: 1).wait().status == 0)
      try expectComplete(folder, calm)
    }
  #endif

  /// As the arrays of docs/clusters.md are started by other schedulers: two tasks do all of it.
  @Test(arguments: [
    [["LSB_JOBINDEX": "1", "LSB_JOBINDEX_END": "2"], ["LSB_JOBINDEX": "2", "LSB_JOBINDEX_END": "2"]],
    [
      ["SGE_TASK_ID": "1", "SGE_TASK_FIRST": "1", "SGE_TASK_LAST": "2", "SGE_TASK_STEPSIZE": "1"],
      ["SGE_TASK_ID": "2", "SGE_TASK_FIRST": "1", "SGE_TASK_LAST": "2", "SGE_TASK_STEPSIZE": "1"],
    ],
    [
      ["AWS_BATCH_JOB_ARRAY_INDEX": "0", "AWS_BATCH_JOB_ARRAY_SIZE": "2"],
      ["AWS_BATCH_JOB_ARRAY_INDEX": "1", "AWS_BATCH_JOB_ARRAY_SIZE": "2"],
    ],
    [["JOB_COMPLETION_INDEX": "0"], ["JOB_COMPLETION_INDEX": "1"]],
  ])
  func tasksOfOtherSchedulers(environments: [[String: String]]) throws {
    let (folder, calm, order) = try submitted()
    for level in try folder.database.levels(of: 2).indices {
      for (task, environment) in environments.enumerated() {
        let count = environment["JOB_COMPLETION_INDEX"] == nil ? [] : ["--tasks", "2"]
        let end = try RunningProcess(
          "blockfuse", ["work", order, "--level", "\(level)"] + count, folder: folder.path, environment: environment
        ).wait()
        #expect(end.status == 0 && end.errors.contains("task \(task) of 2"), "\(end.errors)")
      }
    }
    try expectComplete(folder, calm)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let (folder, _, order) = try submitted()
    #expect(try folder.blockfuse("work", folder.file("nothing"), "--task", "0", "--tasks", "2").status == 64)
    #expect(try folder.blockfuse("work", order, "--task", "2", "--tasks", "2").status == 64)
    #expect(try folder.blockfuse("work", order).status == 64)
    let fromEnvironment = try RunningProcess(
      "blockfuse", ["work", order, "--level", "1"], folder: folder.path,
      environment: ["SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_MAX": "2"]
    ).wait()
    #expect(fromEnvironment.status == 75, "\(fromEnvironment.errors)")
    // a view that is another one now
    let file = folder.file("mosaic")
    let paths = FileManager.default.enumerator(atPath: file)?.compactMap { $0 as? String } ?? []
    for path in paths where path.hasSuffix(".zarray") {
      try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: "\(file)/\(path)")
    }
    let changed = try spawn(folder, order, 0, of: 2).wait()
    #expect(changed.status == 4, "\(changed.errors)")
    #expect(try folder.blockfuse("collect", "2").status == 0)
    #expect(try folder.database.job(2).counts.failed == 0)
    #expect(try folder.blockfuse("order", "2", "--withdraw").status == 0)
    #expect(try spawn(folder, order, 0, of: 2).wait().status == 4)
  }
}
