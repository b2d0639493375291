import Foundation
import Testing

/// Modules import downwards only. Package.swift says what each may import, and this what each may declare there.
@Suite struct ImportTests {
  private let rules = ImportRules(
    floors: [
      ["CSystem", "CStatic", "CKernels", "CZstd", "CBlosc", "CLz4", "CTiff", "CZlib", "CHDF5Library", "CBzip2", "CLzma"],
      ["CHDF5", "CTiffReader"],
      ["Geometry", "Memory", "Diagnostics", "Faults", "Migrations"],
      ["Threads", "Files", "JSON", "Pictures"],
      ["Store"],
      ["Fusion", "Zarr"],
      ["HDF5", "JobStore"],
      ["Views"],
      ["Planning"],
      ["Output"],
      ["Engine", "Projections", "TIFFExport"],
      ["Orders"],
      ["Jobs", "Slurm"],
      ["Report"],
      ["Server"],
      ["BlockfuseCLI"],
      ["BlockfuseKit", "blockfuse", "mosaic", "fuzz", "TestSupport"],
    ],
    libraries: [
      "GRDB": ["JobStore"], "GRDBSQLite": ["JobStore"], "ArgumentParser": ["BlockfuseCLI", "mosaic", "fuzz"], "FlyingFox": ["Server"],
      "FlyingSocks": ["Server"],
    ],
    system: ["Foundation", "FoundationXML", "Synchronization", "Glibc", "Darwin", "Testing"])

  @Test func importsPointDownwards() throws {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let manifest = try PackageManifest.read(package)
    #expect(manifest.targets.reduce(0) { $0 + $1.imports.count } > 300)
    #expect(rules.problems(of: manifest) == [])
  }

  // MARK: - The rules themselves, tried on a small package

  private let small = ImportRules(floors: [["Low"], ["Middle"], ["High"]], libraries: ["Library": ["High"]], system: ["Foundation"])

  private func package(_ change: (inout [String: [String]], inout [String: Set<String>]) -> Void) -> PackageManifest {
    var declared = ["Low": [], "Middle": ["Low"], "High": ["Middle", "Library"]]
    var imported: [String: Set<String>] = ["Low": ["Foundation"], "Middle": ["Low"], "High": ["Foundation", "Library", "Middle"]]
    change(&declared, &imported)
    let targets = declared.sorted { $0.key < $1.key }.map { name, dependencies in
      let list = dependencies.map { $0 == "Library" ? ".product(name: \"Library\", package: \"library\")" : "\"\($0)\"" }
      return "    .target(name: \"\(name)\", dependencies: [\(list.joined(separator: ", "))]),"
    }
    var manifest = PackageManifest("  products: [],\n  targets: [\n\(targets.joined(separator: "\n"))\n  ]\n)")
    for i in manifest.targets.indices {
      let name = manifest.targets[i].name
      manifest.targets[i].imports = ["\(name).swift": imported[name] ?? []]
    }
    return manifest
  }

  @Test func aSoundPackageHasNoProblem() {
    #expect(small.problems(of: package { _, _ in }) == [])
  }

  @Test func anArrowUpwardsIsFound() {
    let found = small.problems(
      of: package { declared, imported in
        declared["Low"] = ["High"]
        imported["Low"] = ["High"]
      })
    #expect(found == ["Low uses High, which is on no lower floor"])
  }

  @Test func anImportThatIsNotDeclaredIsFound() {
    #expect(
      small.problems(of: package { $1["Low"]?.insert("Middle") }) == ["Low.swift imports Middle, which Low does not declare"])
  }

  @Test func anImportOfATestThatIsNotDeclaredIsFound() {
    var manifest = package { _, _ in }
    var tests = PackageManifest("  products: [],\n  targets: [\n    .testTarget(name: \"LowTests\", dependencies: [\"Low\"]),\n  ]\n)")
      .targets
    tests[0].imports = ["LowTests.swift": ["Low", "Middle"]]
    manifest.targets += tests
    #expect(small.problems(of: manifest) == ["LowTests.swift imports Middle, which LowTests does not declare"])
  }

  @Test func aTargetWithoutAFloorIsFound() {
    #expect(
      small.problems(of: package { declared, _ in declared["New"] = [] })
        == ["New is on no floor: no rule says what it may import"])
    #expect(small.problems(of: package { declared, _ in declared["Low"] = nil }).contains("Low is on a floor and is no target"))
  }

  @Test func anArrowThatNoFileNeedsIsFound() {
    #expect(small.problems(of: package { $1["High"]?.remove("Middle") }) == ["High declares Middle and no file imports it"])
  }

  @Test func aLibraryIsForThoseWhoAreNamed() {
    let found = small.problems(
      of: package { declared, imported in
        declared["Middle"]?.append("Library")
        imported["Middle"]?.insert("Library")
      })
    #expect(found == ["Middle uses Library, which is not for it"])
  }
}
