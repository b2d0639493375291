import Foundation
import Geometry
import JSON
import Testing
import Zarr

@Suite struct OMEWriterTests {
  private func writer(_ version: OMEWriter.Version, is3D: Bool = true) -> OMEWriter {
    var writer = OMEWriter(
      version: version, name: "fused", is3D: is3D, spacing: Vector3(2, 0.5, 0.25), origin: Vector3(-3, 10, 20),
      levels: [
        .init(path: "0", absoluteFactor: Index3(1, 1, 1)), .init(path: "1", absoluteFactor: Index3(1, 2, 2)),
        .init(path: "2", absoluteFactor: Index3(2, 4, 4)),
      ],
      channels: [
        OMEChannel(label: "DAPI", color: "#0000ff", window: .init(min: 0, max: 10, start: 1, end: 9)),
        OMEChannel(label: nil),
      ], elementType: .uint16)
    (writer.timeScale, writer.timeOrigin, writer.timeUnit) = (1.5, 3, "s")
    writer.metadata = ["method": "mean of 2 x 2 x 2 voxels"]
    return writer
  }

  @Test(arguments: OMEWriter.Version.allCases)
  func readsBackTheSame(version: OMEWriter.Version) throws {
    let written = writer(version)
    let image = try OMEImage(path: "/out", group: GroupAttributes(zarrFormat: version.zarrFormat, attributes: written.attributes()))
    #expect(image.version == version.rawValue)
    #expect(image.name == "fused")
    #expect(image.axes.map(\.name) == ["t", "c", "z", "y", "x"])
    #expect(written.axisNames == ["t", "c", "z", "y", "x"])
    #expect(image.timeUnit == "second")
    #expect(
      image.levels == [
        OMELevel.make("0", [1.5, 1, 2, 0.5, 0.25], [3, 0, -3, 10, 20]),
        OMELevel.make("1", [1.5, 1, 2, 1, 0.5], [3, 0, -3, 10.25, 20.125]),
        OMELevel.make("2", [1.5, 1, 4, 2, 1], [3, 0, -2, 10.75, 20.375]),
      ])
    #expect(
      image.channels == [
        OMEChannel(label: "DAPI", color: "0000ff", window: .init(min: 0, max: 10, start: 1, end: 9)),
        OMEChannel(label: "ch1", color: "ffffff", window: .init(min: 0, max: 65535, start: 0, end: 65535)),
      ])
  }

  /// Strict readers refuse units that OME-Zarr does not list; the scale stays.
  @Test(
    arguments: [
      ("s", "second"), ("Millisecond", "millisecond"), ("hours", "hour"), ("frame", nil), ("", nil), ("a.u.", nil), ("px", nil),
      ("micrometer", nil), ("dekasecond", nil),
    ] as [(String, String?)])
  func unitsOfTimeAreListedOnesOrNone(unit: String, said: String?) throws {
    var written = writer(.v04)
    written.timeUnit = unit
    let multiscale = try #require(written.attributes()["multiscales"]?.array?.first)
    #expect(multiscale["axes"]?.array?.first?["unit"]?.string == said)
    let scale = multiscale["datasets"]?.array?.first?["coordinateTransformations"]?.array?.first?["scale"]
    #expect(scale?.array?.first == 1.5)
  }

  @Test func putsEverythingWhereItsVersionWantsIt() throws {
    let four = writer(.v04).attributes()
    #expect(Set(four.object?.keys.map { $0 } ?? []) == ["multiscales", "omero"])
    #expect(four["multiscales"]?.array?.first?["version"] == "0.4")
    #expect(four["multiscales"]?.array?.first?["type"] == "mean")
    #expect(four["multiscales"]?.array?.first?["metadata"] == ["method": "mean of 2 x 2 x 2 voxels"])

    let five = writer(.v05).attributes()
    #expect(five.object?.keys.map { $0 } == ["ome"])
    #expect(Set(five["ome"]?.object?.keys.map { $0 } ?? []) == ["version", "multiscales", "omero"])
    #expect(five["ome"]?["version"] == "0.5")
    #expect(five["ome"]?["multiscales"]?.array?.first?["version"] == nil)
  }

  @Test func leavesOutZIn2DAndWhatIsNotKnown() throws {
    var flat = writer(.v05, is3D: false)
    flat.timeUnit = nil
    flat.channels = []
    let image = try OMEImage(path: "/out", group: GroupAttributes(zarrFormat: 3, attributes: flat.attributes()))
    #expect(image.axes.map(\.name) == ["t", "c", "y", "x"])
    #expect(image.levels[2] == OMELevel.make("2", [1.5, 1, 2, 1], [3, 0, 10.75, 20.375]))
    #expect(image.timeUnit == nil)
    #expect(flat.attributes()["ome"]?["omero"] == nil)
  }

  @Test func givesTheFilesOfTheGroup() throws {
    let four = writer(.v04).groupFiles()
    #expect(four.map(\.name) == [".zgroup", ".zattrs"])
    #expect(try JSONValue.parse(four[0].bytes) == ["zarr_format": 2])
    #expect(try JSONValue.parse(four[1].bytes) == writer(.v04).attributes())
    let five = writer(.v05).groupFiles()
    #expect(five.map(\.name) == ["zarr.json"])
    let group = try JSONValue.parse(five[0].bytes)
    #expect(group["node_type"] == "group")
    #expect(group["attributes"] == writer(.v05).attributes())
    #expect(five[0].bytes == writer(.v05).groupFiles()[0].bytes)
  }

  @Test(arguments: [
    (ElementType.uint8, 0.0, 255.0), (.int16, -32768, 32767), (.int64, -0x1p63, 0x1p63 - 1), (.float32, 0, 1),
  ])
  func aWindowThatIsNotKnownIsTheRangeOfTheType(type: ElementType, min: Double, max: Double) {
    #expect(OMEChannel.Window(fullRangeOf: type) == .init(min: min, max: max, start: min, end: max))
  }
}
