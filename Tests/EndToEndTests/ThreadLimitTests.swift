#if os(Linux)
  import Foundation
  import JobStore
  import Testing

  /// The system starts fewer threads than a run asks for.
  @Suite(.enabled(if: !isSanitized, "a sanitizer cannot share a program with a preloaded library")) struct ThreadLimitTests {
    /// Whatever thread is the first that is missing: the run does all with those that it has, or says what it lacks.
    @Test(arguments: ["run", "verify"])
    func noThreadThatIsMissingHoldsAnybody(command: String) throws {
      let folder = try TestFolder()
      let library = try Preload.library("threads", in: folder)
      let dataset = try folder.mosaic("--tiles", "2x2", "--shape", "8,100,100", "--chunk", "8,50,50")
      try #require(try folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "32").status == 0)
      if command == "verify" { try #require(try folder.blockfuse("run", "--quiet").status == 0) }
      var (refused, done) = (0, 0)
      for limit in Array(1...24) + [30, 40, 60] {
        let process = try RunningProcess(
          "blockfuse", [command, "--workers", "6", "--quiet"], folder: folder.path,
          environment: ["LD_PRELOAD": library, "THREADS_AT_MOST": "\(limit)"])
        let end = try #require(process.wait(atMostSeconds: 120), "with \(limit) threads")
        #expect([0, 1].contains(end.status), "with \(limit) threads: \(end.errors)")
        if end.status == 0 {
          done += 1
          // with more threads it would only be the same
          if command == "run" { break }
        } else {
          refused += 1
          #expect(end.errors.contains("cannot start the thread") && end.errors.contains("--workers"), "\(end.errors)")
        }
      }
      // checking needs no more than one
      #expect((refused > 0 || command == "verify") && done > 0)
      #expect(try folder.database.job(1).state == .complete)
      #expect(try folder.database.job(1).counts.failed == 0)
      #expect(try folder.blockfuse("verify", "--quiet").status == 0)
    }

    /// Opening a dataset asks for more threads than it needs.
    @Test func aDatasetIsOpenedByFewerThreads() throws {
      let folder = try TestFolder()
      let library = try Preload.library("threads", in: folder)
      let dataset = try folder.mosaic("--tiles", "8x9", "--shape", "1,20,20", "--chunk", "1,20,20")
      let submit = try RunningProcess(
        "blockfuse", ["submit", dataset, "--output", "out.ome.zarr"], folder: folder.path,
        environment: ["LD_PRELOAD": library, "THREADS_AT_MOST": "1"])
      let end = try #require(submit.wait(atMostSeconds: 120))
      #expect(end.status == 0, "\(end.errors)")
    }
  }
#endif
