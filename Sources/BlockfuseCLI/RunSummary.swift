import Diagnostics
import Engine
import Foundation
import JobStore

/// The last words of a run: what it wrote, how long it took and how fast it was; and of a complete job, how much was written
/// for it and how to open it.
package struct RunSummary {
  private let job: JobRecord
  private let reading: RunMeter.Reading
  /// All runs of the job; nil where its blocks came from tasks, too, so that the sum says little.
  private let runs: [RunRecord]?

  package init(_ job: JobRecord, _ reading: RunMeter.Reading, runs: [RunRecord]?) {
    (self.job, self.reading, self.runs) = (job, reading, runs)
  }

  init(_ job: JobRecord, _ reading: RunMeter.Reading, in store: JobStore) throws {
    self.init(job, reading, runs: try store.orders(of: job.id).isEmpty ? store.runs(of: job.id) : nil)
  }

  /// Nil where nothing was left to do.
  package var work: String? {
    guard reading.finishedBlocks + reading.bulkEmptyBlocks > 0 else { return nil }
    var words = "job \(job.id): \(counted(reading.doneBlocks, "block")) written in \(Self.pace(reading))"
    if let runs, runs.count > 1 {
      let all = runs.reduce(0) { $0 + ($1.progress.workedSeconds ?? 0) }
      words += "; \(counted(runs.count, "run")), \(durationText(all)) in all"
    }
    return words
  }

  /// How long it took, how fast it was, how much it wrote.
  static func pace(_ reading: RunMeter.Reading) -> String {
    var words = durationText(reading.elapsedSeconds)
    if reading.elapsedSeconds > 0, reading.voxels > 0 { words += ", \(rateText(Double(reading.voxels) / reading.elapsedSeconds))" }
    if reading.writtenByteCount > 0 { words += ", \(byteText(reading.writtenByteCount))" }
    return words
  }

  /// Of a job that is complete.
  package var output: [String] {
    let path = job.description.outputPath
    let byteCount = runs?.reduce(0) { $0 + $1.progress.bytes } ?? 0
    // more than what is there, where blocks were made again: nothing keeps the sizes of all files
    let size = byteCount > 0 ? ", \(byteText(byteCount)) written" : ""
    let open =
      job.description.ngffVersion == nil
      ? "open it in Python with `zarr.open(\"\(path)\", mode=\"r\")`"
      : "open it with `napari --plugin napari-ome-zarr \(shellWord(path))`, or in Fiji with File > Import > HDF5/N5/Zarr/OME-NGFF"
    return ["job \(job.id) is complete: \(path)\(size)", open]
  }
}
