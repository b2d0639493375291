import Foundation
import Testing
import Zarr

/// What is planned, and what is refused before anything is made.
@Suite struct PlanTests {
  @Test func aChunkIsClampedBeforeItsSizeIsLookedAt() throws {
    let folder = try TestFolder()
    let dataset = try folder.mosaic("--tiles", "1x1", "--shape", "8,32,32", "--chunk", "8,32,32")
    for size in ["100000", "1000000000"] {
      let end = try folder.blockfuse("plan", dataset, "--output-chunksize", size, "--json")
      #expect(end.status == 0, "\(end.errors)")
      let level = try JSONValue.parse(end.output)["levels"]?.array?[0]
      #expect(level?["chunks"] == level?["shape"])
    }
    // with shards the inner chunk keeps its size
    let sharded = try folder.blockfuse(
      "plan", dataset, "--output-chunksize", "100000", "--ngff-version", "0.5", "--shards", "z=100000,y=100000,x=100000")
    #expect(sharded.status == 64)
    #expect(sharded.errors.contains("above 2 GiB"), "\(sharded.errors)")
    // and an array may be that large itself
    let large = try folder.blockfuse("plan", dataset, "--output-chunksize", "100000", "--output-shape", "z=4000,y=4000,x=4000")
    #expect(large.status == 64)
    #expect(large.errors.contains("4000 x 4000 x 4000 voxels is above 2 GiB"), "\(large.errors)")
  }
}
