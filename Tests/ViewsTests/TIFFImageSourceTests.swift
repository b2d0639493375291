import Diagnostics
import Foundation
import Geometry
import Testing
import Views
import Zarr

@Suite struct TIFFImageSourceTests {
  private func load(_ tiff: TinyTIFF, keys: String = "") throws -> View {
    try load(tiff, keys: keys, in: ViewsTestFolder())
  }

  private func load(_ tiff: TinyTIFF, keys: String = "", in folder: ViewsTestFolder) throws -> View {
    try folder.load(tiff, keys: keys).views[0]
  }

  private let stack = TinyTIFF(planes: [[1, 2, 3, 4, 5, 6], [11, 12, 13, 14, 15, 16]], width: 3)

  private func chunk(_ view: View, _ index: TCZYX) throws -> [UInt8] {
    let source = try view.openSource(level: 0)
    var voxels = [UInt8](repeating: 99, count: source.chunkByteCount)
    _ = try voxels.withUnsafeMutableBytes { try source.readChunk(index, into: $0, context: CodecContext()) }
    return voxels
  }

  @Test func pagesAreSlices() throws {
    let folder = try ViewsTestFolder()
    let view = try load(stack, in: folder)
    #expect(view.levels[0].shape == TCZYX(z: 2, y: 2, x: 3))
    #expect(view.levels[0].stack.spacing == .one)
    #expect(try chunk(view, TCZYX(t: 0, c: 0, z: 1, y: 0, x: 0)) == [11, 12, 13, 14, 15, 16])
  }

  @Test func theDatasetMayCallThemChannels() throws {
    #expect(try load(stack, keys: #", "axes": ["c", "y", "x"]"#).levels[0].shape == TCZYX(c: 2, z: 1, y: 2, x: 3))
    #expect(throws: ViewsError.self) { try load(stack, keys: #", "axes": ["y", "x"]"#) }
  }

  @Test func imageJSaysHowLargeVoxelsAre() throws {
    var tiff = stack
    tiff.description = "ImageJ=1.53t\nimages=2\nslices=2\nunit=\\u00B5m\nspacing=3\nxorigin=2\n"
    tiff.pixelsPerCentimetre = 4
    let level = try load(tiff).levels[0]
    #expect(level.stack.spacing == Vector3(3, 0.25, 0.25))
    #expect(level.stack.origin == Vector3(0, 0, -0.5))
    tiff.description = "ImageJ=1.53t\nimages=2\nslices=2\nunit=parrot\n"
    let error = #expect(throws: ViewsError.self) { try load(tiff) }
    #expect(error?.hint.contains("\"spacing\"") == true)
    #expect(try load(tiff, keys: #", "spacing": {"z": 1, "y": 2, "x": 2}"#).levels[0].stack.spacing == Vector3(1, 2, 2))
  }

  @Test func aFileOfFewerPlanesThanItCountsIsRefused() throws {
    var tiff = stack
    tiff.description = "ImageJ=1.53t\nimages=3\nslices=3\n"
    let error = #expect(throws: ViewsError.self) { try load(tiff) }
    #expect(error?.code.rawValue == "tiff-damaged" && error?.description.contains("directory 2") == true)
  }

  /// More planes than can be counted.
  @Test(arguments: ["images=4\n", ""])
  func absurdCountsOfImageJAreRefused(images: String) throws {
    for lines in ["slices=16777216\n", "", "slices=3\n"] {
      var tiff = stack
      tiff.description = "ImageJ=1.53t\n\(images)channels=16777216\n\(lines)frames=16777216\n"
      let error = #expect(throws: ViewsError.self) { try load(tiff) }
      #expect(error?.code.rawValue == "metadata-invalid" && error?.description.contains("16777216 channels") == true)
    }
  }

  /// libtiff decodes such a file and leaves the differences.
  @Test func aPredictorThatTheCompressionDoesNotHaveIsRefused() throws {
    var tiff = stack
    (tiff.compression, tiff.predictor) = (32773, 2)
    let error = #expect(throws: ViewsError.self) { try load(tiff) }
    #expect(error?.code.rawValue == "format-unsupported" && error?.description.contains("a predictor with PackBits") == true)
    for (compression, predictor) in [(32773, 1), (5, 2), (8, 2)] as [(UInt16, UInt16)] {
      (tiff.compression, tiff.predictor) = (compression, predictor)
      _ = try load(tiff)
    }
    (tiff.compression, tiff.predictor) = (1, 2)
    #expect(throws: ViewsError.self) { try load(tiff) }
  }

  @Test func damageIsNamedByItsPlace() throws {
    var loop = stack
    loop.lastLink = 14
    var cut = stack
    cut.missingByteCount = 10
    for (tiff, words) in [(loop, "loop"), (cut, "truncated")] {
      let error = #expect(throws: ViewsError.self) { try load(tiff) }
      #expect(error?.code.rawValue == "tiff-damaged" && error?.view == "v")
      #expect(error?.description.contains(words) == true && error?.description.contains("/a.tif") == true, "\(String(describing: error))")
    }
    var odd = stack
    odd.bits = 12
    #expect(throws: ViewsError.self) { try load(odd) }
  }

  @Test func aFileThatIsAnotherOneByNowIsNoticed() throws {
    let folder = try ViewsTestFolder()
    let view = try load(stack, in: folder)
    #expect(try view.changes().isEmpty)
    try folder.write("a.tif", TinyTIFF(planes: [[1, 2, 3, 4, 5, 6]], width: 3).bytes)
    #expect(try view.changes().contains { $0.field == "shape" })
    #expect(throws: ViewsError.self) { try view.openSource(level: 0) }
  }

  @Test func filesThatAreOpenAreFew() throws {
    let folder = try ViewsTestFolder()
    var views: [View] = []
    for i in 0..<200 {
      try folder.write("\(i).tif", stack.bytes)
      views += try folder.load(#"{"name": "v", "path": "\#(i).tif"}"#).views
    }
    for view in views { #expect(try chunk(view, .zero).first == 1) }
    let open = try FileManager.default.contentsOfDirectory(atPath: "/dev/fd")
    #expect(open.count < 180)
  }
}
