#if os(Linux)
  import Foundation
  import Testing

  /// The system's clock is set while threads wait.
  @Suite(.enabled(if: !isSanitized, "a sanitizer cannot share a program with a preloaded library")) struct ClockTests {
    /// The one block of a job is to be made again after a moment, and nothing else wakes who waits for that.
    @Test func aClockThatIsSetBackHoldsNobody() throws {
      let folder = try TestFolder()
      let library = try Preload.library("clock", in: folder)
      let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,40,40", "--chunk", "8,40,40")
      let submit = try folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "64")
      try #require(submit.status == 0, "\(submit.errors)")
      // the first file is the owner's, beside the output
      let run = try RunningProcess(
        "blockfuse", ["run", "--quiet"], folder: folder.path,
        environment: ["LD_PRELOAD": library, "BLOCKFUSE_FAULT": "file-synced=EIO@2"])
      let end = try #require(run.wait(atMostSeconds: 120))
      #expect(end.status == 0 && end.errors.contains("file-synced made to fail"), "\(end.errors)")
    }
  }
#endif
