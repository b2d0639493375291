import Diagnostics
import Foundation
import Testing

/// What errors of libraries say to people.
@Suite struct ErrorWordsTests {
  @Test func filesAreToldInTheWordsOfTheSystem() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("words-\(UUID().uuidString)")
    let missing = folder.appendingPathComponent("a/b")
    #expect(
      words { try FileManager.default.createDirectory(at: missing, withIntermediateDirectories: false) } == "No such file or directory")
    #expect(words { _ = try Data(contentsOf: missing) } == "No such file or directory")
    #expect(words { try Data().write(to: missing, options: .atomic) } == "No such file or directory")
    let process = Process()
    process.executableURL = missing
    #expect(words { try process.run() } == "No such file or directory")
    #expect(errorWords(POSIXError(.ENOSPC)) == "No space left on device")
  }

  private struct Wordless: Error { let type = "Bind" }

  @Test func namesOfTypesAreNotWords() {
    struct Part: Decodable { let name: String }
    #expect(words { _ = try JSONDecoder().decode(Part.self, from: Data("{}".utf8)) } == "\"name\" is missing")
    #expect(
      words { _ = try JSONDecoder().decode(Part.self, from: Data("{\"name\": 1}".utf8)) } == "a value of another kind is expected in name")
    #expect(!errorWords(Wordless()).contains("type:") && !errorWords(Wordless()).contains("operation"))
  }

  private func words(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return errorWords(error)
    }
  }
}
