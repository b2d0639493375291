import Testing
import Views

@Suite struct PathProblemTests {
  /// A text, and a word of what is said of it.
  @Test(arguments: [
    ("", "empty"), (" \t", "spaces"), ("s3://bucket/key", "s3://"), ("GS://b", "GS://"), ("s3+https://host/b/k", "s3+https://"),
    ("simplecache::s3://b/k", "s3://"), ("http://host", "http://"), ("file:///a%20b", "plain path: /a b"),
    ("file://localhost/a", "plain path: /a"), ("file://host/a", "file://"), ("file:/a/b", "plain path: /a/b"), (" s3://b/k", "s3://"),
    ("~", "$HOME"), ("~/a/b", "$HOME/a/b"),
    ("~nobody-of-that-name/a", "whole path"),
  ])
  func whatIsNoPath(text: String, word: String) {
    let problem = PathProblem(text)
    #expect(problem.map { $0.what + " " + $0.hint }?.contains(word) == true, "\(String(describing: problem))")
  }

  @Test(arguments: [
    "a", "/", ".", "..", "/data/a.zarr", "./s3://bucket", "./~/a", "~backup.json", "a~", "C:/data", "s3:/bucket", "://x", "3d://x",
    "a b://c",
    "ö", "dir/http://x", " a",
  ])
  func paths(text: String) {
    #expect(PathProblem(text) == nil)
  }
}
