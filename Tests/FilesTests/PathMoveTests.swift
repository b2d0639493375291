import Files
import Testing

@Suite struct PathMoveTests {
  @Test(
    arguments: [
      ("/a/tiles", "/b/t"), ("/a/tiles/1.zarr", "/b/t/1.zarr"), ("/a/tiles2", nil), ("/a/tiles2/1.zarr", nil), ("/a", nil),
      ("/a/tiles/x/tiles/y", "/b/t/x/tiles/y"), ("/c/a/tiles/1", nil),
    ] as [(String, String?)])
  func byWholeNames(path: String, moved: String?) {
    #expect(PathMove(from: "/a/tiles", to: "/b/t").moved(path) == moved)
  }

  @Test func fromAndToTheRoot() {
    #expect(PathMove(from: "/", to: "/mnt").moved("/a/b") == "/mnt/a/b")
    #expect(PathMove(from: "/mnt", to: "/").moved("/mnt/a/b") == "/a/b")
  }

  @Test func ofSeveralTheInnermostFolder() {
    let moves = [PathMove(from: "/a", to: "/x"), PathMove(from: "/a/b", to: "/y"), PathMove(from: "/c", to: "/z")]
    #expect(moves.moved("/a/b/1") == "/y/1")
    #expect(moves.moved("/a/1") == "/x/1")
    #expect(moves.moved("/d/1") == nil)
    #expect([PathMove]().moved("/a") == nil)
  }
}
