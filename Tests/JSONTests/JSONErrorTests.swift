import JSON
import TestSupport
import Testing

/// Where a mistake in a text is.
@Suite struct JSONErrorTests {
  @Test(arguments: [
    ("{\"views\": [\n  {\"name\": \"a\"\n   \"path\": \"b\"}\n]}", 3, 4),
    ("[1, x]", 1, 5), ("", 1, 1), ("{\r\n\"a\": 1,\r\n}", 3, 1),
    // a character of several bytes is one column
    ("{\"µ–𝛼\": x}", 1, 9), ("\u{FEFF}[x", 1, 2),
  ])
  func lineAndColumn(text: String, line: Int, column: Int) throws {
    let error = try #require(thrown(JSONError.self) { _ = try JSONValue.parse(text) })
    #expect(error.line == line && error.column == column, "\(error)")
    #expect("\(error)".hasPrefix("not valid JSON in line \(line), column \(column): "))
  }
}
