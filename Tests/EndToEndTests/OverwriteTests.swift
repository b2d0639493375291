import Foundation
import Testing

/// What `--overwrite` replaces: one image or one array, and nothing that lies with it.
@Suite struct OverwriteTests {
  private let files = FileManager.default

  private func fused(_ options: String = "{}") throws -> TestFolder {
    let folder = try TestFolder(isInMemory: true)
    _ = try folder.mosaic("--tiles", "1x1", "--shape", "8,64,64", "--chunk", "8,32,32")
    try write(folder, "options.json", #"{"output_chunksize": 16, "zarr_options": \#(options)}"#)
    let end = try fuse(folder, "--options", "options.json")
    try #require(end.status == 0, "\(end.errors)")
    return folder
  }

  private func fuse(_ folder: TestFolder, _ arguments: String...) throws -> Finished {
    try folder.blockfuse(["fuse", "mosaic/dataset.json", "--output", "out.zarr", "--quiet"] + arguments, fault: "")
  }

  private func write(_ folder: TestFolder, _ name: String, _ text: String) throws {
    let url = URL(fileURLWithPath: folder.file(name))
    try files.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  private func all(_ folder: TestFolder, _ name: String) throws -> [String] {
    try #require(files.enumerator(atPath: folder.file(name))).compactMap { $0 as? String }.sorted()
  }

  private func expectKept(_ folder: TestFolder, _ stranger: String, in output: String = "out.zarr") throws {
    let before = try all(folder, output)
    let end = try folder.blockfuse(
      ["fuse", "mosaic/dataset.json", "--output", output, "--quiet", "--output-chunksize", "20", "--overwrite"], fault: "")
    let place = folder.file("\(output)/\(stranger)")
    #expect(end.status == 64 && end.errors.contains("\(place) would be deleted too"), "\(stranger): \(end.status) \(end.errors)")
    #expect(try all(folder, output) == before, "\(stranger)")
  }

  private static let v2Group = #"{"zarr_format": 2}"#
  private static let v3Group = #"{"zarr_format": 3, "node_type": "group"}"#
  private static let v2Array = """
    {"zarr_format": 2, "shape": [8, 8], "chunks": [8, 8], "dtype": "<u2", "compressor": null, "filters": null, "fill_value": 0,
    "order": "C"}
    """

  /// Labels, tables and further images are Zarr too: that they look alike does not make them the image's own.
  @Test(arguments: ["{}", #"{"ngff_version": "0.5"}"#]) func labelsStay(options: String) throws {
    let folder = try fused(options)
    let group = options == "{}" ? (".zgroup", Self.v2Group) : ("zarr.json", Self.v3Group)
    try write(folder, "out.zarr/labels/\(group.0)", group.1)
    try expectKept(folder, "labels")
    try files.removeItem(atPath: folder.file("out.zarr/labels"))
    try write(folder, "out.zarr/labels/.zarray", Self.v2Array)
    try write(folder, "out.zarr/labels/0.0", "mine")
    try expectKept(folder, "labels")
    try files.moveItem(atPath: folder.file("out.zarr/labels"), toPath: folder.file("out.zarr/7"))
    try expectKept(folder, "7")
    try files.removeItem(atPath: folder.file("out.zarr/7"))
    try files.copyItem(atPath: folder.file("mosaic/tiles/tile_0_0.ome.zarr"), toPath: folder.file("out.zarr/raw"))
    try expectKept(folder, "raw")
    try files.removeItem(atPath: folder.file("out.zarr/raw"))
    let end = try fuse(folder, "--output-chunksize", "20", "--overwrite")
    #expect(end.status == 0, "\(end.errors)")
  }

  /// A temp file of another program is not ours to delete.
  @Test func temporaryFilesOfOthersStay() throws {
    let folder = try fused()
    for name in [".hidden.tmp", "0/.hidden.tmp", "0/0/0/0/.hidden.tmp", "0/0/.1.0a1b2c3d-77.tmp/mine"] {
      try write(folder, "out.zarr/\(name)", "mine")
      try expectKept(folder, name.replacing("/mine", with: ""))
      try files.removeItem(atPath: folder.file("out.zarr/\(name.replacing("/mine", with: ""))"))
    }
    for name in ["0/0/0/0/.1.0a1b2c3d-77.tmp", "0/..zarray.77-0a1b.tmp", "..zattrs.77-0a1b.tmp"] {
      try write(folder, "out.zarr/\(name)", "")
    }
    let end = try fuse(folder, "--output-chunksize", "20", "--overwrite")
    #expect(end.status == 0, "\(end.errors)")
  }

  /// A plate, or the images of a folder that bioformats2raw wrote, are not one image.
  @Test func severalImagesStay() throws {
    let folder = try fused()
    for (metadata, text) in [(".zgroup", Self.v2Group), ("zarr.json", Self.v3Group)] {
      let name = metadata == ".zgroup" ? "raw2" : "raw3"
      try write(folder, "\(name)/\(metadata)", text)
      try write(folder, "\(name)/.zattrs", #"{"bioformats2raw.layout": 3}"#)
      try files.copyItem(atPath: folder.file("mosaic/tiles/tile_0_0.ome.zarr"), toPath: folder.file("\(name)/0"))
      try expectKept(folder, "0", in: name)
    }
    try write(folder, "notes/diary.txt", "mine")
    let end = try folder.blockfuse("fuse", "mosaic/dataset.json", "--output", "notes", "--overwrite")
    #expect(end.status == 64 && end.errors.contains("it is no Zarr image"), "\(end.errors)")
  }

  /// Images of other writers are replaced as a whole: levels in nested groups, shards, consolidated metadata.
  @Test(arguments: [
    "{}", #"{"ome_zarr": false}"#, #"{"ome_zarr": false, "ngff_version": "0.5"}"#,
    #"{"ngff_version": "0.5", "zarr_array_creation_kwargs": {"shards": {"z": 16, "y": 32, "x": 32}}}"#,
  ])
  func oneImageIsReplaced(options: String) throws {
    let folder = try fused(options)
    let end = try fuse(folder, "--output-chunksize", "20", "--overwrite")
    #expect(end.status == 0, "\(end.errors)")
    #expect(try folder.blockfuse("verify", "--quiet").status == 0)
  }

  @Test func levelsInNestedGroupsAreTheImages() throws {
    let folder = try fused()
    try write(folder, "nested/.zgroup", Self.v2Group)
    try write(folder, "nested/.zattrs", #"{"multiscales": [{"datasets": [{"path": "scale0/image"}, {"path": "./scale1/image/"}]}]}"#)
    try write(folder, "nested/.zmetadata", "{}")
    for scale in ["scale0", "scale1"] {
      try write(folder, "nested/\(scale)/.zgroup", Self.v2Group)
      try write(folder, "nested/\(scale)/image/.zarray", Self.v2Array)
      try write(folder, "nested/\(scale)/image/0.0", "voxels")
    }
    try write(folder, "nested/scale0/x/.zarray", Self.v2Array)
    try expectKept(folder, "scale0/x", in: "nested")
    try files.removeItem(atPath: folder.file("nested/scale0/x"))
    let end = try folder.blockfuse("fuse", "mosaic/dataset.json", "--output", "nested", "--overwrite", "--quiet")
    #expect(end.status == 0, "\(end.errors)")
  }

  /// It is said which jobs lose their input.
  @Test func readersAreTold() throws {
    let folder = try fused()
    try #require(try folder.blockfuse("submit", "out.zarr", "--output", "second.zarr", "--quiet").status == 0)
    let end = try fuse(folder, "--output-chunksize", "20", "--overwrite")
    #expect(end.status == 0 && end.errors.contains("note: \(folder.file("out.zarr")) is an input of job 2:"), "\(end.errors)")
    let other = try folder.blockfuse("fuse", "mosaic/dataset.json", "--output", "second.zarr", "--overwrite", "--quiet")
    #expect(other.status == 0 && !other.errors.contains("input of"), "\(other.errors)")
  }
}
