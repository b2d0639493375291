import Foundation
import Geometry
import Testing
import Zarr

@Suite struct ExtentTests {
  @Test(arguments: [2, 3]) func knowsWhereNothingIsStored(format: Int) throws {
    let folder = NSTemporaryDirectory() + "blockfuse-extent-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let spec = ArraySpec(
      zarrFormat: format, shape: [2, 40, 40], chunkShape: [1, 10, 10], elementType: .uint8, compressor: .none)
    let array = try ZarrArray(path: folder, spec: spec)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for file in spec.metadataFiles() { try file.bytes.write(to: URL(fileURLWithPath: folder + "/" + file.name)) }
    #expect(try !array.anyStored(in: [0..<2, 0..<4, 0..<4]))
    let stored = URL(fileURLWithPath: folder + "/" + array.blockFile([1, 2, 3]))
    try FileManager.default.createDirectory(at: stored.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(count: 100).write(to: stored)
    for t in 0..<2 {
      for y in 0..<4 {
        for x in 0..<4 {
          #expect(try array.anyStored(in: [t..<t + 1, y..<y + 1, x..<x + 1]) == ([t, y, x] == [1, 2, 3]))
        }
      }
    }
    #expect(try array.anyStored(in: [0..<2, 1..<4, 0..<4]))
    #expect(try !array.anyStored(in: [0..<2, 0..<2, 0..<4]))
    // an array that is gone holds nothing either, but that is no answer
    try FileManager.default.removeItem(atPath: folder)
    #expect(throws: ZarrError.self) { try array.anyStored(in: [0..<2, 0..<4, 0..<4]) }
  }
}
