import Files
import Testing

@Suite struct TemporaryNameTests {
  @Test(arguments: [
    ("0", "1F2e3d4c-77"), ("12", "1f2e3d4c-77-ab0912ff00aa1122"), ("zarr.json", "4711-9af"), (".zarray", "4711-deadbeef"),
  ])
  func namesThatAreGivenAreKnown(target: String, tag: String) {
    let path = TemporaryName.path(of: "/out/0/" + target, tag: tag)
    #expect(path == "/out/0/.\(target).\(tag).tmp")
    #expect(TemporaryName.target(of: String(path.dropFirst("/out/0/".count))) == target)
  }

  @Test(arguments: [
    "notes.tmp", ".notes.tmp", ".5.x.tmp", "5.1f2e3d4c-77.tmp", ".5.1f2e3d4c-77.tmp~", "..1f2e3d4c-77.tmp", ".5.1f2e3d4c-.tmp",
    ".5.1f2e3d4-7z.tmp", ".5.4711-9AF.tmp", ".5.4711.tmp", "",
  ])
  func thoseOfOthersAreNot(name: String) { #expect(TemporaryName.target(of: name) == nil) }
}
