/// A stretch of one row with the values and weights of several views. NaN is no value, and becomes the result where no view
/// has one.
struct ValueRow<S: FusionScalar> {
  let count: Int
  let viewCount: Int
  /// `count` values of each view.
  let values: [UnsafePointer<S>]
  /// `count` blending weights of each view; empty if the function uses none.
  let weights: [UnsafePointer<Float>]
  /// The ranks of the views (`PlacedView.rank`); empty if the function uses none.
  let ranks: [Int]
  let result: UnsafeMutablePointer<S>
  /// If asked for, the place of the view whose value each result is; -1 if it is made of several, or of none.
  let decided: UnsafeMutablePointer<Int32>?
  /// The stored integer that a value of a view is, if it is one of 64 bits, which `S` may have rounded.
  let storedInteger: ((_ place: Int, _ i: Int) -> Int128?)?

  init(
    count: Int, viewCount: Int, values: [UnsafePointer<S>], weights: [UnsafePointer<Float>], ranks: [Int] = [],
    result: UnsafeMutablePointer<S>, decided: UnsafeMutablePointer<Int32>? = nil,
    storedInteger: ((_ place: Int, _ i: Int) -> Int128?)? = nil
  ) {
    (self.count, self.viewCount, self.values, self.weights, self.ranks) = (count, viewCount, values, weights, ranks)
    (self.result, self.decided, self.storedInteger) = (result, decided, storedInteger)
  }

  /// Takes the mean of the values that are there: by their weights, or all alike without weights.
  @inline(__always)
  func takeMean() {
    for i in 0..<count {
      var (sum, weightSum): (S, S) = (0, 0)
      var (only, found) = (0, 0)
      for place in 0..<viewCount {
        let value = values[place][i]
        guard value == value else { continue }
        let weight = weights.isEmpty ? 1 : S(weights[place][i])
        found += 1
        if found == 1 {
          only = place
          (sum, weightSum) = (weight * value, weight)
        } else {
          sum = sum + weight * value
          weightSum = weightSum + weight
        }
      }
      if found == 0 {
        result[i] = .nan
      } else if found == 1 {
        result[i] = values[only][i]
      } else {
        sum = sum / weightSum
        result[i] =
          sum.isFinite
          ? sum
          : ExtremeNumbers.mean(count: viewCount) {
            (values[$0][i], weights.isEmpty ? 1 : S(weights[$0][i]))
          }
      }
      decided?[i] = found == 1 ? Int32(truncatingIfNeeded: only) : -1
    }
  }

  /// Takes the median of the values that are there; of an even number the mean of the two in the middle.
  func takeMedian() {
    var places = [Int](repeating: 0, count: viewCount)
    for i in 0..<count {
      // few views meet at a voxel, so they are sorted by insertion
      var found = 0
      for place in 0..<viewCount where values[place][i] == values[place][i] {
        var k = found
        while k > 0, isLarger(places[k - 1], than: place, i) {
          places[k] = places[k - 1]
          k -= 1
        }
        places[k] = place
        found += 1
      }
      let middle = found / 2
      if found == 0 {
        result[i] = .nan
      } else if found % 2 == 1 {
        result[i] = values[places[middle]][i]
      } else {
        let (low, high) = (values[places[middle - 1]][i], values[places[middle]][i])
        let mean = (low + high) / 2
        result[i] = mean.isFinite ? mean : ExtremeNumbers.mean(count: 2) { ($0 == 0 ? low : high, 1) }
      }
      decided?[i] = found % 2 == 1 ? Int32(truncatingIfNeeded: places[middle]) : -1
    }
  }

  /// Takes one of the values: the first, or a later one that is better than the best before it.
  @inline(__always)
  func takeBest(_ isBetter: (_ place: Int, _ best: Int, _ i: Int) -> Bool) {
    for i in 0..<count {
      var best = -1
      for place in 0..<viewCount where values[place][i] == values[place][i] {
        if best < 0 || isBetter(place, best, i) { best = place }
      }
      result[i] = best < 0 ? .nan : values[best][i]
      decided?[i] = Int32(truncatingIfNeeded: best)
    }
  }

  /// Whether one view's value is larger than another's: by the stored integers, if both are such.
  func isLarger(_ a: Int, than b: Int, _ i: Int) -> Bool {
    if let storedInteger, let p = storedInteger(a, i), let q = storedInteger(b, i) { return p > q }
    return values[a][i] > values[b][i]
  }
}
