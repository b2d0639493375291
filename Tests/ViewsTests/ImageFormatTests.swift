import Diagnostics
import Foundation
import Geometry
import TestSupport
import Testing
import Views

/// What holds for every format of the list; a new one needs an example here.
@Suite struct ImageFormatTests {
  /// An image of 2 x 3 x 4 voxels, 2 by 0.5 by 0.25 apart.
  struct Example: Sendable, CustomTestStringConvertible {
    var format: String
    var path: String
    /// Keys of the view beside its path; what the image does not say itself.
    var keys = #", "spacing": {"z": 2, "y": 0.5, "x": 0.25}, "origin": {"z": 0, "y": 0, "x": 0}"#
    var type = ElementType.uint16
    /// A file whose time is looked at.
    var file: String
    var write: @Sendable (ViewsTestFolder) throws -> Void
    /// Makes another image of it.
    var change: @Sendable (ViewsTestFolder) throws -> Void

    var testDescription: String { format }
  }

  static let examples = [
    Example(
      format: "zarr", path: "a.zarr", keys: "", file: "a.zarr/0/.zarray",
      write: { try $0.image("a.zarr", levels: [([2, 3, 4], [2, 0.5, 0.25], [0, 0, 0])]) },
      change: { try $0.image("a.zarr", levels: [([2, 3, 5], [2, 0.5, 0.25], [0, 0, 0])]) }),
    Example(
      format: "n5", path: "a.n5", file: "a.n5/attributes.json", write: { try $0.n5("a.n5", width: 4) },
      change: { try $0.n5("a.n5", width: 5) }),
    Example(
      format: "tiff", path: "a.tif", type: .uint8, file: "a.tif",
      write: { try $0.write("a.tif", TinyTIFF(planes: [Array(1...12), Array(13...24)], width: 4).bytes) },
      change: { try $0.write("a.tif", TinyTIFF(planes: [Array(1...12), Array(13...24)], width: 6).bytes) }),
    Example(
      format: "hdf5", path: "a.h5",
      keys: #", "dataset": "data", "spacing": {"z": 2, "y": 0.5, "x": 0.25}, "origin": {"z": 0, "y": 0, "x": 0}"#,
      file: "a.h5", write: { try $0.write("a.h5", TinyHDF5().bytes) },
      change: { try $0.write("a.h5", TinyHDF5().bytes + [0]) }),
  ]

  private func view(_ example: Example, in folder: ViewsTestFolder) throws -> View {
    try folder.load(#"{"name": "v", "path": "\#(example.path)"\#(example.keys)}"#).views[0]
  }

  @Test func everyFormatHasAnExampleAndANameOfItsOwn() {
    let names = ImageFormat.all.map(\.rawValue)
    #expect(names.sorted() == Self.examples.map(\.format).sorted())
    #expect(Set(names).count == names.count)
  }

  @Test(arguments: examples) func recognisesItsOwnImagesAndNoOthers(example: Example) throws {
    let folder = try ViewsTestFolder()
    try example.write(folder)
    let path = folder.path + "/" + example.path
    #expect(ImageFormat.all.filter { $0.recognises(ImageCandidate(path)) }.map(\.rawValue) == [example.format])
    #expect(ImageFormat.of(path)?.rawValue == example.format)
  }

  @Test func otherFilesAndFoldersAreOfNone() throws {
    let folder = try ViewsTestFolder()
    try folder.write("empty.tif", "")
    try folder.write("text.h5", "no image at all")
    try folder.write("a.zarr/text.txt", "")
    for name in ["empty.tif", "text.h5", "a.zarr", "missing"] { #expect(ImageFormat.of(folder.path + "/" + name) == nil, "\(name)") }
  }

  @Test(arguments: examples) func opensAsTheDatasetAndTheImageSay(example: Example) throws {
    let folder = try ViewsTestFolder()
    try example.write(folder)
    let view = try view(example, in: folder)
    #expect(view.details.format.rawValue == example.format)
    let level = try #require(view.levels.first)
    #expect(level.stack == StackProperties(spacing: Vector3(2, 0.5, 0.25), origin: .zero, shape: Index3(2, 3, 4)))
    #expect(level.elementType == example.type)
    let source = try view.openSource(level: 0)
    #expect((source.shape, source.elementType) == (level.shape, example.type))
  }

  @Test(arguments: examples) func theFingerprintChangesWithTheFileOnly(example: Example) throws {
    let folder = try ViewsTestFolder()
    try example.write(folder)
    let view = try view(example, in: folder)
    #expect(try view.changes() == [])
    let time = [FileAttributeKey.modificationDate: Date(timeIntervalSince1970: 1e9)]
    try FileManager.default.setAttributes(time, ofItemAtPath: folder.path + "/" + example.file)
    #expect(try view.changes().map(\.field).allSatisfy { $0.hasPrefix("file ") })
    #expect(try !view.changes().isEmpty)
    try example.change(folder)
    #expect(try !view.changes().isEmpty)
    #expect(try Dataset.load(folder.path + "/dataset.json").views[0].changes() == [])
  }

  /// An array that is not the recorded one must not be read as if it were.
  @Test(arguments: examples.filter { $0.format != "hdf5" }) func anotherImageIsNotRead(example: Example) throws {
    let folder = try ViewsTestFolder()
    try example.write(folder)
    let view = try view(example, in: folder)
    try example.change(folder)
    let error = #expect(throws: ViewsError.self) { try view.openSource(level: 0) }
    #expect(error?.code == .inputChanged)
  }

  /// Job records have formats by their names, which may not change.
  @Test func namesInRecords() throws {
    for format in ImageFormat.all {
      let json = try JSONEncoder().encode([format])
      #expect(String(decoding: json, as: UTF8.self) == #"["\#(format.rawValue)"]"#)
      #expect(try JSONDecoder().decode([ImageFormat].self, from: json) == [format])
    }
    #expect(Set(ImageFormat.all.map(\.rawValue)) == ["zarr", "n5", "tiff", "hdf5"])
    #expect(ImageFormat.zarr == ImageFormat(rawValue: "zarr") && ImageFormat.zarr != ImageFormat.n5)
    #expect(throws: DecodingError.self) { try JSONDecoder().decode([ImageFormat].self, from: Data(#"["gif"]"#.utf8)) }
  }
}

extension ViewsTestFolder {
  /// An N5 array of 2 x 3 x `width` numbers without blocks.
  func n5(_ name: String, width: Int) throws {
    try write(
      name + "/attributes.json",
      #"{"dimensions": [\#(width), 3, 2], "blockSize": [4, 3, 2], "dataType": "uint16", "compression": {"type": "raw"}}"#)
  }
}
