import Geometry

/// One axis of a map whose axes do not mix: output index to a whole pixel and a fraction.
///
/// A shift is kept as a whole and a fraction, so that the fraction is the same everywhere; any other scale is evaluated
/// from the global index. What lies beyond the view's ends, as far as its reach goes, is on them.
struct AxisLine {
  let scale: Double
  let offset: Double
  let length: Int
  /// The coordinates between which there are samples.
  private let reach: (lower: Double, upper: Double)
  /// Whether samples lie between the first and the last pixel, and no further.
  private let isPlain: Bool
  private let isShift: Bool
  private let shiftBase: Int
  private let shiftFraction: Double

  init(_ view: PlacedView, axis: Int) {
    let map = view.map
    (scale, offset, length) = (map.rows[axis][axis], map.offset[axis], view.shape[axis])
    (reach, isPlain) = ((view.reach.lower[axis], view.reach.upper[axis]), view.isPlain)
    // beyond 2^52 there are no fractions, and far beyond no voxels of any view
    if map.rows[axis][axis] == 1, map.offset[axis].magnitude < 0x1p52 {
      isShift = true
      var base = map.offset[axis].rounded(.down)
      var fraction = map.offset[axis] - base
      // as in a `PixelMap` made of places: so near to a whole pixel, it is that pixel
      if fraction >= 1 - ViewEdge.tolerance { (base, fraction) = (base + 1, 0) }
      if fraction <= ViewEdge.tolerance { fraction = 0 }
      (shiftBase, shiftFraction) = (Int(base), fraction)
    } else {
      (isShift, shiftBase, shiftFraction) = (false, 0, 0)
    }
  }

  /// Whether samples are pixels themselves, next to each other.
  var isWholeShift: Bool { isShift && shiftFraction == 0 }

  /// The whole pixel and the fraction of an output index; only for valid indices.
  func position(at index: Int) -> (base: Int, fraction: Double) {
    if isShift {
      let base = shiftBase + index
      if isPlain || (base >= 0 && base < length - 1) { return (base, shiftFraction) }
      return (min(max(base, 0), length - 1), 0)
    }
    let p = min(max(offset + scale * Double(index), 0), Double(length - 1))
    let base = p.rounded(.down)
    return (Int(base), p - base)
  }

  /// The pixel that is nearest; halves go up.
  func nearest(at index: Int) -> Int {
    let nearest =
      isShift
      ? shiftBase + index + (shiftFraction >= 0.5 ? 1 : 0) : Int((offset + scale * Double(index) + 0.5).rounded(.down))
    return isPlain ? nearest : min(max(nearest, 0), length - 1)
  }

  /// The pixels that a valid output index needs.
  func taps(at index: Int, order: Int) -> Range<Int> {
    if order == 0 {
      let at = nearest(at: index)
      return at..<(at + 1)
    }
    let (base, fraction) = position(at: index)
    return base..<(base + (fraction > 0 ? 2 : 1))
  }

  /// The output indices of a range whose sample lies in the view.
  func validRange(in range: Range<Int>) -> Range<Int> {
    if isShift && isPlain {
      let first = max(range.lowerBound, -shiftBase)
      let end = min(range.upperBound, length - shiftBase - (shiftFraction > 0 ? 1 : 0))
      return first < end ? first..<end : range.lowerBound..<range.lowerBound
    }
    let start = isShift ? Double(shiftBase) + shiftFraction : offset
    return validInterval(offset: start, slope: scale, from: reach.lower, to: reach.upper, in: range)
  }
}

/// The indices `i` of a range for which `low <= offset + slope * i <= high`: estimated by division, then settled by
/// evaluating exactly that expression at the ends, so that every block agrees on every voxel.
package func validInterval(offset: Double, slope: Double, from low: Double, to high: Double, in range: Range<Int>)
  -> Range<Int>
{
  let empty = range.lowerBound..<range.lowerBound
  guard offset.isFinite, slope.isFinite, !range.isEmpty else { return empty }
  let first = offset + slope * Double(range.lowerBound)
  let final = offset + slope * Double(range.upperBound - 1)
  if first >= low && first <= high && final >= low && final <= high { return range }
  if slope == 0 || (first < low && final < low) || (first > high && final > high) { return empty }
  let entry = slope > 0 ? low : high
  let exit = slope > 0 ? high : low
  // rounding keeps the order of products and sums, so each of the two is false, then true (or the reverse) along i
  func isBefore(_ i: Int) -> Bool {
    let p = offset + slope * Double(i)
    return slope > 0 ? p < entry : p > entry
  }
  func isAfter(_ i: Int) -> Bool {
    let p = offset + slope * Double(i)
    return slope > 0 ? p > exit : p < exit
  }
  var lower = clampedInt((entry - offset) / slope, to: range)
  while lower > range.lowerBound && !isBefore(lower - 1) { lower -= 1 }
  while lower < range.upperBound && isBefore(lower) { lower += 1 }
  var upper = clampedInt((exit - offset) / slope + 1, to: range)
  while upper > range.lowerBound && isAfter(upper - 1) { upper -= 1 }
  while upper < range.upperBound && !isAfter(upper) { upper += 1 }
  return lower < upper ? lower..<upper : empty
}

private func clampedInt(_ value: Double, to range: Range<Int>) -> Int {
  if !(value > Double(range.lowerBound)) { return range.lowerBound }
  if value >= Double(range.upperBound) { return range.upperBound }
  return Int(value)
}
