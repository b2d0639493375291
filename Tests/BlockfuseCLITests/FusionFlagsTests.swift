import ArgumentParser
import BlockfuseCLI
import Diagnostics
import Foundation
import JSON
import Jobs
import Planning
import Testing

/// The options of a fusion as they are typed.
@Suite struct FusionFlagsTests {
  /// For each flag what may be typed, and what it says in JSON. Flags without a value and lists of choices need no entry.
  private static let samples: [String: [(typed: String, json: String)]] = [
    "transform-key": [("registered", "\"registered\""), ("5", "\"5\""), ("null", "null")],
    "fusion-func": [("max_fusion", "\"max_fusion\"")],
    "fusion-func-kwargs": [
      ("a=1,b=word", "{\"a\": 1, \"b\": \"word\"}"), ("{\"a\": [1]}", "{\"a\": [1]}"),
      ("order=tile_3, tile_1,b=2", "{\"order\": [\"tile_3\", \"tile_1\"], \"b\": 2}"),
    ],
    "fusion-method-kwargs": [("a=1", "{\"a\": 1}"), ("order=b,a", "{\"order\": [\"b\", \"a\"]}")],
    "weights-func": [("content_based", "\"content_based\""), ("null", "null")],
    "weights-func-kwargs": [("sigma_1=5,sigma_2=11", "{\"sigma_1\": 5, \"sigma_2\": 11}")],
    "world-unit": [("0.25um", "\"0.25um\"")],
    "output-spacing": [("z=2,y=0.5,x=0.5", "{\"z\": 2, \"y\": 0.5, \"x\": 0.5}"), ("2", "2")],
    "bounding-box": [("my box", "\"my box\""), ("5", "\"5\"")],
    "output-origin": [("z=0,y=10,x=-4", "{\"z\": 0, \"y\": 10, \"x\": -4}")],
    "output-shape": [("z=100,y=2000,x=2000", "{\"z\": 100, \"y\": 2000, \"x\": 2000}")],
    "output-stack-properties": [
      (
        "{\"spacing\": {\"z\": 1}, \"origin\": {\"z\": 0}, \"shape\": {\"z\": 4}}",
        "{\"spacing\": {\"z\": 1}, \"origin\": {\"z\": 0}, \"shape\": {\"z\": 4}}"
      )
    ],
    "output-chunksize": [("64", "64"), ("z=1,y=512,x=512", "{\"z\": 1, \"y\": 512, \"x\": 512}")],
    "overlap-in-pixels": [("3", "3")],
    "blending-widths": [("z=0,y=5", "{\"z\": 0, \"y\": 5}")],
    "blending-border": [("2", "2"), ("z=0,y=5", "{\"z\": 0, \"y\": 5}")],
    "pyramid": [("1,2,2;2,4,4", "\"1,2,2;2,4,4\"")],
    "pyramid-levels": [("2", "2")],
    "pyramid-minimum-size": [("32", "32")],
    "zarr-options": [
      ("ngff_version=0.5,overwrite=true", "{\"ngff_version\": \"0.5\", \"overwrite\": true}"),
      ("{\"zarr_array_creation_kwargs\": {\"compressor\": null}}", "{\"zarr_array_creation_kwargs\": {\"compressor\": null}}"),
    ],
    "compressor": [("{\"id\": \"zstd\", \"level\": 9}", "{\"id\": \"zstd\", \"level\": 9}")],
    "shards": [],
    "batch-options": [("n_batch=4", "{\"n_batch\": 4}")],
    "views": [("tile_0, tile_1", "[\"tile_0\", \"tile_1\"]")],
    "timepoints": [("0,3", "[\"0\", \"3\"]")],
    "channels": [("nuclei,1", "[\"nuclei\", \"1\"]")],
    "output-dtype": [("uint8", "\"uint8\"")],
    "intensity-range": [("-5,200", "[-5, 200]")],
    "nodata": [("0", "0"), ("-1", "-1"), ("18446744073709551615", "18446744073709551615")],
    "background": [("-2.5", "-2.5"), ("100", "100")],
    "intensity-coefficients": [
      ("my coefficients.n5", "\"my coefficients.n5\""),
      ("path=c.n5,group=a/b,dataset=x", "{\"path\": \"c.n5\", \"group\": \"a/b\", \"dataset\": \"x\"}"),
    ],
  ]

  /// A map that is given as nothing is in the record as an empty one; a flag that says nothing leaves no trace.
  @Test func zarrOptionsThatSayNothing() throws {
    let file = FileManager.default.temporaryDirectory.path + "/options-\(UUID().uuidString).json"
    try Data("{\"zarr_options\": null}".utf8).write(to: URL(fileURLWithPath: file))
    defer { try? FileManager.default.removeItem(atPath: file) }
    #expect(try FusionFlags.parse(["--options", file]).resolve().options.json == ["zarr_options": [:]])
    #expect(try FusionFlags.parse(["--zarr-options", "{}"]).resolve().options.json == [:])
  }

  /// Every row of the table: what the flag says is what the key says in the file.
  @Test func flagsSayWhatKeysSay() throws {
    for row in OptionTable.all where row.form != nil {
      var samples = Self.samples[row.flag] ?? []
      if row.form == .flag { samples = [("", "true")] }
      if case .words(let words) = row.choices, row.form != .compressor {
        samples += words.map { ($0, row.form == .json ? $0 == "auto" ? "\"auto\"" : $0 : "\"\($0)\"") }
      }
      #expect(!samples.isEmpty || row.flag == "shards", "no sample of --\(row.flag)")
      for sample in samples {
        let line = ["--\(row.flag)"] + (row.form == .flag ? [] : [sample.typed])
        let typed = try FusionFlags.parse(line).resolve().options
        let written = try JobOptions(Self.document(row.key, JSONValue.parse(sample.json)))
        #expect(typed.json == written.json, "\(line)")
      }
    }
  }

