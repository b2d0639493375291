import Foundation
import Geometry
import Testing
import Views

@Suite struct ViewTests {
  private func view(spacings: [Vector3], isPlacedByDataset: Bool = false) -> View {
    let levels = spacings.enumerated().map { i, spacing in
      ViewLevel(
        arrayPath: "/v/\(i)", stack: StackProperties(spacing: spacing, origin: .zero, shape: Index3(4, 8, 8)),
        shape: TCZYX(t: 3, c: 2, z: 4, y: 8, x: 8), chunk: TCZYX(z: 4, y: 8, x: 8), elementType: .uint16,
        codecSummary: "raw", axes: Axis.allCases)
    }
    return View(
      name: "v", path: "/v", transforms: [:],
      details: ViewDetails(
        format: .zarr, levels: levels, times: SeriesMap(all: 3), channels: SeriesMap([1, 0]),
        isPlacedByDataset: isPlacedByDataset),
      fingerprint: Fingerprint(fields: [:]))
  }

  @Test(arguments: [
    (Vector3(2, 1, 1), 0), (Vector3(2, 2, 2), 1), (Vector3(4, 4, 4), 2), (Vector3(100, 100, 100), 2),
    (Vector3(2, 1.5, 1.5), 0), (Vector3(2, 4, 4), 1), (Vector3(0.1, 0.1, 0.1), 0), (Vector3(2, 2, 1.9), 0),
  ])
  func takesTheCoarsestLevelThatIsFineEnough(spacing: Vector3, level: Int) {
    let view = view(spacings: [Vector3(2, 1, 1), Vector3(2, 2, 2), Vector3(4, 4, 4)])
    #expect(view.levelIndex(for: spacing) == level)
  }

  @Test func stopsAtTheFirstLevelThatIsTooCoarse() {
    let view = view(spacings: [Vector3(1, 1, 1), Vector3(8, 2, 2), Vector3(4, 4, 4)])
    #expect(view.levelIndex(for: Vector3(4, 4, 4)) == 0)
  }

  /// Pixels with the size of a voxel in their transform, as in BigStitcher's XML: z steps of 3.
  @Test func spacingsThatTheMapBringsCount() {
    let calibration = AffineMap(rows: [Vector3(3, 0, 0), Vector3(0, 1, 0), Vector3(0, 0, 1)], translation: .zero)
    let pixels = view(spacings: [Vector3(1, 1, 1), Vector3(1, 2, 2), Vector3(2, 4, 4)], isPlacedByDataset: true)
    #expect(pixels.levelIndex(for: Vector3(3, 2, 2), maps: [calibration]) == 1)
    #expect(pixels.levelIndex(for: Vector3(4, 4, 4), maps: [calibration]) == 1)
    #expect(pixels.levelIndex(for: Vector3(6, 4, 4), maps: [calibration]) == 2)
    // turned with the view
    let turned = AffineMap(rows: [Vector3(0, 0, 1), Vector3(0, 1, 0), Vector3(-3, 0, 0)], translation: .zero)
    #expect(pixels.levelIndex(for: Vector3(6, 4, 4), maps: [turned]) == 2)
    // what a registration changes is no other spacing, as with images that say theirs themselves
    let registration = AffineMap(rows: [Vector3(1.01, 0, 0), Vector3(0, 1.02, 0.01), Vector3(0, 0, 0.99)], translation: .zero)
    #expect(pixels.levelIndex(for: Vector3(2, 4, 4), maps: [registration]) == 2)
    #expect(view(spacings: [Vector3(1, 1, 1), Vector3(2, 2, 2)]).levelIndex(for: Vector3(2, 2, 2), maps: [calibration]) == 1)
  }

  @Test func detailsSurviveTheDatabase() throws {
    let details = view(spacings: [Vector3(2, 0.1, 1.0 / 3)]).details
    let bytes = try JSONEncoder().encode(details)
    #expect(try JSONDecoder().decode(ViewDetails.self, from: bytes) == details)
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.contains(#""times":3"#))
    #expect(text.contains(#""channels":[1,0]"#))
    #expect(!text.contains("offset"))
  }

  /// A damaged record must not make indices that reach outside the image.
  @Test(arguments: [
    #""times":4"#, #""times":[0,1,3]"#, #""times":[0,-1,2]"#, #""times":[]"#, #""times":9000000000000"#,
  ])
  func detailsWithOtherIndicesAreRefused(times: String) throws {
    let bytes = try JSONEncoder().encode(view(spacings: [Vector3(1, 1, 1)]).details)
    let text = String(decoding: bytes, as: UTF8.self).replacing(#""times":3"#, with: times)
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(ViewDetails.self, from: Data(text.utf8)) }
  }

  @Test func transformsAreForTheirTimePoints() {
    #expect(ViewTransform.perTime([.identity]).affine(t: 1) == nil)
    #expect(ViewTransform.perTime([.identity]).affine(t: 0) == .identity)
    #expect(ViewTransform.constant(.identity).affine(t: 7) == .identity)
  }
}
