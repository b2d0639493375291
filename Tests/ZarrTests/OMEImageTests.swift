import Diagnostics
import Foundation
import Geometry
import Testing
import Zarr

@Suite struct OMEImageTests {
  @Test func readsAn04ImageWithTimeAndChannels() throws {
    let levels = [
      OMESample.dataset(
        "0",
        OMESample.scale([100, 1, 2, 0.5, 0.5]) + ", " + OMESample.translation([20, 0, -5.87, 4.23, 15.26])),
      OMESample.dataset(
        "1",
        OMESample.scale([100, 1, 2, 1, 1]) + ", " + OMESample.translation([20, 0, -5.87, 4.48, 15.51])),
    ]
    let omero = """
      , "omero": {"channels": [
        {"label": "DAPI", "color": "#0000FF", "active": true,
         "window": {"min": 0, "max": 65535, "start": 10, "end": 900}},
        {"label": "GFP", "color": "00FF00FF", "window": {"start": 1, "end": 2}}, {"color": "green"}]}
      """
    let image = try OMESample.image(
      OMESample.v04(OMESample.flat(axes: OMESample.axes3D, datasets: levels), extra: omero), format: 2)
    #expect(image.version == "0.4")
    #expect(image.zarrFormat == 2)
    #expect(image.name == "sample")
    #expect(image.axes.map(\.axis) == [.t, .c, .z, .y, .x])
    #expect(image.timeUnit == "millisecond")
    #expect(image.levels.map(\.path) == ["0", "1"])
    #expect(image.levels[0].scale == [100, 1, 2, 0.5, 0.5])
    #expect(image.levels[1].translation == [20, 0, -5.87, 4.48, 15.51])
    #expect(image.channels?.map(\.label) == ["DAPI", "GFP", nil])
    #expect(image.channels?.map(\.color) == ["0000FF", "00FF00", nil])
    #expect(image.channels?[0].window == .init(min: 0, max: 65535, start: 10, end: 900))
    #expect(image.channels?[1].window == .init(min: 1, max: 2, start: 1, end: 2))
  }

  @Test func multiscaleTransformationsComeAfterThoseOfTheDataset() throws {
    let dataset = OMESample.dataset("a/b", OMESample.scale([2, 4]) + ", " + OMESample.translation([10, 20]))
    let extra = #", "coordinateTransformations": [\#(OMESample.scale([3, 5])), \#(OMESample.translation([1, -1]))]"#
    let image = try OMESample.image(
      OMESample.v05(OMESample.flat(axes: OMESample.axes2D, datasets: [dataset], extra: extra)), format: 3)
    #expect(image.levels == [OMELevel.make("a/b", [6, 20], [31, 99])])
    #expect(image.version == "0.5")
    #expect(image.channels == nil)
    #expect(image.timeUnit == nil)
  }

