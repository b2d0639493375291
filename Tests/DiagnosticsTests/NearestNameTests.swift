import Diagnostics
import Testing

@Suite struct NearestNameTests {
  @Test(arguments: [
    ("tranforms", "transforms"), ("Path", "path"), ("pahts", "path"), ("spacings", "spacing"), ("orgin", "origin"),
    ("transform", "transforms"),
  ])
  func findsWhatWasMeant(typed: String, meant: String) {
    #expect(nearestName(to: typed, among: ["name", "path", "transforms", "axes", "spacing", "origin"]) == meant)
  }

  @Test func partOfAName() {
    let options = ["output-chunksize", "output-origin", "shards"]
    #expect(nearestName(to: "chunksize", among: options) == "output-chunksize")
    #expect(nearestName(to: "out", among: options) == nil)
  }

  @Test(arguments: ["microscope", "q", "", "ab"])
  func doesNotGuessWildly(typed: String) {
    #expect(nearestName(to: typed, among: ["name", "path", "transforms", "axis", "spacing", "z"]) == nil)
  }

  @Test func namesWithDigits() {
    #expect(nearestName(to: "sigma1", among: ["sigma_1", "sigma_2"]) == "sigma_1")
    #expect(nearestName(to: "x", among: []) == nil)
  }
}
