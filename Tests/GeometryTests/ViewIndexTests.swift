import Geometry
import Testing

@Suite struct ViewIndexTests {
  @Test(arguments: [0, 1, 7, 8, 9, 64, 65, 1000])
  func findsWhatAScanFinds(count: Int) {
    var random = SystemRandomNumberGenerator()
    func number(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &random) }
    let entries = (0..<count).map { view in
      let lower = Vector3(number(-50...200), number(-50...200), number(-50...200))
      return ViewIndex.Entry(view: view, lower: lower, upper: lower + Vector3(number(0...40), number(0...40), number(0...40)))
    }
    let index = ViewIndex(entries)
    for _ in 0..<50 {
      let lower = Index3(Int.random(in: -10...180), Int.random(in: -10...180), Int.random(in: -10...180))
      let box = Box3(lower: lower, upper: lower &+ Index3(Int.random(in: 1...30), Int.random(in: 1...30), 1))
      let scanned = entries.filter {
        all($0.lower .<= Vector3(box.upper &- 1) + 1e-6) && all($0.upper .>= Vector3(box.lower) - 1e-6)
      }.map(\.view)
      #expect(index.views(touching: box) == scanned)
      #expect(index.anyView(touching: box) == !scanned.isEmpty)
    }
  }
}