  /// As a model is dumped that keeps what it has not.
  @Test func nullIsAbsent() throws {
    let datasets = [OMESample.dataset("0", OMESample.scale([2, 4]).replacing("}", with: #", "path": null}"#))]
    let extra = #", "coordinateTransformations": null, "type": null, "metadata": null, "version": null"#
    let text = OMESample.v04(OMESample.flat(axes: OMESample.axes2D, datasets: datasets, extra: extra), extra: #", "omero": null"#)
    #expect(try OMESample.image(text, format: 2).levels == [OMELevel.make("0", [2, 4])])
    let new = OMESample.v06.replacing(#", "input": {"path": "s0"}"#, with: #", "input": null, "path": null"#)
    #expect(try OMESample.image(new, format: 3).levels[0] == OMELevel.make("s0", [0.5, 0.25]))
    for text in [
      text.replacing(#""coordinateTransformations": ["#, with: #""coordinateTransformations": null, "was": ["#),
      OMESample.v06.replacing(#""transformations": ["#, with: #""transformations": null, "was": ["#),
    ] {
      let error = #expect(throws: ZarrError.self) { try OMESample.image(text, format: 2) }
      #expect(error?.description.contains("has no") == true)
    }
  }

  @Test func lengthsBecomeMicrometres() throws {
    let axes = """
      [{"name": "z", "type": "space", "unit": "millimeter"}, {"name": "y", "type": "space", "unit": "nanometer"},
       {"name": "x", "type": "space"}]
      """
    let dataset = OMESample.dataset(
      "0", OMESample.scale([0.002, 325, 0.4]) + ", " + OMESample.translation([1, 1000, 7]))
    let image = try OMESample.image(OMESample.v04(OMESample.flat(axes: axes, datasets: [dataset])), format: 2)
    #expect(image.levels == [OMELevel.make("0", [2, 0.325, 0.4], [1000, 1, 7])])
  }

  @Test(arguments: [
    ("micrometer", 1.0), ("µm", 1), ("um", 1), ("nm", 1e-3), ("mm", 1000), ("meter", 1e6), ("angstrom", 1e-4),
    ("inch", 25_400), ("picometer", 1e-6), ("pixel", 1), ("", 1),
  ])
  func knowsUnitsOfLength(unit: String, factor: Double) {
    #expect(OMEUnits.micrometres(in: unit) == factor)
  }

  @Test func knowsUnitsOfTime() {
    #expect(OMEUnits.seconds(in: "millisecond") == 1e-3)
    #expect(OMEUnits.seconds(in: "min") == 60)
    #expect(OMEUnits.seconds(in: "fortnight") == nil)
    #expect(OMEUnits.timeName("s") == "second")
    #expect(OMEUnits.timeName("fortnight") == "fortnight")
    #expect(OMEUnits.micrometres(in: "second") == nil)
  }

  @Test func readsAn06Image() throws {
    let image = try OMESample.image(OMESample.v06, format: 3)
    #expect(image.version == "0.6")
    #expect(image.axes.map(\.axis) == [.y, .x])
    #expect(image.levels == [OMELevel.make("s0", [0.5, 0.25]), OMELevel.make("s1", [1, 0.5], [0.25, 0.125])])
    #expect(image.furtherSystems == ["stage"])
  }

  @Test func readsIdentityIn06() throws {
    let text = OMESample.v06.replacing(#""type": "scale", "scale": [500, 250]"#, with: #""type": "identity""#)
    let image = try OMESample.image(text, format: 3)
    #expect(image.levels[0] == OMELevel.make("s0", [1e-3, 1e-3]))
  }

  @Test(arguments: ["0.5.2", "0.6rc0"])
  func readsPatchesAndTheReleaseCandidate(version: String) throws {
    let flat = OMESample.flat(axes: OMESample.axes2D, datasets: [OMESample.dataset("0", OMESample.scale([1, 1]))])
    let text =
      version == "0.5.2"
      ? OMESample.v05(flat, version: version) : OMESample.v06.replacing(#""0.6""#, with: #""0.6rc0""#)
    #expect(try OMESample.image(text, format: 3).version == version)
  }

  @Test(arguments: ["0.1", "0.3", "0.6.dev4", "0.6.dev2", "0.7", "1.0", "", "0.5-dev", "0"])
  func refusesOtherVersionsByName(version: String) throws {
    for text in [
      OMESample.v06.replacing(#""version": "0.6""#, with: #""version": "\#(version)""#),
      OMESample.v05(
        OMESample.flat(axes: OMESample.axes2D, datasets: [OMESample.dataset("0", OMESample.scale([1, 1]))]),
        version: version),
    ] {
      let error = #expect(throws: ZarrError.self) { try OMESample.image(text, format: 3) }
      #expect(error?.code.rawValue == "format-unsupported")
      #expect(error?.description.contains("\"\(version)\"") == true)
    }
  }

  @Test func a04ImageNeedNotSayItsVersionButA05ImageMust() throws {
    let flat = OMESample.flat(axes: OMESample.axes2D, datasets: [OMESample.dataset("0", OMESample.scale([1, 1]))])
    #expect(try OMESample.image(OMESample.v04(flat), format: 2).version == "0.4")
    #expect(throws: ZarrError.self) { try OMESample.image(#"{"ome": \#(OMESample.v04(flat))}"#, format: 3) }
  }

  /// Metadata that would misplace a tile: what is changed, and what the message must name.
  @Test(arguments: [
    (#""type": "scale", "scale""#, #""type": "scale", "scales""#, "list of 2 numbers"),
    ("[1.0, 2.0]", "[1.0, 2.0, 3.0]", "list of 2 numbers"),
    ("[1.0, 2.0]", "[1.0, 0.0]", "not positive"),
    ("[1.0, 2.0]", "[1.0, -2.0]", "not positive"),
    ("[1.0, 2.0]", "[1.0, NaN]", "finite"),
    ("[1.0, 2.0]", "[1.0, Infinity]", "finite"),
    ("[1.0, 2.0]", #"[1.0, "2"]"#, "no number"),
    ("[3.0, 4.0]", "[3.0, NaN]", "finite"),
    (#""type": "translation""#, #""type": "affine""#, "\"affine\""),
    (#""type": "translation", "translation""#, #""type": "scale", "scale""#, "more than one scale"),
    (#""name": "y""#, #""name": "x""#, "in that order"),
    (#""name": "y""#, #""name": "depth""#, "\"depth\""),
    (#""name": "y""#, #""name": "t""#, "\"t\""),
    (#""name": "y", "type": "space""#, #""name": "t", "type": "time""#, "no y and x"),
    (#""name": "y", "type": "space""#, #""name": "y", "type": "angle""#, "\"angle\""),
    (#""unit": "micrometer""#, #""unit": "second""#, "\"second\""),
    (#""path": "0""#, #""path": "../other""#, "leaves its folder"),
    (#""path": "0""#, #""path": "/etc""#, "leaves its folder"),
    (#""path": "0""#, #""path": ".""#, "group itself"),
    (#""path": "0", "#, "", "no \"path\""),
    (#""datasets""#, #""data""#, "\"datasets\""),
    (#""axes""#, #""axis""#, "\"axes\""),
    (#""multiscales": [{"#, #""multiscales": [3, {"#, "\"multiscales\""),
    (#""coordinateTransformations""#, #""transformations""#, "coordinateTransformations"),
  ])
  func refusesWhatWouldMisplaceATile(find: String, replacement: String, names: String) throws {
    let dataset = OMESample.dataset("0", OMESample.scale([1, 2]) + ", " + OMESample.translation([3, 4]))
    let good = OMESample.v04(OMESample.flat(axes: OMESample.axes2D, datasets: [dataset]))
    _ = try OMESample.image(good, format: 2)
    let bad = good.replacing(find, with: replacement, maxReplacements: 1)
    #expect(bad != good)
    let error = #expect(throws: ZarrError.self) { try OMESample.image(bad, format: 2) }
    #expect(error?.description.contains(names) == true, "\(error?.description ?? "no error")")
  }

  @Test func anIdentityIsNothing() throws {
    let (identity, scale) = (#"{"type": "identity"}"#, OMESample.scale([1, 2]))
    for transformations in [identity + ", " + scale, scale + ", " + identity, identity + ", " + scale + ", " + identity] {
      let dataset = OMESample.dataset("0", transformations)
      let image = try OMESample.image(OMESample.v04(OMESample.flat(axes: OMESample.axes2D, datasets: [dataset])), format: 2)
      #expect(image.levels[0].scale == [1, 2] && !image.levels[0].hasTranslation)
    }
  }

  @Test func refusesTransformationsOutOfOrderAndMissingOnes() {
    let (scale, translation) = (OMESample.scale([1, 2]), OMESample.translation([3, 4]))
    for transformations in [translation + ", " + scale, translation, ""] {
      let dataset = OMESample.dataset("0", transformations)
      #expect(throws: ZarrError.self) {
        try OMESample.image(OMESample.v04(OMESample.flat(axes: OMESample.axes2D, datasets: [dataset])), format: 2)
      }
    }
  }

  @Test func refusesLevelsThatGetFiner() {
    let datasets = [OMESample.dataset("0", OMESample.scale([2, 2])), OMESample.dataset("1", OMESample.scale([1, 1]))]
    let error = #expect(throws: ZarrError.self) {
      try OMESample.image(OMESample.v04(OMESample.flat(axes: OMESample.axes2D, datasets: datasets)), format: 2)
    }
    #expect(error?.description.contains("finer") == true)
  }

  /// Changes to the 0.6 image, and what the message must name.
  @Test(arguments: [
    (#"[500, 250]"#, "[500]", "list of 2 numbers"),
    (#""type": "sequence""#, #""type": "rotation""#, "\"rotation\""),
    (
      #""output": {"name": "physical"}, "transformations""#, #""output": {"name": "stage"}, "transformations""#,
      "physical"
    ),
    (#""output": {"name": "physical"}"#, #""output": "physical""#, "\"output\""),
    (#""input": {"path": "s1"}"#, #""input": {"path": "s0"}"#, "\"input\""),
    (#"{"name": "physical", "axes""#, #"{"name": "elsewhere", "axes""#, "physical"),
    (#""coordinateSystems""#, #""axes""#, "\"coordinateSystems\""),
    (#""datasets""#, #""data""#, "\"datasets\""),
  ])
  func refusesA06ImageThat(find: String, replacement: String, names: String) throws {
    let bad = OMESample.v06.replacing(find, with: replacement, maxReplacements: 1)
    #expect(bad != OMESample.v06)
    let error = #expect(throws: ZarrError.self) { try OMESample.image(bad, format: 3) }
    #expect(error?.description.contains(names) == true, "\(error?.description ?? "no error")")
  }

  @Test func opensFromDiskAndSaysWhatAFolderIsInstead() throws {
    let folder = try OMETestFolder()
    let flat = OMESample.flat(axes: OMESample.axes2D, datasets: [OMESample.dataset("0", OMESample.scale([1, 2]))])
    try folder.group("four", format: 2, attributes: OMESample.v04(flat))
    try folder.group("five", format: 3, attributes: OMESample.v05(flat))
    try folder.group("plate", format: 3, attributes: #"{"ome": {"version": "0.5", "plate": {}}}"#)
    try folder.group("plain", format: 2, attributes: "{}")
    #expect(try OMEImage.open(folder.path + "/four").levels == OMEImage.open(folder.path + "/five").levels)
    #expect(try OMEImage.open(folder.path + "/five").zarrFormat == 3)
    for (name, words) in [("plate", "a plate"), ("plain", "no \"multiscales\""), ("absent", "it is not there")] {
      let error = #expect(throws: ZarrError.self) { try OMEImage.open(folder.path + "/" + name) }
      #expect(error?.description.contains(words) == true)
    }
  }
}

extension OMELevel {
  static func make(_ path: String, _ scale: [Double], _ translation: [Double]? = nil) -> OMELevel {
    OMELevel(
      path: path, scale: scale, translation: translation ?? scale.map { _ in 0 }, hasTranslation: translation != nil)
  }
}
