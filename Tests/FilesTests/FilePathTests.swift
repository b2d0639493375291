import Files
import Foundation
import TestSupport
import Testing

@Suite struct FilePathTests {
  @Test(arguments: [
    ("a/b", "/data", "/data/a/b"), ("./a//b/", "/data", "/data/a/b"), ("../a", "/data/x", "/data/a"),
    ("../../../a", "/data", "/a"), ("/a/../b", "/data", "/b"), ("", "/data", "/data"), ("/", "/data", "/"),
  ])
  func joinsAndTidies(path: String, folder: String, result: String) {
    #expect(FilePath.absolute(path, in: folder) == result)
  }

  /// Above a link is the folder above what it leads to; links that nothing is above of stay as they are written.
  @Test func linksBeforeTwoDots() throws {
    let manager = FileManager.default
    let root = try #require(
      realpath(NSTemporaryDirectory(), nil).map { path in
        defer { free(path) }
        return String(cString: path) + "/blockfuse-paths-" + UUID().uuidString
      })
    defer { try? manager.removeItem(atPath: root) }
    for folder in ["real/sub/deep", "work"] {
      try manager.createDirectory(atPath: "\(root)/\(folder)", withIntermediateDirectories: true)
    }
    try manager.createSymbolicLink(atPath: root + "/work/link", withDestinationPath: "../real/sub")
    try manager.createSymbolicLink(atPath: root + "/work/broken", withDestinationPath: "nothing")
    for (path, result) in [
      ("link/../a", "real/a"), ("link/deep/../a", "work/link/a"), ("link/deep/../../a", "real/a"), ("link/a", "work/link/a"),
      ("link/none/../../a", "real/a"), ("../work/link/..", "real"), ("broken/../a", "work/a"), ("none/../link/a", "work/link/a"),
    ] {
      #expect(FilePath.absolute(path, in: root + "/work") == "\(root)/\(result)", "\(path)")
    }
    #expect(FilePath.absolute("../a", in: root + "/work/link") == root + "/real/a")
  }

  /// By the links in its last place, also to nothing; as text, so that a link may end with a slash.
  @Test func linksLeadToTheirEnd() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try FileManager.default.createDirectory(atPath: folder.path + "/sub", withIntermediateDirectories: false)
    let links = ["a": "sub/b", "sub/b": "../c/", "c": folder.path + "/nothing/d", "ring": "other", "other": "ring"]
    for (name, target) in links { try #require(symlink(target, "\(folder.path)/\(name)") == 0) }
    #expect(try FilePath.linkEnd(of: folder.path + "/a") == folder.path + "/nothing/d")
    for path in [folder.path + "/sub", folder.path + "/none", "none", "a/b"] { #expect(try FilePath.linkEnd(of: path) == path) }
    #expect(throws: StorageError.io(step: .open, path: folder.path + "/ring", errno: ELOOP)) {
      try FilePath.linkEnd(of: folder.path + "/ring")
    }
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
