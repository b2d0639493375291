import Foundation
import Fusion
import Testing

@Suite struct SplineTests {
  private func spline(_ order: Int) throws -> Spline { try #require(Spline.of(order: order)) }

  /// As in the textbooks.
  @Test func weightsAreThoseOfTheBSpline() throws {
    #expect(try spline(2).weights(at: 0.5).map { ($0 * 8).rounded(toPlaces: 9) } == [1, 6, 1])
    #expect(try spline(3).weights(at: 0).map { ($0 * 6).rounded(toPlaces: 9) } == [1, 4, 1, 0])
    #expect(try spline(4).weights(at: 0.5).map { ($0 * 384).rounded(toPlaces: 9) } == [1, 76, 230, 76, 1])
    #expect(try spline(5).weights(at: 0).map { ($0 * 120).rounded(toPlaces: 9) } == [1, 26, 66, 26, 1, 0])
    for order in 2...5 {
      for i in 0...20 {
        let sum = try spline(order).weights(at: Double(i) / 20).reduce(0, +)
        #expect((sum - 1).magnitude < 1e-14, "\(order)")
      }
    }
  }

  /// The pole of order 3 is √3 − 2, the first of order 5 is −0.4306.
  @Test func filtersAreTheInversesOfTheWeights() throws {
    #expect(abs(try spline(3).filter[1] / spline(3).filter[0] - (sqrt(3) - 2)) < 1e-12)
    #expect((2...5).map { Spline.of(order: $0)?.reach } == [10, 14, 19, 24])
    for order in 2...5 {
      let spline = try spline(order)
      // a coefficient of an impulse at 0
      func c(_ i: Int) -> Double {
        i == 0 ? 1 - 2 * spline.filter.reduce(0, +) : i.magnitude <= spline.reach ? spline.filter[abs(i) - 1] : 0
      }
      for at in -40...40 {
        let weights = spline.weights(at: spline.raise)
        let sample = weights.enumerated().reduce(0) { $0 + $1.element * c(at + $1.offset - spline.centre) }
        #expect((sample - (at == 0 ? 1 : 0)).magnitude < 0x1p-25, "\(order) \(at)")
      }
    }
  }

  @Test func beyondItsEndsAnAxisIsSeenInMirrors() {
    #expect((-7...9).map { Spline.mirrored($0, length: 4) } == [1, 0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2, 3])
    #expect((-3...3).allSatisfy { Spline.mirrored($0, length: 1) == 0 })
    #expect((-3...3).map { Spline.mirrored($0, length: 2) } == [1, 0, 1, 0, 1, 0, 1])
  }
}

extension Double {
  fileprivate func rounded(toPlaces places: Int) -> Double { (self * pow(10, Double(places))).rounded() / pow(10, Double(places)) }
}
