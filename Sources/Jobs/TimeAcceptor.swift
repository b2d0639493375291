import Engine
import Fusion
import JobStore
import Output
import Planning
import Views

/// Takes views of which nothing but times differs from their record as they are now, and names them: `run --accept-times`.
struct TimeAcceptor {
  let store: JobStore
  let registry: FusionRegistry

  /// Takes nothing where more than times differs, which is left to be told. Refused, before anything is written, while anybody
  /// works on the job or may, and where the output is another database's.
  func accept(_ job: LoadedJob, note: (String) -> Void) throws {
    let views = try job.views(in: store)
    var findings = try ChangeCheck.findings(of: job, views, registry: registry)
    guard findings.otherDifferences.isEmpty, findings.changed.allSatisfy(\.changes.areTimes) else { return }
    var changes = Dictionary(findings.changed.map { ($0.view, $0.changes) }, uniquingKeysWith: +)
    let folders = try Retry.standard.transient { try views.watched.changedFolders() }
    for (view, times) in folders { changes[view, default: []] += times }
    if changes.isEmpty { return }
    try refuse(job)
    let records = try store.views(of: job.record.id)
    var taken: [TakenView] = []
    let numbers = changes.keys.sorted()
    for number in numbers {
      let (view, found) = try Retry.standard.transient { try views.views[number].retaken() }
      // somebody writes to it
      guard found.areTimes else { return }
      var record = records[number]
      record.fingerprint = try RecordJSON.text(try recordingFolders([view])[0].fingerprint)
      taken.append(TakenView(was: records[number], becomes: record))
    }
    let noted = findings.notes.count
    try ChangeCheck.setBack(job, views, &findings, registry: registry, in: store)
    findings.notes.dropFirst(noted).forEach(note)
    _ = try store.take(taken, of: job.record.id, as: .times, touched: nil)
    tell(numbers.map { (view: $0, changes: changes[$0] ?? []) }, folders: folders, views, note: note)
  }

  private func refuse(_ job: LoadedJob) throws {
    if let holder = try store.holders(of: job.record.id).first {
      throw JobStoreError.alreadyRunning(job: job.record.id, holder: holder)
    }
    try OpenOrder.refuse(of: job.record.id, in: store, to: "take views with other times")
    try OutputHold.checkOwner(of: job.output, by: store)
  }

  private func tell(_ changed: [WatchedViews.Changed], folders: [WatchedViews.Changed], _ views: LoadedViews, note: (String) -> Void) {
    for line in views.watched.described(changed).lines { note("taken with its new time, as the same image: \(line)") }
    let unknown = changed.map { views.views[$0.view] }.filter { !$0.knowsBytes }
    if !unknown.isEmpty {
      note(
        "nothing but sizes and times was compared of \(names(unknown)), since voxels and metadata are in one file, or the job is older "
          + "than digests of metadata: that they are the same images is taken on your word")
    }
    if !folders.isEmpty {
      note("chunks that are missing now count as background in \(names(folders.map { views.views[$0.view] }))")
    }
  }

  private func names(_ views: [View]) -> String {
    let names = views.prefix(ChangedViews.listedAtMost).map { "\"\($0.name)\"" }.joined(separator: ", ")
    return views.count > ChangedViews.listedAtMost ? "\(names) and \(views.count - ChangedViews.listedAtMost) more views" : names
  }
}
