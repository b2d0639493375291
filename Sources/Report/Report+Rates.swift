import Diagnostics
import Foundation
import JobStore
import Jobs

extension Report {
  /// Runs that are listed.
  private static let runLimit = 30

  /// The rate over the time that was worked, and the runs.
  func rates() -> HTML {
    let progress = content.progress
    guard !progress.runs.isEmpty else {
      let why = progress.tasks == nil ? "The job was not run yet." : "Tasks of a work order do the job; no process has run it here."
      return "<section><h2>Runs</h2><p>\(why)</p></section>"
    }
    let rows: [HTML] = progress.runs.suffix(Self.runLimit).reversed().map { run in
      let seconds = progress.seconds(of: run)
      let rate = seconds > 0.5 && run.progress.voxels > 0 ? number(Double(run.progress.voxels) / seconds / 1e6) : ""
      return """
        <tr><td>\(momentText(run.worker.startedAt))</td><td>\(durationText(seconds))</td><td>\(run.worker.host) · \
        \(run.worker.pid)</td><td>\(run.progress.blocks.grouped)</td><td>\(rate)</td>\
        <td>\(byteText(run.progress.bytes))</td><td>\(ending(run))</td></tr>
        """
    }
    let rest = progress.runs.count - rows.count
    let more: HTML? =
      rest > 0 ? "<p>\(counted(rest, "earlier one is", "earlier ones are")) in table <code>run</code> of the job database.</p>" : nil
    return """
      <section><h2>Runs</h2>\(chart())
      <div class="wide"><table><thead><tr><th>started</th><th>for</th><th>host · process</th><th>blocks</th>\
      <th>Mvoxel/s</th><th>written</th><th>end</th></tr></thead><tbody>\(rows)</tbody></table></div>\(more)</section>
      """
  }

  private func ending(_ run: RunRecord) -> HTML {
    switch run.outcome {
    case _ where run.isLive: "<span class=\"state running\">running</span>"
    case .finished: "finished"
    case .interrupted: "stopped"
    case .error(let message): "<strong class=\"bad\">error</strong>: \(message)"
    case .died, nil: "died"
    }
  }

  /// Steps of one run: the rate between two moments.
  private struct Step {
    let from: Double
    let to: Double
    let rate: Double
  }

  private func chart() -> HTML? {
    let progress = content.progress
    let samples = Dictionary(grouping: progress.samples, by: \.run)
    var steps: [[Step]] = []
    var clock = 0.0
    for run in progress.runs {
      var moments = [(0.0, 0)]
      for sample in samples[run.id] ?? [] {
        moments.append((progress.workedSeconds(at: sample, of: run), sample.progress.voxels))
      }
      moments.append((progress.seconds(of: run), run.progress.voxels))
      var own: [Step] = []
      for (a, b) in zip(moments, moments.dropFirst()) where b.0 - a.0 > 0.2 {
        own.append(Step(from: clock + a.0, to: clock + b.0, rate: max(0, Double(b.1 - a.1)) / (b.0 - a.0)))
      }
      // short ones have no moment between start and end
      clock += progress.seconds(of: run)
      if !own.isEmpty { steps.append(own) }
    }
    // one step says no more than the table does
    guard steps.joined().count > 1, clock > 0, let top = steps.joined().map(\.rate).max(), top > 0 else { return nil }
    let paths: [HTML] = steps.map { own in
      func x(_ time: Double) -> HTML { coordinate(1000 * time / clock) }
      func y(_ rate: Double) -> HTML { coordinate(200 - 195 * rate / top) }
      let line: [HTML] = own.map { "L\(x($0.from)),\(y($0.rate))L\(x($0.to)),\(y($0.rate))" }
      return "<path d=\"M\(x(own[0].from)),200\(line)L\(x(own[own.count - 1].to)),200Z\"/>"
    }
    return """
      <figure class="chart"><figcaption>Millions of voxels a second, over the time of work\
      \(progress.runs.count > 1 ? ", one run after the other" : "")</figcaption>\
      <div class="up"><span>\(number(top / 1e6))</span><span>0</span></div>\
      <svg viewBox="0 0 1000 200" preserveAspectRatio="none" role="img" \
      aria-label="Rate over time, up to \(number(top / 1e6)) million voxels a second">\(paths)</svg>\
      <div class="along"><span>0</span><span>\(durationText(clock))</span></div></figure>
      """
  }
}
