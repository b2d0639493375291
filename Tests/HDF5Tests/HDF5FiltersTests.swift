import Diagnostics
import Geometry
import HDF5
import Testing
import Zarr

/// Chunks behind filters, and filters that are refused.
@Suite struct HDF5FiltersTests {
  typealias Filter = HDF5TestFile.Filter

  static let shape = [5, 7, 6]
  static let chunk = [2, 4, 6]
  static let gzip = Filter(id: 1, values: [4])
  static let shuffle = Filter(id: 2)
  static let fletcher32 = Filter(id: 3)

  /// What libhdf5 itself writes.
  @Test(arguments: [[gzip], [shuffle], [fletcher32], [shuffle, gzip], [shuffle, gzip, fletcher32], [gzip, gzip]])
  func filtersOfTheLibrary(filters: [Filter]) throws {
    for (type, element) in [(HDF5TestType.uint16, ElementType.uint16), (.uint64, .uint64), (.int8, .int8)] {
      let file = try HDF5TestFile()
      let voxels = bytes(element.byteCount)
      try file.add("volume", shape: Self.shape, type: type, chunk: Self.chunk, filters: filters, voxels: voxels)
      file.close()
      #expect(try read(open(file, "volume")) == voxels, "\(filters.map(\.id)) \(element)")
    }
  }

  /// Only libhdf5 can undo them: it decodes whole chains that hold one.
  @Test(arguments: [[], [gzip]]) func filtersThatOnlyTheLibraryKnows(filters: [Filter]) throws {
    let file = try HDF5TestFile()
    try file.add(
      "volume", shape: Self.shape, type: .int16, chunk: Self.chunk, filters: filters, scaleOffset: true, voxels: bytes(2))
    file.close()
    #expect(try read(open(file, "volume")) == bytes(2))
  }

  @Test(arguments: HDF5Sample.all) func filtersOfPlugins(sample: HDF5Sample) throws {
    let file = try HDF5TestFile()
    try file.add("volume", shape: [64], chunk: [64], filters: sample.filters, chunks: [(at: [0], bytes: sample.stored, skipped: 0)])
    file.close()
    #expect(try read(open(file, "volume")) == HDF5Sample.raw)
  }

  @Test(arguments: HDF5Sample.all) func damage(sample: HDF5Sample) throws {
    for bytes in [
      Array(sample.stored.dropLast(3)), Array(sample.stored.prefix(2)), [UInt8](repeating: 0xFF, count: sample.stored.count),
    ] {
      let file = try HDF5TestFile()
      try file.add("volume", shape: [64], chunk: [64], filters: sample.filters, chunks: [(at: [0], bytes: bytes, skipped: 0)])
      file.close()
      let found = try error { _ = try read(open(file, "volume")) }
      // any bytes are bits in another order, if they are as many
      if sample.isPermutation, bytes.count == sample.stored.count { continue }
      #expect(found?.code.rawValue == "chunk-damaged" && found?.description.contains(file.path) == true, "\(found as Any)")
    }
  }

  /// libhdf5 leaves filters out that do not make a chunk smaller.
  @Test func filtersThatWereLeftOut() throws {
    let file = try HDF5TestFile()
    let raw = bytes(2, count: 16)
    let shuffled = (0..<2).flatMap { rank in (0..<16).map { raw[2 * $0 + rank] } }
    try file.add(
      "volume", shape: [32], chunk: [16], filters: [Self.shuffle, Self.gzip],
      chunks: [(at: [0], bytes: shuffled, skipped: 0b10), (at: [16], bytes: raw, skipped: 0b11)])
    file.close()
    #expect(try read(open(file, "volume")) == raw + raw)
  }

  @Test func chunksOfAnotherLength() throws {
    let file = try HDF5TestFile()
    try file.add("short", shape: [16], chunk: [16], filters: [Self.shuffle], chunks: [(at: [0], bytes: bytes(2, count: 15), skipped: 0)])
    try file.add("long", shape: [16], chunk: [16], filters: [Self.shuffle], chunks: [(at: [0], bytes: bytes(2, count: 17), skipped: 0)])
    file.close()
    for name in ["short", "long"] {
      #expect(try error { _ = try read(open(file, name)) }?.code.rawValue == "chunk-damaged", "\(name)")
    }
  }

  @Test(arguments: [[Filter(id: 32013, values: [1])], [gzip, Filter(id: 32013, values: [1])]]) func filtersThatNobodyKnows(
    filters: [Filter]
  ) throws {
    let file = try HDF5TestFile()
    try file.add("volume", shape: [16], chunk: [16], filters: filters)
    file.close()
    let found = error { _ = try open(file, "volume") }
    #expect(found?.code.rawValue == "format-unsupported" && found?.description.contains("the HDF5 filter 32013") == true, "\(found as Any)")
    #expect(found?.hint.contains("h5repack") == true)
  }
}