  @Test func namesOfCompressors() throws {
    for (typed, json) in [("zstd", "{\"id\": \"zstd\"}"), ("blosc", "{\"id\": \"blosc\"}"), ("null", "null")] {
      let options = try FusionFlags.parse(["--compressor", typed]).resolve().options
      #expect(options.json == Self.document("zarr_options.zarr_array_creation_kwargs.compressor", try .parse(json)))
    }
  }

  @Test func flagsWinOverTheFile() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: file) }
    func resolve(_ document: String, _ line: String...) throws -> JSONValue {
      try Data(document.utf8).write(to: file)
      return try FusionFlags.parse(["--options", file.path] + line).resolve().options.json
    }
    #expect(
      try resolve("{\"rounding\": \"nearest\", \"planewise\": true}", "--rounding", "truncate")
        == .parse("{\"rounding\": \"truncate\", \"planewise\": true}"))
    // maps entry by entry, also those within them
    #expect(
      try resolve(
        "{\"zarr_options\": {\"ngff_version\": 0.5, \"zarr_array_creation_kwargs\": {\"shards\": 64}}}", "--overwrite", "--compressor",
        "gzip")
        == .parse(
          "{\"zarr_options\": {\"ngff_version\": \"0.5\", \"overwrite\": true, \"zarr_array_creation_kwargs\": {\"shards\": 64, \"compressor\": {\"id\": \"gzip\"}}}}"
        ))
    #expect(
      try resolve(
        "{\"zarr_options\": {\"ngff_version\": 0.5, \"zarr_array_creation_kwargs\": {\"shards\": 64}}}", "--zarr-options",
        "{\"zarr_array_creation_kwargs\": {\"compressor\": null}}")
        == .parse("{\"zarr_options\": {\"ngff_version\": \"0.5\", \"zarr_array_creation_kwargs\": {\"shards\": 64, \"compressor\": null}}}")
    )
    // two names of one option
    #expect(
      try resolve("{\"fusion_method_kwargs\": {\"a\": 1}}", "--fusion-func-kwargs", "b=2") == .parse("{\"fusion_func_kwargs\": {\"b\": 2}}")
    )
    #expect(
      try resolve("{\"fusion_func_kwargs\": {\"a\": 1}}", "--fusion-method-kwargs", "b=2")
        == .parse("{\"fusion_method_kwargs\": {\"b\": 2}}"))
  }

  /// What was typed, and what is said of it.
  @Test(arguments: [
    (["--output-spacing", "q=1"], "option \"output_spacing\" names the axis \"q\""),
    (["--output-spacing", "z=0"], "option \"output_spacing\" is 0 along z; expected a length above 0"),
    (["--output-spacing", "z=1,z=2"], "option \"output_spacing\" names z twice"),
    (["--output-spacing", "{\"z\""], "option \"output_spacing\": "),
    (["--output-spacing", "=1"], "option \"output_spacing\": \"=1\" is not NAME=VALUE"),
    (["--output-spacing", "z=1,2"], "option \"output_spacing\": \"2\" is not NAME=VALUE"),
    (["--fusion-func-kwargs", "tile_1,order=tile_3"], "option \"fusion_func_kwargs\": \"tile_1\" is not NAME=VALUE"),
    (["--blending-border", "x=-1"], "option \"blending_border\" is -1 along x; expected a length, 0 or more"),
    (["--interpolation-order", "6"], "option \"interpolation_order\" is 6; expected a whole number from 0 to 5"),
    (["--rounding", "up"], "option \"rounding\" is \"up\"; expected one of nearest, truncate"),
    (["--world-unit", "3"], "option \"world_unit\" is \"3\"; expected a length above 0 with its unit, such as 0.25um"),
    (["--views", ","], "option \"views\" is []; expected at least one"),
    (["--timepoints", "a"], "option \"timepoints\" is [\"a\"]; expected indices from 0"),
    (["--intensity-range", "5,2"], "option \"intensity_range\" is [5,2]; expected [MIN, MAX] with MIN below MAX"),
    (["--shards", "64"], "shards need Zarr v3, and ngff_version is 0.4"),
    (["--zarr-options", "5"], "--zarr-options must be a map"),
    (["--batch-options", "5"], "batch_options must be a map, not 5"),
    (["--batch-options", "n_batch=0"], "option \"batch_options.n_batch\" is 0; expected a whole number from 1 to 1000000"),
    (
      ["--fusion-func-kwargs", "a=1", "--fusion-method-kwargs", "b=2"],
      "fusion_func_kwargs and fusion_method_kwargs are the same option; give one"
    ),
    (["--options", "/nowhere/o.json"], "cannot read the options file /nowhere/o.json"),
  ])
  func wrongValues(line: [String], message: String) throws {
    let flags = try FusionFlags.parse(line)
    let error = #expect(throws: JobError.self) { try flags.resolve() }
    #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    #expect(error?.exitStatus == .usage)
  }

  /// A document with one option.
  private static func document(_ key: String, _ value: JSONValue) -> JSONValue {
    key.split(separator: ".").reversed().reduce(value) { .object([String($1): $0]) }
  }
}
