import Foundation
import Testing
import Views

@Suite struct WorldUnitTests {
  @Test(arguments: [
    ("0.25um", 0.25), ("0.25 um", 0.25), ("250nm", 0.25), ("1e3 nm", 1), ("µm", 1), ("\u{3BC}m", 1), ("micrometer", 1), ("0.5 mm", 500),
    (" 2 micron ", 2), ("1.5e-4mm", 0.15), ("3 angstrom", 3e-4),
  ])
  func lengths(text: String, micrometres: Double) {
    let found = WorldUnit(text)?.micrometres ?? 0
    #expect((found - micrometres).magnitude <= 1e-15 * micrometres, "\(found)")
  }

  @Test(arguments: [
    "", "0.25", "um 0.25", "0um", "-1um", "nan um", "inf um", "infum", "0.25 px", "pixel", "0x1um", "1,5um", "1e400um", "1 2um", "s",
  ])
  func whatIsNone(text: String) { #expect(WorldUnit(text) == nil) }

  @Test func goesThroughItsText() throws {
    for unit in [WorldUnit("0.1um"), WorldUnit(micrometres: 1 / 3), .micrometre, .unknown] {
      let unit = try #require(unit)
      #expect(WorldUnit(unit.text) == unit)
      #expect(try JSONDecoder().decode(WorldUnit.self, from: JSONEncoder().encode(unit)) == unit)
    }
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(WorldUnit.self, from: Data("\"px\"".utf8)) }
  }
}
