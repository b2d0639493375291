import Foundation
import Testing

/// docs/architecture.md leads to files that are there, and no file is too long to be read.
@Suite struct GuideTests {
  private let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Whatever a row of the guide names in backticks as a path of this package.
  private func paths(in guide: String) -> [String] {
    guide.split(separator: "\n").filter { $0.hasPrefix("|") }.flatMap { row in
      row.split(separator: "`").map(String.init).filter { ["Sources/", "Tests/", "migrations"].contains(where: $0.hasPrefix) }
    }
  }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: package.appendingPathComponent(path).path) }

  @Test func everyFileThatTheGuideNamesIsThere() throws {
    let guide = try String(contentsOf: package.appendingPathComponent("docs/architecture.md"), encoding: .utf8)
    let named = paths(in: guide)
    #expect(named.count > 40)
    #expect(named.filter { !exists($0) } == [])
  }

  @Test func aRowOfTheGuideIsReadAsItsPaths() {
    #expect(paths(in: "text `Sources/None`\n| a thing | `Sources/A/B.swift` and `word` | `Tests/T` |") == ["Sources/A/B.swift", "Tests/T"])
    #expect(!exists("Sources/A/B.swift"))
  }

  @Test func noFileHasMoreThan400Lines() throws {
    var long: [String] = []
    var looked = 0
    for folder in ["Sources", "Tests", "Fuzz"] {
      let files = FileManager.default.enumerator(at: package.appendingPathComponent(folder), includingPropertiesForKeys: nil)
      for case let file as URL in files ?? FileManager.DirectoryEnumerator() where ["swift", "c", "h", "py"].contains(file.pathExtension) {
        looked += 1
        let count = try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false).count - 1
        if count > 400 { long.append("\(file.lastPathComponent): \(count)") }
      }
    }
    #expect(looked > 400)
    #expect(long == [])
  }
}
