import Geometry
import JSON
import Testing
import Zarr

@Suite struct OMEMendingTests {
  private func image(_ datasets: [String], axes: String = OMESample.axes2D, _ mending: OMEMending) throws -> OMEImage {
    let text = OMESample.v04(OMESample.flat(axes: axes, datasets: datasets))
    return try OMEImage(path: "/image", group: GroupAttributes(zarrFormat: 2, attributes: JSONValue.parse(text)), mending: mending)
  }

  private func scaled(_ path: String, _ scale: String, _ translation: String = "[0, 0]") -> String {
    OMESample.dataset(path, #"{"type": "scale", "scale": \#(scale)}, {"type": "translation", "translation": \#(translation)}"#)
  }

  private static let whole = OMEMending(spacing: [.y, .x], origin: [.y, .x])

  /// What is given need not be there; the other axis must.
  @Test func numbersThatAreGivenMayBeWrong() throws {
    for y in ["0", "-1", "null", "NaN", "Infinity"] {
      let datasets = [scaled("0", "[\(y), 0.5]", "[7, 9]")]
      let found = try image(datasets, OMEMending(spacing: [.y]))
      #expect(found.levels == [OMELevel.make("0", [1, 0.5], [7, 9])] && !found.leavesOutLevels)
      for mending in [OMEMending(), OMEMending(spacing: [.x]), OMEMending(origin: [.y, .x])] {
        #expect(throws: ZarrError.self) { try image(datasets, mending) }
      }
    }
    let shifted = [scaled("0", "[1, 1]", "[null, 2]")]
    #expect(try image(shifted, OMEMending(origin: [.y])).levels == [OMELevel.make("0", [1, 1], [0, 2])])
    #expect(throws: ZarrError.self) { try image(shifted, OMEMending(spacing: [.y])) }
  }

  @Test func coarserLevelsGoWhereNothingPlacesThem() throws {
    let related = [scaled("0", "[1, 1]"), scaled("1", "[2, 2]"), scaled("2", "[4, null]")]
    let some = try image(related, Self.whole)
    #expect(some.levels.map(\.path) == ["0", "1"] && some.leavesOutLevels)
    for first in ["[0, 1]", "[null, 1]"] {
      let found = try image([scaled("0", first), scaled("1", "[2, 2]")], Self.whole)
      #expect(found.levels == [OMELevel.make("0", [1, 1], [0, 0])] && found.leavesOutLevels)
    }
    let bare = [#"{"path": "0"}"#, #"{"path": "1"}"#]
    #expect(try image(bare, Self.whole).levels.map(\.path) == ["0"])
    // without a translation it is 0, which need not be given
    #expect(try image(bare, OMEMending(spacing: [.y, .x])).levels[0].translation == [0, 0])
    #expect(throws: ZarrError.self) { try image(bare, OMEMending(spacing: [.x])) }
    // a level of no path is wrong whatever is given
    #expect(throws: ZarrError.self) { try image([#"{"coordinateTransformations": []}"#], Self.whole) }
  }

  @Test func unitsThatAreNoLengths() throws {
    let axes = OMESample.axes2D.replacing(#""y", "type": "space", "unit": "micrometer""#, with: #""y", "type": "space", "unit": "a.u.""#)
    let datasets = [scaled("0", "[3, 0.5]", "[6, 0]"), scaled("1", "[6, 1]", "[7.5, 0]")]
    let found = try image(datasets, axes: axes, OMEMending(spacing: [.y], origin: [.y]))
    // factors of the levels, whatever the numbers are
    #expect(found.levels == [OMELevel.make("0", [3, 0.5], [6, 0]), OMELevel.make("1", [6, 1], [7.5, 0])])
    for mending in [OMEMending(), OMEMending(spacing: [.y]), OMEMending(origin: [.y])] {
      #expect(throws: ZarrError.self) { try image(datasets, axes: axes, mending) }
    }
    #expect(try image([scaled("0", "[3, 1]")], axes: axes, OMEMending(spacing: [.y])).axes.map(\.isMeasured) == [false, true])
  }

  @Test func axesThatAreOthers() throws {
    let axes = #"[{"name": "t", "type": "time", "unit": "second"}, {"name": "y", "type": "space"}, {"name": "x", "type": "space"}]"#
    let datasets = [scaled("0", "[3, 2, 2]", "[0, 0, 0]")]
    let found = try image(datasets, axes: axes, OMEMending(axes: [.z, .y, .x], spacing: [.z]))
    #expect(found.axes.map(\.axis) == [.z, .y, .x] && found.axes.map(\.isMeasured) == [false, true, true])
    #expect(throws: ZarrError.self) { try image(datasets, axes: axes, OMEMending(axes: [.z, .y, .x])) }
    // seconds are no channels, and channels no seconds
    let channels = try image(datasets, axes: axes, OMEMending(axes: [.c, .y, .x]))
    #expect(channels.levels[0].scale == [1, 2, 2])
    let times = try image(
      datasets, axes: axes.replacing(#""t", "type": "time", "unit": "second""#, with: #""c", "type": "channel""#),
      OMEMending(axes: [.t, .y, .x]))
    #expect(times.levels[0].scale == [0, 2, 2])
  }
}
