import Diagnostics
import JSON
import TestSupport
import Testing
import Zarr

@Suite struct GroupAttributesTests {
  @Test func versionTwo() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    #expect(try readAttributes(ofGroup: folder.path) == nil)
    try folder.write(#"{"zarr_format": 2}"#, to: ".zgroup")
    #expect(try readAttributes(ofGroup: folder.path) == GroupAttributes(zarrFormat: 2, attributes: [:]))
    try folder.write(#"{"multiscales": []}"#, to: ".zattrs")
    let group = try #require(try readAttributes(ofGroup: folder.path))
    #expect(group == GroupAttributes(zarrFormat: 2, attributes: ["multiscales": []]))
    #expect(group.ome == ["multiscales": []])
    try folder.write(#"{"zarr_format": 3}"#, to: ".zgroup")
    #expect(zarrError { _ = try readAttributes(ofGroup: folder.path) }?.code.rawValue == "format-unsupported")
  }

  @Test func versionThreeIsPreferredAndToleratesConsolidatedMetadata() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try folder.write(#"{"zarr_format": 2}"#, to: ".zgroup")
    try folder.write(
      #"{"zarr_format": 3, "node_type": "group", "attributes": {"ome": {}}, "#
        + #""consolidated_metadata": {"kind": "inline"}}"#,
      to: "zarr.json")
    let group = try #require(try readAttributes(ofGroup: folder.path))
    #expect(group == GroupAttributes(zarrFormat: 3, attributes: ["ome": [:]]))
    #expect(group.ome == [:])
    try folder.write(#"{"zarr_format": 3, "node_type": "group", "mystery": 1}"#, to: "zarr.json")
    #expect(zarrError { _ = try readAttributes(ofGroup: folder.path) }?.description.contains("mystery") == true)
  }

  @Test func anArrayIsNoGroupAndAGroupNoArray() throws {
    #expect(try readAttributes(ofGroup: fixture("v3_default")) == nil)
    #expect(try readAttributes(ofGroup: fixture("v2_raw")) == nil)
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    #expect(zarrError { _ = try ZarrArray.open(folder.path) } == .arrayMissing(path: folder.path))
    try folder.write(#"{"zarr_format": 3, "node_type": "group"}"#, to: "zarr.json")
    #expect(zarrError { _ = try ZarrArray.open(folder.path) }?.description.contains("group") == true)
  }

  @Test func aFileIsNeither() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try folder.write("II*", to: "image.tif")
    #expect(try readAttributes(ofGroup: folder.path + "/image.tif") == nil)
    #expect(zarrError { _ = try ZarrArray.open(folder.path + "/image.tif") }?.code.rawValue == "input-missing")
  }
}
