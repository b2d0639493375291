import Diagnostics
import Testing

@Suite struct PrintableTextTests {
  @Test func whatATerminalObeysIsWrittenAsItsNumber() {
    #expect("a\u{1b}[31mb\u{7}c\r\u{0}".printable == "a\\u001b[31mb\\u0007c\\u000d\\u0000")
    // one byte for a whole command, where a terminal reads Latin-1
    #expect("\u{9b}31m\u{85}\u{7f}".printable == "\\u009b31m\\u0085\\u007f")
    #expect("tile\u{202e}fit.1\u{2028}\u{2066}".printable == "tile\\u202efit.1\\u2028\\u2066")
  }

  @Test(arguments: ["", "tile_1", "two\nlines\tand more", "Müller · µm – “ein” … 日本語 👩‍🔬", "c2 a0: \u{a0}"])
  func allElseStays(text: String) { #expect(text.printable == text) }

  @Test func aLineThatEndsInTheWayOfAnotherSystem() { #expect("a\r\nb".printable == "a\\u000d\nb") }

  /// A name with the end of a line in it would look like two.
  @Test func aLineIsOne() {
    #expect("a\nblockfuse: error: b\tc\r\n".printableLine == "a\\u000ablockfuse: error: b\\u0009c\\u000d\\u000a")
    #expect("two things changed:\n  - one\n  - the\nother".printableLine == "two things changed:\n  - one\n  - the\\u000aother")
  }
}
