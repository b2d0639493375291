import Diagnostics
import Testing

/// What is in a command of a hint can be pasted into a shell.
@Suite struct ShellWordTests {
  @Test(arguments: [
    ("/data/a-1.ome.zarr", "/data/a-1.ome.zarr"), ("", "''"), ("my data", "'my data'"), ("it's", "'it'\\''s'"), ("$HOME", "'$HOME'"),
    ("Müller", "'Müller'"), ("a\u{a0}b", "'a\u{a0}b'"),
  ])
  func words(_ text: String, _ word: String) { #expect(shellWord(text) == word) }
}
