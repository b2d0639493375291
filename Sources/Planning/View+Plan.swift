import Geometry
import Views

extension View {
  /// The one resolution level that a job uses of a view that it planned.
  package var level: ViewLevel { levels[0] }

  /// The view as a job uses it and records it: one of its levels, and the job's own time points and channels.
  func planned(level: Int, times: [Int], channels: [Int]) -> View {
    View(
      name: name, path: path, transforms: [:],
      details: ViewDetails(
        format: details.format, levels: [levels[level]], times: details.times.selecting(times),
        channels: details.channels.selecting(channels), intensityScale: intensityScale,
        intensityOffset: intensityOffset, isPlacedByDataset: details.isPlacedByDataset, dataset: details.dataset,
        mending: details.mending, correction: details.correction),
      fingerprint: fingerprint)
  }
}
