import Report
import Testing

/// What users name things cannot become markup.
@Suite struct HTMLTests {
  @Test func stringsAreEscaped() {
    let name = "<script>alert(\"1\")</script> & 'x'"
    let html: HTML = "<td title=\"\(name)\">\(name)</td>"
    let safe = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;"
    #expect(html.text == "<td title=\"\(safe)\">\(safe)</td>")
  }

  @Test func htmlIsNotEscapedTwice() {
    let cell: HTML = "<td>\("a<b")</td>"
    let row: HTML = "<tr>\([cell, cell])\(cell)</tr>"
    #expect(row.text == "<tr>" + String(repeating: "<td>a&lt;b</td>", count: 3) + "</tr>")
  }

  @Test func controlCharactersAreReplaced() {
    let html: HTML = "\("a\u{0}b\u{7f}c\u{1b}[31m\n\u{202e}<")"
    #expect(html.text == "a\\u0000b\\u007fc\\u001b[31m\n\\u202e&lt;")
  }

  @Test func coordinates() {
    #expect(
      [0, 1.5, -0.25, 100, 1234.56789, -3, .nan, 1e300].map { coordinate($0).text } == [
        "0", "1.500", "-0.250", "100", "1234.568", "-3", "0", "0",
      ])
  }

  @Test func outlines() {
    let square = [SIMD2(0.0, 0.0), SIMD2(0.0, 2.0), SIMD2(2.0, 0.0), SIMD2(2.0, 2.0)]
    #expect(convexHull(square + square + [SIMD2(1.0, 1.0)]).count == 4)
    #expect(convexHull([SIMD2(1.0, 1.0)]).count == 1)
    #expect(convexHull([]).isEmpty)
    #expect(convexHull([SIMD2(0.0, 0.0), SIMD2(1.0, 1.0), SIMD2(2.0, 2.0)]).count == 2)
  }
}
