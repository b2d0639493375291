import Diagnostics
import JobStore
import Views

/// The commands with which a job goes on after images of its views changed.
package enum ChangeAdvice {
  private static let namedAtMost = 3

  /// Nil where no view changed, and the output is there.
  ///
  /// - Parameter isOutputGone: nothing is where the output was.
  package static func text(for views: ChangedViews, job: JobID, isOutputGone: Bool = false) -> String? {
    if views.isEmpty, !isOutputGone { return nil }
    var parts: [String] = []
    let kinds = views.kinds
    if isOutputGone || kinds.contains(.gone) {
      parts.append("put back what is gone, or mount its disk; then `blockfuse run \(job)` goes on")
    }
    let moved = [isOutputGone ? " --output NEW" : "", kinds.contains(.gone) ? " --inputs OLD=NEW" : ""].joined()
    if !moved.isEmpty { parts.append("where it was moved, `blockfuse relocate \(job)\(moved)` first tells the job the new place") }
    if kinds == [.otherTime] {
      parts.append(
        "where these are the same images as before, `blockfuse run \(job) --accept-times` goes on"
          + (views.areFoldersChanged ? ", and chunks that are missing count as background" : ""))
    }
    let taken = views.entries.filter { $0.kind != .gone }
    if !taken.isEmpty {
      let isOther = kinds.contains(.otherImage)
      parts.append(
        "\(retry(taken.map(\.view.name), of: job)) takes \(taken.count == 1 ? "the image as it is" : "the images as they are") now and has the "
          + "blocks that \(taken.count == 1 ? "it touches" : "they touch") made again by `blockfuse run \(job)`"
          + (isOther ? "; `--accept-changed` with it takes another shape or type, too" : ""))
      parts.append("or restore what changed, with its times, as `cp -p` and `rsync -t` keep them")
    }
    return parts.joined(separator: "; ")
  }

  /// `blockfuse retry 3 --view a --view b`, for a few of some views.
  package static func retry(_ views: [String], of job: JobID) -> String {
    let options = views.prefix(namedAtMost).map { " --view \(shellWord($0))" }.joined()
    return "`blockfuse retry \(job)\(options)\(views.count > namedAtMost ? " …" : "")`"
  }
}
