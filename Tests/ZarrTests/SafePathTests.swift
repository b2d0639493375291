import Testing
import Zarr

@Suite struct SafePathTests {
  @Test(arguments: [("0", "0"), ("./a//b/", "a/b"), ("s0/..b", "s0/..b"), ("", ""), (".", ""), ("a/./b", "a/b")])
  func kept(path: String, expected: String) throws {
    #expect(try safeRelativePath(path) == expected)
  }

  @Test(arguments: ["/etc", "..", "a/../../b", "a/..", "../x", "a\u{0}b"])
  func refused(path: String) {
    #expect(zarrError { _ = try safeRelativePath(path) } == .unsafePath(path: path))
  }
}
