import Diagnostics
import JobStore
import Jobs
import Output
import Pictures
import Report

/// The page of all jobs of a database, newest first.
struct JobList {
  /// More are counted.
  private static let limit = 500
  private let jobs: [JobRecord]
  private let path: String

  /// For reading the logs of all work orders.
  private static let seconds = 1.0

  /// - Parameter watches: what logs of work orders said so far, by the uuid of the job.
  init(_ store: JobStore, watches: inout [String: JobWatch]) throws {
    let begin = ContinuousClock.now
    jobs = try store.jobs().sorted { $0.id > $1.id }.enumerated().map { place, job in
      let left = Self.seconds - (ContinuousClock.now - begin) / .seconds(1)
      guard place < Self.limit, left > 0, job.state != .complete, try store.openOrder(of: job.id) != nil else { return job }
      return try watches[job.description.uuid, default: JobWatch()].progress(of: job.id, in: store, seconds: left).job
    }
    path = store.path
  }

  func main() -> HTML {
    let begin = ContinuousClock.now
    let rows: [HTML] = jobs.prefix(Self.limit).map { job in
      let c = job.counts
      let total = Double(max(1, c.total))
      func part(_ name: String, _ count: Int) -> HTML? {
        count > 0 ? "<i class=\"\(name)\" style=\"width:\(Int(100 * Double(count) / total))%\"></i>" : nil
      }
      let failed: HTML? = c.failed > 0 ? "<strong class=\"bad\">\(c.failed.grouped)</strong>" : nil
      // a disk may be slow to say
      let isLate = ContinuousClock.now - begin > .seconds(Self.seconds)
      let absence: HTML? =
        !isLate && OutputAbsence(of: job.description.outputPath) != .there ? " <strong class=\"bad\">(not there)</strong>" : nil
      return """
        <tr><th><a href="/job/\(job.id)">\(job.id)</a></th>\
        <td class="name"><a href="/job/\(job.id)">\(job.description.name ?? "job \(job.id)")</a></td>\
        <td>\(percentText(c.settled, of: c.total))<div class="progress">\(part("done", c.done))\(part("empty", c.empty))\
        \(part("failed", c.failed))</div></td>\
        <td><span class="state \(job.state.rawValue)">\(job.state.rawValue)</span></td><td>\(c.total.grouped)</td><td>\(failed)</td>\
        <td class="path">\(job.description.outputPath)\(absence)</td></tr>
        """
    }
    let rest = jobs.count - rows.count
    let more: HTML? = rest > 0 ? "<p>\(counted(rest, "earlier job is", "earlier jobs are")) not shown.</p>" : nil
    let table: HTML =
      jobs.isEmpty
      ? "<p>No jobs yet: <code>blockfuse fuse</code> and <code>blockfuse submit</code> make one.</p>"
      : """
      <div class="wide"><table class="jobs"><thead><tr><th>job</th><th>name</th><th>finished</th><th>state</th>\
      <th>blocks</th><th>failed</th><th>output</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
    return "<header><p class=\"kicker\">blockfuse</p><h1>Jobs</h1><p class=\"paths\">\(path)</p></header>\(table)\(more)"
  }
}

/// The little picture that browsers show beside a page's title: two overlapping tiles.
let icon: [UInt8] = {
  var picture = Picture(width: 32, height: 32)
  for row in 0..<32 {
    for column in 0..<32 {
      let first = (2..<20).contains(row) && (2..<20).contains(column)
      let second = (12..<30).contains(row) && (12..<30).contains(column)
      picture[row, column] =
        first && second ? (255, 209, 102) : first ? (43, 123, 186) : second ? (76, 155, 216) : (20, 22, 24)
    }
  }
  return PNG.encode(picture)
}()
