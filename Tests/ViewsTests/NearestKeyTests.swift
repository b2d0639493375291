import Testing
import Views

@Suite struct NearestKeyTests {
  @Test(arguments: [
    ("tranforms", "transforms"), ("Path", "path"), ("pahts", "path"), ("spacings", "spacing"), ("orgin", "origin"),
    ("transform", "transforms"),
  ])
  func findsWhatWasMeant(typed: String, meant: String) {
    #expect(nearestKey(to: typed, in: ["name", "path", "transforms", "axes", "spacing", "origin"]) == meant)
  }

  @Test(arguments: ["microscope", "q", "", "ab"])
  func doesNotGuessWildly(typed: String) {
    #expect(nearestKey(to: typed, in: ["name", "path", "transforms", "axis", "spacing", "z"]) == nil)
  }
}
