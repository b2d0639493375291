import Files
import Geometry
import Testing
import Views

/// A view in a folder that has another place.
@Suite struct ViewMovedTests {
  private func view(_ path: String, array: String, fields: [String: String]) -> View {
    View(
      name: "v", path: path, transforms: [:],
      details: ViewDetails(
        format: .zarr,
        levels: [
          ViewLevel(
            arrayPath: array, stack: StackProperties(spacing: Vector3(1, 1, 1), origin: .zero, shape: Index3(4, 8, 8)),
            shape: TCZYX(z: 4, y: 8, x: 8), chunk: TCZYX(z: 4, y: 8, x: 8), elementType: .uint16, codecSummary: "raw",
            axes: Axis.allCases)
        ], times: SeriesMap(all: 1), channels: SeriesMap([0])),
      fingerprint: Fingerprint(fields: fields))
  }

  @Test func allOfItsPathsMove() {
    let fields = [
      "file 0/.zarray": "1 bytes, 2.0", "file /a/tiles/other.h5": "3 bytes, 4.0", "file /a/tiles2/x": "5 bytes, 6.0", "codec": "/a/tiles",
    ]
    let moved = view("/a/tiles/v", array: "/a/tiles/v/0", fields: fields).moved([PathMove(from: "/a/tiles", to: "/b")])
    #expect(moved.path == "/b/v")
    #expect(moved.levels[0].arrayPath == "/b/v/0")
    #expect(
      moved.fingerprint.fields == [
        "file 0/.zarray": "1 bytes, 2.0", "file /b/other.h5": "3 bytes, 4.0", "file /a/tiles2/x": "5 bytes, 6.0", "codec": "/a/tiles",
      ])
  }

  @Test func elsewhereNothingMoves() {
    let before = view("/a/tiles2/v", array: "/a/tiles2/v/0", fields: ["file 0/.zarray": "1 bytes, 2.0"])
    let after = before.moved([PathMove(from: "/a/tiles", to: "/b")])
    #expect(after.path == before.path && after.details == before.details && after.fingerprint == before.fingerprint)
  }
}
