#if os(Linux)
  import Foundation
  import JSON
  import JobStore
  import TestSupport
  import Testing

  /// Disks and servers of files that go away while a job is worked on, and come back or do not.
  @Suite(.enabled(if: !isSanitized, "a sanitizer cannot share a program with a preloaded library")) struct OutageTests {
    /// A job whose input, output and order have a folder each, and what shows one of them as not answering.
    private final class Scene {
      let folder: TestFolder
      let dataset: String
      let output: String
      private let library: String
      private let (away, hold): (String, String)

      init(shape: String = "8,150,150", chunk: String = "8,50,50") throws {
        folder = try TestFolder()
        library = try Preload.library("unanswered", in: folder)
        dataset = try folder.mosaic("--tiles", "2x2", "--shape", shape, "--chunk", chunk)
        (away, hold) = (folder.file("away"), folder.file("hold"))
        output = folder.file("results/out.ome.zarr")
        try FileManager.default.createDirectory(atPath: folder.file("results"), withIntermediateDirectories: true)
        try #require(try folder.blockfuse("submit", dataset, "--output", output, "--output-chunksize", "24").status == 0)
      }

      func isAway(_ isAway: Bool) throws {
        if isAway { try Data().write(to: URL(fileURLWithPath: away)) } else { unlink(away) }
      }

      /// A process for which nothing below a folder, or a file, answers while it is away.
      ///
      /// - Parameter reads: only so many reads fail, and nothing else.
      func started(
        _ arguments: [String], root: String, number: Int32, patience: Double, reads: Int? = nil, skipped: Int = 0
      ) throws -> RunningProcess {
        try started(arguments, root: root, number: number, fault: "patience:\(patience)", reads: reads, skipped: skipped)
      }

      private func started(_ arguments: [String], root: String, number: Int32, fault: String, reads: Int?, skipped: Int = 0) throws
        -> RunningProcess
      {
        var environment = [
          "LD_PRELOAD": library, "UNANSWERED_ROOT": root, "UNANSWERED_WHILE": away, "UNANSWERED_ERRNO": "\(number)",
          "BLOCKFUSE_FAULT": fault,
        ]
        environment["UNANSWERED_READS"] = reads.map { "\($0)" }
        environment["UNANSWERED_SKIP"] = "\(skipped)"
        return try RunningProcess("blockfuse", arguments, folder: folder.path, environment: environment)
      }

      /// A process that stands still when some blocks are done.
      func held(_ arguments: [String], root: String, number: Int32, patience: Double, reads: Int? = nil) throws -> RunningProcess {
        try Data().write(to: URL(fileURLWithPath: hold))
        let process = try started(
          arguments, root: root, number: number, fault: "file-opening=hold:\(hold)@25+,patience:\(patience)", reads: reads)
        while process.isRunning, !process.errorsSoFar.contains("file-opening made to fail") { usleep(500) }
        try #require(process.isRunning, "\(process.wait().errors)")
        return process
      }

      func goOn() { unlink(hold) }

      func expectNothingFailed() throws {
        #expect(try folder.database.levels(of: 1).allSatisfy { $0.counts.failed == 0 })
        try expectRecordedBlocksOnDisk(folder, job: 1)
      }

      /// Done to its end, with the voxels of a run that nothing disturbed.
      func expectComplete() throws {
        #expect(try folder.database.job(1).state == .complete)
        #expect(try folder.blockfuse("verify", "1", "--quiet").status == 0)
        let calm = folder.file("calm.ome.zarr")
        let end = try folder.blockfuse("fuse", dataset, "--output", calm, "--output-chunksize", "24", "--quiet")
        try #require(end.status == 0, "\(end.errors)")
        #expect(try levels(output) == levels(calm))
      }
    }

    private static let numbers: [(what: String, number: Int32)] = [("input", ENOTCONN), ("output", ESHUTDOWN), ("output", EREMOTEIO)]

    @Test(arguments: numbers) func aRunWaitsAndGoesOnByItself(_ what: String, _ number: Int32) throws {
      let scene = try Scene()
      let root = what == "input" ? scene.folder.file("mosaic") : scene.folder.file("results")
      let run = try scene.held(["run", "1", "--workers", "2"], root: root, number: number, patience: 60)
      try scene.isAway(true)
      scene.goOn()
      while run.isRunning, !run.errorsSoFar.contains("waiting for it") { usleep(5_000) }
      #expect(run.errorsSoFar.contains("the file system of \(root)"), "\(run.errorsSoFar)")
      try scene.expectNothingFailed()
      try scene.isAway(false)
      let end = try #require(run.wait(atMostSeconds: 120))
      #expect(end.status == 0, "\(end.errors)")
      #expect(end.errors.contains("the work goes on"))
      try scene.expectComplete()
    }

    @Test(arguments: numbers.prefix(2)) func aRunThatWaitedForLongStopsAndIsResumed(_ what: String, _ number: Int32) throws {
      let scene = try Scene()
      let root = what == "input" ? scene.folder.file("mosaic") : scene.folder.file("results")
      let run = try scene.held(["run", "1", "--workers", "2"], root: root, number: number, patience: 0.5)
      try scene.isAway(true)
      scene.goOn()
      let end = try #require(run.wait(atMostSeconds: 120))
      #expect(end.status == 1, "\(end.errors)")
      #expect(end.errors.contains("error: ") && end.errors.contains("does not answer"), "\(end.errors)")
      #expect(!end.errors.contains("moved"), "\(end.errors)")
      try scene.isAway(false)
      try scene.expectNothingFailed()
      #expect(try scene.folder.status()["state"]?.string == "interrupted")
      #expect(try scene.folder.blockfuse("run", "1", "--quiet").status == 0)
      try scene.expectComplete()
    }

    /// A run that begins while it lasts, and commands that only look, say the same; these at once.
    @Test func whatBeginsMeanwhileSaysSo() throws {
      let scene = try Scene()
      try scene.isAway(true)
      for (root, number) in [(scene.folder.file("mosaic"), ESTALE), (scene.folder.file("results"), ENOTCONN)] {
        func end(_ arguments: String...) throws -> Finished {
          try scene.started(arguments, root: root, number: number, patience: arguments[0] == "run" ? 0.2 : 600).wait()
        }
        let run = try end("run", "1")
        #expect(run.status == 1 && run.errors.contains("does not answer") && run.errors.contains("waiting for it"), "\(run)")
        guard root.hasSuffix("results") else { continue }
        let verify = try end("verify", "1")
        #expect(verify.status == 1 && verify.errors.contains("does not answer"), "\(verify)")
        let status = try end("status", "1")
        #expect(status.status == 0 && status.output.contains("does not answer"), "\(status)")
      }
      try scene.isAway(false)
      #expect(try scene.folder.blockfuse("run", "1", "--quiet").status == 0)
      try scene.expectComplete()
    }

    @Test(arguments: [("mosaic", ESTALE), ("results", ENOTCONN)]) func aRunThatBeginsMeanwhileWaits(_ what: String, _ number: Int32) throws
    {
      let scene = try Scene()
      try scene.isAway(true)
      let run = try scene.started(["run", "1"], root: scene.folder.file(what), number: number, patience: 120)
      while run.isRunning, !run.errorsSoFar.contains("waiting for it") { usleep(5_000) }
      #expect(run.errorsSoFar.contains("does not answer"), "\(run.errorsSoFar)")
      try scene.isAway(false)
      let end = try #require(run.wait(atMostSeconds: 120))
      #expect(end.status == 0 && end.errors.contains("the work goes on"), "\(end)")
      try scene.expectComplete()
    }

    @Test func aTaskThatBeginsMeanwhileWaitsAndIsStopped() throws {
      let scene = try Scene()
      try #require(try scene.folder.blockfuse("order", "1").status == 0)
      try scene.isAway(true)
      let work = ["work", scene.output + ".blockfuse/order-1", "--task", "0", "--tasks", "1"]
      let task = try scene.started(work, root: scene.folder.file("results"), number: EHOSTDOWN, patience: 120)
      while task.isRunning, !task.errorsSoFar.contains("waiting for it") { usleep(5_000) }
      task.signal(SIGTERM)
      let end = try #require(task.wait(atMostSeconds: 60))
      #expect(end.status == 128 + SIGTERM, "\(end.status) \(end.errors)")
    }

    /// The metadata can be read, or were, and no chunk can.
    @Test func aDiskOnWhichNothingCanBeReadFailsFewBlocks() throws {
      // so many files that few of them are in memory
      let scene = try Scene(shape: "8,300,300", chunk: "8,25,25")
      let run = try scene.held(
        ["run", "1", "--workers", "16"], root: scene.folder.file("mosaic"), number: EIO, patience: 0.2, reads: 1_000_000)
      try scene.isAway(true)
      scene.goOn()
      let end = try #require(run.wait(atMostSeconds: 120))
      #expect(end.status == 1 && end.errors.contains("reads in a row failed"), "\(end)")
      let counts = try scene.folder.database.job(1).counts
      #expect(counts.failed < 40 && counts.pending > 40, "\(counts)")
      try scene.isAway(false)
      try #require(try scene.folder.blockfuse("retry", "1").status == 0)
      try #require(try scene.folder.blockfuse("run", "1", "--quiet").status == 0)
      try scene.expectComplete()
    }

    /// A disk that cannot be read for a moment: SQLite says so at the first read, and reads again when it is asked to.
    @Test func theDatabaseIsReadAgain() throws {
      let scene = try Scene()
      try scene.isAway(true)
      let database = scene.folder.file("jobs.sqlite")
      for arguments in [["status", "1"], ["list"], ["run", "1", "--quiet"], ["verify", "1"]] {
        let end = try scene.started(arguments, root: database, number: EIO, patience: 60, reads: 2).wait()
        #expect(end.status == 0, "\(arguments) \(end)")
      }
      let end = try scene.started(["status", "1"], root: database, number: EIO, patience: 60, reads: 1_000_000).wait()
      #expect(end.status == 1 && end.errors.contains("I/O error") && !end.errors.contains("damaged"), "\(end)")
      try scene.isAway(false)
      try scene.expectComplete()
    }

    /// Whichever read of an HDF5 file it is that fails: it is no data set that is not there, and no file of another kind.
    @Test func aFileThatCannotBeReadIsSaid() throws {
      let scene = try Scene()
      try scene.isAway(true)
      let (file, dataset) = (scene.folder.file("a.h5"), scene.folder.file("hdf5.json"))
      try TinyHDF5().bytes.write(to: URL(fileURLWithPath: file))
      let view =
        #"{"name": "v", "path": "a.h5", "dataset": "data", "axes": ["z", "y", "x"], "spacing": {"z": 1, "y": 1, "x": 1}, "origin": {"z": 0, "y": 0, "x": 0}}"#
      try Data("{\"views\": [\(view)]}".utf8).write(to: URL(fileURLWithPath: dataset))
      for skipped in 0..<4 {
        func end(reads: Int) throws -> Finished {
          try scene.started(["plan", dataset], root: file, number: EIO, patience: 60, reads: reads, skipped: skipped).wait()
        }
        let ill = try end(reads: 1_000_000)
        #expect(ill.status != 0 && ill.errors.contains("Input/output error"), "read \(skipped): \(ill)")
        let once = try end(reads: 1)
        #expect(once.status == 0, "read \(skipped): \(once)")
      }
    }

    @Test(arguments: ["mosaic", "results"]) func aTaskLeavesItToALaterOne(_ what: String) throws {
      let scene = try Scene()
      let made = try scene.folder.blockfuse("order", "1")
      try #require(made.status == 0, "\(made.errors)")
      let order = scene.output + ".blockfuse/order-1"
      let work = ["work", order, "--task", "0", "--tasks", "1", "--workers", "2"]
      let task = try scene.held(work, root: scene.folder.file(what), number: EHOSTDOWN, patience: 0.5)
      try scene.isAway(true)
      scene.goOn()
      let end = try #require(task.wait(atMostSeconds: 120))
      #expect(end.status == 75 && end.errors.contains("does not answer"), "\(end.status) \(end.errors)")
      try scene.isAway(false)
      let again = try RunningProcess("blockfuse", work, folder: scene.folder.path).wait()
      #expect(again.status == 0, "\(again.errors)")
      #expect(try scene.folder.blockfuse("collect").status == 0)
      try scene.expectNothingFailed()
      try scene.expectComplete()
    }

    /// An unmounted disk leaves an empty folder: that is no image without chunks.
    @Test func aViewThatIsGoneIsWaitedFor() throws {
      let scene = try Scene()
      let run = try scene.held(["run", "1", "--workers", "2"], root: "/none", number: EIO, patience: 60)
      let tile = try #require(
        FileManager.default.contentsOfDirectory(atPath: scene.folder.file("mosaic/tiles")).filter { $0.hasSuffix(".zarr") }.sorted().last)
      let (place, elsewhere) = (scene.folder.file("mosaic/tiles/\(tile)"), scene.folder.file("elsewhere"))
      try #require(rename(place, elsewhere) == 0)
      // as a mount point does
      try FileManager.default.createDirectory(atPath: place + "/0", withIntermediateDirectories: true)
      scene.goOn()
      while run.isRunning, !run.errorsSoFar.contains("waiting for it") { usleep(5_000) }
      #expect(run.errorsSoFar.contains("there is nothing at \(place)"), "\(run.errorsSoFar)")
      try scene.expectNothingFailed()
      try FileManager.default.removeItem(atPath: place)
      try #require(rename(elsewhere, place) == 0)
      let end = try #require(run.wait(atMostSeconds: 120))
      #expect(end.status == 0, "\(end.errors)")
      try scene.expectComplete()
    }

    @Test func aStopEndsTheWait() throws {
      let scene = try Scene()
      let run = try scene.held(
        ["run", "1", "--workers", "2"], root: scene.folder.file("results"), number: ENETDOWN, patience: 600)
      try scene.isAway(true)
      scene.goOn()
      while run.isRunning, !run.errorsSoFar.contains("waiting for it") { usleep(5_000) }
      run.signal(SIGTERM)
      let end = try #require(run.wait(atMostSeconds: 60))
      #expect(end.status == 128 + SIGTERM, "\(end.status) \(end.errors)")
      try scene.isAway(false)
      try scene.expectNothingFailed()
    }

    /// Sandboxes let a process make a file without a name, and refuse to give it one.
    @Test func filesThatMayNotBeNamedLateHaveNamesFromTheBeginning() throws {
      let folder = try TestFolder()
      let dataset = try folder.mosaic("--tiles", "2x2", "--shape", "8,150,150", "--chunk", "8,50,50")
      let refused = folder.file("refused")
      let end = try RunningProcess(
        "blockfuse", ["fuse", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16", "--quiet", "--workers", "2"],
        folder: folder.path,
        environment: ["LD_PRELOAD": try Preload.library("unanswered", in: folder), "UNANSWERED_LINK": refused]
      ).wait()
      #expect(end.status == 0, "\(end.errors)")
      #expect(try folder.blockfuse("verify", "1", "--quiet").status == 0)
      let lines = (try? String(contentsOfFile: refused, encoding: .utf8))?.split(separator: "\n").count ?? 0
      // once it is found out, the files that are on their way by then
      let blocks = try folder.database.job(1).counts.done
      #expect(lines > 0 && lines < 60 && blocks > 100, "\(lines) refusals of \(blocks) blocks")
      let strays = FileManager.default.enumerator(atPath: folder.file("out.ome.zarr"))?.compactMap { $0 as? String } ?? []
      #expect(!strays.contains { $0.hasSuffix(".tmp") })
    }
  }
#endif
