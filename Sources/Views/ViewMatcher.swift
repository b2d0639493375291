import Geometry
import Zarr

/// Matches views with the first one: its axes of space, its channels by name, its time points by value, in its order.
///
/// Where one of the two has no names, or no values, it goes by index. Whatever has no counterpart is an error.
struct ViewMatcher {
  private let first: OpenedImage
  private let shape: TCZYX
  /// Shared by all views that keep the order, which is nearly all.
  private let sameTimes: [Int]
  private let sameChannels: [Int]

  init(first: OpenedImage, name: String) {
    self.first = first
    shape = first.levels[0].shape
    sameTimes = Array(0..<shape.t)
    sameChannels = Array(0..<shape.c)
  }

  func match(_ placed: PlacedImage, entry: DatasetEntry) throws(ViewsError) -> View {
    let image = placed.image
    let (mine, other) = (first.axes.filter { $0.spaceLane != nil }, image.axes.filter { $0.spaceLane != nil })
    if mine != other {
      throw .mismatch(view: entry.name, field: "axes", expected: text(mine), found: text(other))
    }
    let times = try timeIndices(image, name: entry.name)
    let details = ViewDetails(
      format: image.format, levels: image.levels, timeIndices: times,
      channelIndices: try channelIndices(image, name: entry.name), intensityScale: entry.scale,
      intensityOffset: entry.offset, isPlacedByDataset: image.isPlacedByDataset)
    let transforms = placed.transforms.mapValues { transform in
      if case .perTime(let maps) = transform { ViewTransform.perTime(times.map { maps[$0] }) } else { transform }
    }
    return View(
      name: entry.name, path: image.path, transforms: transforms, details: details, fingerprint: image.fingerprint)
  }

  private func channelIndices(_ image: OpenedImage, name: String) throws(ViewsError) -> [Int] {
    let count = image.levels[0].shape.c
    guard let mine = first.channelNames, let other = image.channelNames, mine != other else {
      guard count == shape.c else {
        throw .mismatch(view: name, field: "channels", expected: "\(shape.c)", found: "\(count)")
      }
      return sameChannels
    }
    guard Set(mine) == Set(other), mine.count == other.count, Set(mine).count == mine.count else {
      throw .mismatch(view: name, field: "channels", expected: text(mine), found: text(other))
    }
    return mine.map { channel in other.firstIndex(of: channel) ?? 0 }
  }

  private func timeIndices(_ image: OpenedImage, name: String) throws(ViewsError) -> [Int] {
    let count = image.levels[0].shape.t
    guard count == shape.t else {
      throw .mismatch(view: name, field: "time points", expected: "\(shape.t)", found: "\(count)")
    }
    guard let mine = first.time, let other = image.time, mine != other else { return sameTimes }
    let factor = try unitFactor(from: other, to: mine, name: name)
    // times are written with some digits only; a millionth of a step tells no points apart. Both axes are regular, so
    // the ends decide, and what matches keeps its order
    for t in [0, count - 1] {
      let (value, found) = (mine.value(t), other.value(t) * factor)
      guard (found - value).magnitude <= 1e-6 * mine.scale + 1e-9 * value.magnitude else {
        throw .mismatch(
          view: name, field: "time points", expected: "\(mine.value(0)) to \(mine.value(count - 1))",
          found: "\(other.value(0) * factor) to \(other.value(count - 1) * factor)")
      }
    }
    return sameTimes
  }

  private func unitFactor(
    from other: OpenedImage.TimeAxis, to mine: OpenedImage.TimeAxis, name: String
  ) throws(ViewsError) -> Double {
    guard let unit = other.unit, let myUnit = mine.unit, unit != myUnit else { return 1 }
    guard let from = OMEUnits.seconds(in: unit), let to = OMEUnits.seconds(in: myUnit) else {
      throw .mismatch(view: name, field: "time unit", expected: "\"\(myUnit)\"", found: "\"\(unit)\"")
    }
    return from / to
  }

  private func text(_ axes: [Axis]) -> String { axes.map(\.rawValue).joined(separator: " ") }

  private func text(_ names: [String]) -> String { names.map { "\"\($0)\"" }.joined(separator: ", ") }
}
