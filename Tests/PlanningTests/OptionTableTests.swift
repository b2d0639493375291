import Foundation
import Fusion
import Geometry
import JSON
import Planning
import Testing
import Zarr

/// The table of options, what is read by it, and what is written of it.
@Suite struct OptionTableTests {
  @Test func keysAndFlagsAreUnique() {
    let rows = OptionTable.all
    #expect(rows.count > 30)
    #expect(Set(rows.map(\.key)).count == rows.count)
    let flags = rows.filter { $0.form != nil }.map(\.flag)
    #expect(Set(flags).count == flags.count)
    // those that a row names are there
    for other in rows.flatMap({ [$0.replacedBy, $0.otherNameOf].compactMap(\.self) }) {
      #expect(rows.contains { $0.key == other }, "\(other)")
    }
  }

  @Test func unknownKeysAreNamedWithTheNearest() {
    for row in OptionTable.all {
      let document = (row.key + "x").split(separator: ".").reversed().reduce(JSONValue.int(1)) { .object([String($1): $0]) }
      let error = #expect(throws: JobError.self) { try JobOptions(document) }
      #expect(error?.description.contains("unknown option \"\(row.key)x\"") == true, "\(row.key): \(String(describing: error))")
      #expect(error?.hint.hasPrefix("did you mean \"\(row.key)\"? there are ") == true, "\(row.key): \(error?.hint ?? "")")
    }
  }

  @Test func whatIsNotGivenIsTheDefault() throws {
    let options = try JobOptions(.object([:]))
    #expect(options.ignoredKeys.isEmpty && options.keysAlongZ.isEmpty)
    #expect(options.fusionFunction == "weighted_average_fusion" && options.interpolationOrder == 1)
    #expect(options.planewise == .auto && options.rounding == .nearest && options.missingViews == .fail)
    #expect(options.blendingWidths == [.z: 3, .y: 10, .x: 10] && options.outputSpacing.isEmpty)
    #expect(options.isOMEZarr && !options.overwrite && !options.outputMask && options.shards == nil)
    // null is not given
    let nulls = OptionTable.options(in: "").map { ($0.name, JSONValue.null) }
    #expect(throws: Never.self) { try JobOptions(.object(Dictionary(uniqueKeysWithValues: nulls))) }
  }

  @Test func whatIsGivenIsRead() throws {
    let options = try JobOptions(
      .parse(
        """
        {"fusion_method_kwargs": {"a": 1}, "planewise": true, "blending_widths": {"y": 4}, "output_mask": true, "timepoints": [0, "2"],
         "zarr_options": {"ngff_version": "0.5", "zarr_array_creation_kwargs": {"shards": [1, 1, 8, 64, 64], "compressor": null}},
         "batch_options": {"n_batch": 3}}
        """))
    #expect(options.fusionArguments == ["a": 1] && options.planewise == .true && options.batchCount == 3)
    #expect(options.blendingWidths == [.z: 3, .y: 4, .x: 10] && options.timePoints == [0, 2])
    #expect(options.shards == [.z: 8, .y: 64, .x: 64] && options.compressor == .none)
    // a mask is small
    #expect(options.outputType == .uint8)
  }

  @Test func whatIsReplacedIsNamed() throws {
    let options = try JobOptions(
      .parse(
        """
        {"output_stack_properties": {"spacing": {"z": 1}, "origin": {"z": 0}, "shape": {"z": 4}},
         "output_spacing": "nonsense", "output_shape": {"z": 7}, "bounding_box": null}
        """))
    #expect(options.ignoredKeys == ["output_spacing", "output_shape"])
    #expect(options.outputSpacing == [.z: 1] && options.outputShape == [.z: 4])
    #expect(options.keysAlongZ == ["output_stack_properties.origin", "output_stack_properties.shape"])
  }

  /// docs/options.md is made from the table: with WRITE_DOCS=1 this test writes it.
  @Test func theDocumentIsThatOfTheTable() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let file = folder.appendingPathComponent("docs/options.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let first = try #require(lines.firstIndex { $0.hasPrefix("| key |") })
    let last = try #require(lines.lastIndex { $0.hasPrefix("|") })
    let made = (lines[..<first].map(String.init) + table + lines[(last + 1)...].map(String.init)).joined(separator: "\n")
    if ProcessInfo.processInfo.environment["WRITE_DOCS"] != nil {
      try Data(made.utf8).write(to: file)
    } else {
      #expect(text == made, "docs/options.md is not that of the options; it should be:\n\(table.joined(separator: "\n"))")
    }
  }

  private var table: [String] {
    ["| key | flag | default | |", "|---|---|---|---|"]
      + OptionTable.all.map { row in
        let help = row.help.text(.builtin).components(separatedBy: " Default: ")
        let value = row.form == .flag ? "" : " \(row.valueName ?? "…")"
        let usual = help.count > 1 ? String(help[1].dropLast()) : row.defaultText.map { "`\($0)`" } ?? ""
        let cells = ["`\(row.key)`", row.form == nil ? "" : "`--\(row.flag)\(value)`", usual, help[0]]
        return "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
      }
  }
}
