#if os(Linux)
  import Foundation
  import JobStore
  import TestSupport
  import Testing
  import Zarr

  /// What is left when the power fails: what was synced, and nothing else. A library that is preloaded into the program
  /// (Tests/Preload) remembers each file and folder as it was when it was last synced; the test builds the tree anew from that.
  @Suite(.enabled(if: !isSanitized, "a sanitizer cannot share a program with a preloaded library")) struct PowerLossTests {
    /// What becomes of the database's own files: all that was written, which is the most that it can know of blocks; or only
    /// what SQLite had synced.
    enum Database: String, CaseIterable { case keepsAll, keepsWhatWasSynced }

    @Test(arguments: Database.allCases)
    func noRecordedBlockIsLost(database: Database) throws {
      let scene = try Scene()
      let points = [
        "recorded", "file-renamed", "folder-synced", "recording", "file-synced", "claimed", "folder-made", "file-written",
        "final-metadata-begun",
      ]
      var random = SeededRandom.chosen()
      var losses = 0
      var settledAtMost = 0
      for point in points + points {
        let fault = "\(point)=kill@\(Int.random(in: 1...(point.hasPrefix("f") ? 40 : 3), using: &random))"
        let end = try scene.run(["run", "--quiet", "--workers", "2"], fault: fault)
        #expect([0, 128 + SIGKILL].contains(end.status), "\(random), \(fault): \(end.errors)")
        if end.status == 0, losses >= 5, database == .keepsWhatWasSynced || settledAtMost > 20 { break }
        try scene.losePower(database)
        losses += 1
        try expectRecordedBlocksOnDisk(scene.folder, job: 1, "after \(fault), \(random)")
        let verify = try scene.folder.blockfuse("verify", "--quiet")
        #expect(verify.status == 0, "after \(fault), \(random): \(verify.output) \(verify.errors)")
        settledAtMost = max(settledAtMost, try scene.folder.database.job(1).counts.settled)
      }
      #expect(losses >= 5, "\(random)")
      // else there was nothing to lose
      #expect(database == .keepsWhatWasSynced || settledAtMost > 20, "\(random)")
      let end = try scene.run(["run", "--quiet"])
      #expect(end.status == 0, "\(random): \(end.errors)")
      // nothing of a finished job's output is lost
      try scene.losePower(.keepsAll)
      #expect(try scene.folder.blockfuse("verify", "--quiet").status == 0, "\(random)")
      #expect(try levels(scene.folder.file("root/new/newer/out.ome.zarr")) == scene.calm, "\(random)")
    }

    /// A submitted job, a work order and what tasks logged are there with all the folders that were made for them.
    @Test func noWorkOrderAndNoLogIsLost() throws {
      let scene = try Scene()
      try scene.losePower(.keepsAll)
      let order = try scene.run(["order"])
      #expect(order.status == 0, "\(order.errors)")
      try scene.losePower(.keepsAll)
      let path = try #require(try scene.folder.database.openOrder(of: 1)).path
      for task in ["0", "1"] {
        let end = try scene.run(["work", path, "--task", task, "--tasks", "2", "--quiet"])
        #expect(end.status == 0, "\(end.errors)")
      }
      try scene.losePower(.keepsAll)
      let collect = try scene.run(["collect"])
      #expect(collect.status == 0, "\(collect.errors)")
      #expect(try scene.folder.database.job(1).state == .complete)
      #expect(try scene.folder.blockfuse("verify", "--quiet").status == 0)
      #expect(try levels(scene.folder.file("root/new/newer/out.ome.zarr")) == scene.calm)
    }

    /// The test of the test: were syncs left out, blocks would be lost.
    @Test(arguments: ["files", "folders"])
    func syncsThatAreLeftOutAreNoticed(kind: String) throws {
      let scene = try Scene()
      #expect(try scene.run(["run", "--quiet"], forget: kind).status == 0)
      try scene.losePower(.keepsAll)
      #expect(try scene.folder.blockfuse("verify", "--quiet").status == 12)
    }

    /// A job whose database and output lie in `root`, and all of that on disk.
    private struct Scene {
      let folder: TestFolder
      let calm: [[UInt8]]
      private let library: String
      private var root: String { folder.file("root") }
      private var shadow: String { folder.file("shadow") }

      init() throws {
        folder = try TestFolder()
        library = try Preload.library("powerloss", in: folder)
        let dataset = try folder.mosaic("--tiles", "2x2", "--shape", "8,100,100", "--chunk", "8,50,50")
        try FileManager.default.createDirectory(atPath: folder.file("root"), withIntermediateDirectories: true)
        // where every other test has it, and in the tree that loses power
        try FileManager.default.createSymbolicLink(
          atPath: folder.file("jobs.sqlite"), withDestinationPath: folder.file("root/jobs.sqlite"))
        let calmEnd = try RunningProcess(
          "blockfuse", ["fuse", dataset, "--output", "calm.ome.zarr", "--output-chunksize", "24", "--quiet"],
          folder: folder.path, environment: ["BLOCKFUSE_DB": folder.file("calm.sqlite")]
        ).wait()
        try #require(calmEnd.status == 0, "\(calmEnd.errors)")
        calm = try levels(folder.file("calm.ome.zarr"))
        try rememberAll()
        // into folders that are not there yet
        let submit = try run(["submit", dataset, "--output", "root/new/newer/out.ome.zarr", "--output-chunksize", "24"])
        try #require(submit.status == 0, "\(submit.errors)")
      }

      func run(_ arguments: [String], fault: String = "", forget: String = "") throws -> Finished {
        try RunningProcess(
          "blockfuse", arguments, folder: folder.path,
          environment: environment.merging(["BLOCKFUSE_FAULT": fault, "POWERLOSS_FORGET": forget]) { $1 }
        ).wait()
      }

      /// Puts what is left in the place of what was there.
      func losePower(_ database: Database) throws {
        let left = folder.file("left")
        try restore("root", to: left)
        // the database stays the same file: with another inode it would be a copy
        if database == .keepsWhatWasSynced {
          try Data(contentsOf: URL(fileURLWithPath: left + "/jobs.sqlite")).write(to: URL(fileURLWithPath: root + "/jobs.sqlite"))
        }
        let kept = database == .keepsAll ? ["jobs.sqlite", "jobs.sqlite-wal", "jobs.sqlite-shm", "jobs.sqlite.lock"] : ["jobs.sqlite"]
        for name in kept {
          try? FileManager.default.removeItem(atPath: left + "/" + name)
          try? FileManager.default.moveItem(atPath: root + "/" + name, toPath: left + "/" + name)
        }
        try FileManager.default.removeItem(atPath: root)
        try FileManager.default.moveItem(atPath: left, toPath: root)
        try rememberAll()
      }

      private var environment: [String: String] {
        ["LD_PRELOAD": library, "POWERLOSS_ROOT": root, "POWERLOSS_SHADOW": shadow]
      }

      /// All that is there now is on disk.
      private func rememberAll() throws {
        try? FileManager.default.removeItem(atPath: shadow)
        try FileManager.default.createDirectory(atPath: shadow, withIntermediateDirectories: true)
        let all = (FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []).map { root + "/" + $0 }
        try Self.command("sync", all + [root], environment: environment)
      }

      private func restore(_ folder: String, to path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        guard let list = try? String(contentsOfFile: "\(shadow)/\(folder).folder", encoding: .utf8) else { return }
        for line in list.split(separator: "\n") {
          let words = line.split(separator: " ", maxSplits: 2).map(String.init)
          if words[0] == "d" {
            try restore(words[1], to: path + "/" + words[2])
          } else {
            // a name without bytes where they were never synced
            let bytes = (try? Data(contentsOf: URL(fileURLWithPath: "\(shadow)/\(words[1]).file"))) ?? Data()
            try bytes.write(to: URL(fileURLWithPath: path + "/" + words[2]))
          }
        }
      }

      private static func command(_ name: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(name)")
      }
    }
  }
#endif
