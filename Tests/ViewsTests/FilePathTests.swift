import Testing
import Views

@Suite struct FilePathTests {
  @Test(arguments: [
    ("a/b", "/data", "/data/a/b"), ("./a//b/", "/data", "/data/a/b"), ("../a", "/data/x", "/data/a"),
    ("../../../a", "/data", "/a"), ("/a/../b", "/data", "/b"), ("", "/data", "/data"), ("/", "/data", "/"),
  ])
  func joinsAndTidies(path: String, folder: String, result: String) {
    #expect(FilePath.absolute(path, in: folder) == result)
  }

  @Test func takesPathsApart() {
    #expect(FilePath.folder(of: "/a/b") == "/a")
    #expect(FilePath.folder(of: "/a") == "/")
    #expect(FilePath.lastComponent(of: "x/b.zarr/") == "b.zarr")
    #expect(FilePath.relative("/a/b/c", to: "/a") == "b/c")
    #expect(FilePath.relative("/ab/c", to: "/a") == "/ab/c")
    #expect(FilePath.relative("/a", to: "/") == "a")
  }
}
