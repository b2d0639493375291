import Fusion
import Geometry
import Testing

@Suite struct AxisLineTests {
  @Test func validIntervalsAreWhatThePredicateSays() {
    var g = SeededGenerator(seed: 1)
    for _ in 0..<2000 {
      let slopes: [Double] = [0, 1, -1, 1e-10, -1e-10, 1e-300, 1e300, Double.random(in: -3...3, using: &g)]
      let offsets: [Double] = [0, 5, -5, 1e5 + 0.3, 1e-320, Double.random(in: -30...30, using: &g)]
      let (slope, offset) = (slopes.randomElement(using: &g) ?? 0, offsets.randomElement(using: &g) ?? 0)
      let last = Double(Int.random(in: 0...20, using: &g))
      let low: Double = [0, -1e-6].randomElement(using: &g) ?? 0
      let start = Int.random(in: -20...20, using: &g)
      let range = start..<(start + Int.random(in: 0...40, using: &g))
      let valid = validInterval(offset: offset, slope: slope, from: low, to: last, in: range)
      let expected = range.filter { (low...last).contains(offset + slope * Double($0)) }
      #expect(Array(valid) == expected, "\(offset) + \(slope) i, \(low)...\(last), \(range)")
    }
    #expect(validInterval(offset: .nan, slope: 1, from: 0, to: 5, in: 0..<9).isEmpty)
    #expect(validInterval(offset: 0, slope: .infinity, from: 0, to: 5, in: 0..<9).isEmpty)
  }
}
