import Diagnostics
import Foundation
import Geometry
import JobStore
import Jobs
import Output
import Projections
import Report
import Synchronization

/// What is answered to which address: a page of all jobs, a page for each job, their changing parts, and pictures. Reads
/// the database and outputs, and writes nothing.
final class JobPages: Sendable {
  struct Answer: Sendable {
    var status = 200
    var type = "text/html; charset=utf-8"
    var body: [UInt8]
    /// What is at this address never changes.
    var isLasting = false

    init(_ html: HTML, status: Int = 200) {
      body = Array(html.text.utf8)
      self.status = status
    }

    init(png: [UInt8], isLasting: Bool) { (body, type, self.isLasting) = (png, "image/png", isLasting) }
  }

  private struct Known: Sendable {
    let store: JobStore
    let job: LoadedJob
    let pictures: JobPictures
    var views: [ReportView]?
    var main: HTML?
    var madeAt = Date.distantPast
  }

  private let database: ServedDatabase
  /// By the uuid. One job is read at a time: looking on costs at most a core.
  private let known = Mutex<[String: Known]>([:])

  /// What tasks of each job's work order have logged, by the uuid.
  private let watches = Mutex<[String: JobWatch]>([:])

  init(store: JobStore) { database = ServedDatabase(store) }

  func answer(_ path: String) -> Answer {
    let parts = path.split(separator: "/").map(String.init)
    do {
      let store = try database.store()
      switch parts.count {
      case 0: return Answer(live(title: "Jobs", try list(store)))
      case 1 where parts[0] == "main": return Answer(try list(store))
      case 1 where parts[0] == "favicon.ico": return Answer(png: icon, isLasting: true)
      case 2 where parts[0] == "job": return try page(parts[1], store)
      case 3 where parts[0] == "job" && parts[2] == "main": return try part(parts[1], store)
      case 3 where parts[0] == "job" && parts[2].hasSuffix(".png"): return try picture(parts[1], parts[2], store)
      default: return missing("there is no such page")
      }
    } catch let error as JobStoreError {
      if case .noSuchJob = error { return missing(errorWords(error)) }
      return Answer(plain("Not now", errorWords(error)), status: 503)
    } catch {
      return Answer(plain("Not now", errorWords(error)), status: 503)
    }
  }

  // MARK: - Pages

  private func list(_ store: JobStore) throws -> HTML { try watches.withLock { try JobList(store, watches: &$0).main() } }

  private func page(_ selector: String, _ store: JobStore) throws -> Answer {
    let main = try main(of: selector, store)
    return Answer(live(title: main.title, main.html, nav: "<nav><a href=\"/\">All jobs</a></nav>"))
  }

  private func part(_ selector: String, _ store: JobStore) throws -> Answer { Answer(try main(of: selector, store).html) }

  private func main(of selector: String, _ store: JobStore) throws -> (title: String, html: HTML) {
    let record = try job(selector, store)
    let title = record.description.name ?? "job \(record.id)"
    return try known.withLock { known in
      var entry = try entry(of: record, store, &known)
      if let main = entry.main, Date().timeIntervalSince(entry.madeAt) < 1 { return (title, main) }
      let progress = try watches.withLock { try $0[record.description.uuid, default: JobWatch()].progress(of: record.id, in: store) }
      let views = try entry.views ?? ReportView.all(of: entry.job, in: store)
      let content = try ReportContent(entry.job, views: views, progress: progress, store: store)
      let pictures = entry.pictures.current(settled: progress.counts.settled)
      let report = Report(content, projections: pictures.projections, pictureProblem: pictures.problem) {
        "/job/\(record.id)/\(pictures.name(along: $0.axis))"
      }
      let main = report.main()
      (entry.views, entry.main, entry.madeAt) = (views, main, Date())
      known[record.description.uuid] = entry
      return (title, main)
    }
  }

  private func picture(_ selector: String, _ name: String, _ store: JobStore) throws -> Answer {
    let record = try job(selector, store)
    guard let axis = JobPictures.axis(of: name, uuid: record.description.uuid) else { return missing("there is no such picture") }
    let pictures = try known.withLock { try entry(of: record, store, &$0).pictures }
    let current = pictures.current(settled: record.counts.settled)
    guard let file = current.files[axis] else { return missing(current.problem ?? "there is no such picture") }
    // a page that is a moment old asks for the former one
    return Answer(png: file, isLasting: current.name(along: axis) == name)
  }

  private func entry(of record: JobRecord, _ store: JobStore, _ known: inout [String: Known]) throws -> Known {
    let uuid = record.description.uuid
    if let entry = known[uuid], entry.store === store { return entry }
    let job = try LoadedJob(record)
    let entry = Known(store: store, job: job, pictures: JobPictures(job: job, store: store))
    known = known.filter { $0.value.store === store }
    known[uuid] = entry
    return entry
  }

  /// By number only: a name may belong to another job by the next time.
  private func job(_ selector: String, _ store: JobStore) throws -> JobRecord {
    guard let id = Int(selector) else { throw JobStoreError.noSuchJob(selector: selector, path: store.path) }
    return try store.job(id)
  }

  private func missing(_ why: String) -> Answer { Answer(plain("Not found", why), status: 404) }

  private func plain(_ title: String, _ why: String) -> HTML {
    document(
      title: title, body: "<main><h1>\(title)</h1><p>\(why)</p><p><a href=\"/\">All jobs</a></p></main>", script: nil,
      images: "'self'")
  }

  private func live(title: String, _ main: HTML, nav: HTML? = nil) -> HTML {
    document(
      title: title,
      body: "\(nav)<main>\(main)</main><p class=\"live\" role=\"status\"></p>", script: liveScript, images: "'self'")
  }
}

/// Asks for the changing part now and then and replaces the sections that changed; what was opened stays open.
private let liveScript = """
  (() => {
    const main = document.querySelector('main'), note = document.querySelector('.live');
    const address = location.pathname.replace(/\\/$/, '') + '/main';
    function show(html) {
      const fresh = document.createElement('template');
      fresh.innerHTML = html;
      for (const details of main.querySelectorAll('details[open]')) {
        const twin = details.id && fresh.content.getElementById(details.id);
        if (twin) twin.open = true;
      }
      const before = [...main.children], after = [...fresh.content.children];
      if (before.length !== after.length) return main.replaceChildren(...after);
      before.forEach((old, i) => { if (old.outerHTML !== after[i].outerHTML) old.replaceWith(after[i]); });
    }
    async function look() {
      let wait = 2000;
      if (!document.hidden) {
        const start = performance.now();
        try {
          const answer = await fetch(address, {cache: 'no-store'});
          if (!answer.ok) throw new Error(answer.statusText);
          show(await answer.text());
          note.textContent = '';
        } catch (error) {
          note.textContent = 'No answer from blockfuse serve; what is shown is as it was.';
        }
        wait = Math.max(wait, 10 * (performance.now() - start));
      }
      setTimeout(look, wait);
    }
    setTimeout(look, 2000);
  })();
  """
