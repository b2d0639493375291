import Foundation
import JSON
import JobStore
import Testing

/// Whether a path is that of a file, as chunks are.
private func voxelFile(_ path: String) -> Bool {
  var isFolder: ObjCBool = false
  return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
}

/// What `status --exit-status` and a watch with it end with: the table in docs/jobs.md, a state of a job a row.
@Suite struct ExitWatchTests {
  /// A row of the table, with a job in that state.
  private struct Row {
    let words: String
    let status: Int32
    let ends: Bool
    let job: Int
  }

  /// One database with many jobs of one dataset, and a dataset with a damaged image.
  private final class Scene {
    let folder: TestFolder
    private var names = 0
    private(set) var held: [HeldRun] = []

    init() throws {
      folder = try TestFolder(isInMemory: true)
      _ = try folder.mosaic("--tiles", "1x1", "--shape", "8,64,64", "--chunk", "8,64,64")
      let files = FileManager.default
      try files.copyItem(atPath: folder.file("mosaic"), toPath: folder.file("bad"))
      let names = try #require(files.enumerator(atPath: folder.file("bad/tiles"))).compactMap { $0 as? String }
      let chunk = try #require(names.first { Int($0.split(separator: "/").last ?? "") != nil && voxelFile(folder.file("bad/tiles/\($0)")) })
      try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder.file("bad/tiles/\(chunk)")))
    }

    @discardableResult
    func call(_ arguments: [String], status: Int32 = 0) throws -> Finished {
      let end = try RunningProcess("blockfuse", arguments, folder: folder.path).wait()
      try #require(end.status == status, "\(arguments): \(end.status) \(end.errors)")
      return end
    }

    func submitted(_ dataset: String = "mosaic", _ more: [String] = []) throws -> Int {
      names += 1
      let end = try call(["submit", "\(dataset)/dataset.json", "--output", "out\(names).zarr", "--output-chunksize", "8"] + more)
      return try #require(Int(end.output.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    func run(_ job: Int, _ more: String..., status: Int32 = 0) throws { try call(["run", "\(job)", "--quiet"] + more, status: status) }

    /// A run that holds still in the midst of its work.
    func running(_ job: Int) throws -> HeldRun {
      let hold = folder.file("hold-\(job)")
      try Data().write(to: URL(fileURLWithPath: hold))
      let run = try RunningProcess(
        "blockfuse", ["run", "\(job)", "--workers", "1", "--quiet"], folder: folder.path,
        environment: ["BLOCKFUSE_FAULT": "file-opening=hold:\(hold)@4+"])
      while run.isRunning, !run.errorsSoFar.contains("made to fail") { usleep(1000) }
      try #require(run.isRunning, "\(run.wait().errors)")
      held.append(HeldRun(process: run, hold: hold))
      return held[held.count - 1]
    }

    /// A job whose options file is not what it was.
    func refused(_ job: Int, options: String) throws {
      try Data(#"{"output_chunksize": 8, "rounding": "truncate"}"#.utf8).write(to: URL(fileURLWithPath: folder.file(options)))
      try run(job, status: 4)
    }

    func submittedWithFile(_ options: String) throws -> Int {
      try Data(#"{"output_chunksize": 8}"#.utf8).write(to: URL(fileURLWithPath: folder.file(options)))
      return try submitted("mosaic", ["--options", options])
    }
  }

  @Test func everyStateOfTheTable() throws {
    let scene = try Scene()
    var rows: [Row] = []
    func row(_ words: String, _ status: Int32, _ ends: Bool, _ job: Int, _ make: (Int) throws -> Void = { _ in }) throws {
      try make(job)
      rows.append(Row(words: words, status: status, ends: ends, job: job))
    }
    try row("was never run", 75, false, scene.submitted())
    try row("runs, in one process or several", 75, false, scene.submitted()) { _ = try scene.running($0) }
    try row("its work order is out", 75, false, scene.submitted()) { try scene.call(["order", "\($0)"]) }
    try row("is complete", 0, true, scene.submitted()) { try scene.run($0) }
    try row("finished, but some blocks failed", 3, true, scene.submitted("bad")) { try scene.run($0, status: 3) }
    try row("was stopped at `--limit`", 0, true, scene.submitted()) { try scene.run($0, "--limit", "2") }
    try row("was stopped by SIGTERM (by another signal: 128 and its number)", 143, true, scene.submitted()) { job in
      let run = try scene.running(job)
      run.process.signal(SIGTERM)
      run.goOn()
      #expect(run.process.wait().status == 143)
    }
    try row("its process was killed (`kill -9`), or its host went down", 1, true, scene.submitted()) { job in
      let run = try scene.running(job)
      run.process.signal(SIGKILL)
      #expect(run.process.wait().status == 137)
    }
    try row("its run ended with an error, such as a full disk", 1, true, scene.submitted()) { job in
      let end = try scene.folder.blockfuse(["run", "\(job)", "--quiet"], fault: "file-opening=ENOSPC@3+")
      #expect(end.status == 1, "\(end.errors)")
    }
    try row("its run was refused, such as for an input that changed", 4, true, scene.submittedWithFile("o.json")) {
      try scene.refused($0, options: "o.json")
    }
    try row("waits to be run again, as after `retry`", 75, false, scene.submitted("bad")) { job in
      try scene.run(job, status: 3)
      try scene.call(["retry", "\(job)"])
    }
    try row("its work order was withdrawn", 75, false, scene.submitted()) { job in
      try scene.run(job, "--limit", "2")
      try scene.call(["order", "\(job)"])
      try scene.call(["order", "\(job)", "--withdraw"])
    }
    try row("was removed", 10, true, scene.submitted()) { try scene.call(["remove", "\($0)"]) }

    let docs = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../docs/jobs.md")
    let written = try String(contentsOf: docs, encoding: .utf8).components(
      separatedBy: "| the job | `--exit-status` | with `--watch` |\n|---|---|---|\n")[1]
      .components(separatedBy: "\n\n")[0].split(separator: "\n").map(String.init)
    #expect(written == rows.map { "| \($0.words) | \($0.status) | \($0.ends ? "ends" : "waits") |" })

    let watches = try rows.map { try scene.folder.spawn("status", "\($0.job)", "--watch", "--exit-status", "--json") }
    for row in rows {
      let end = try scene.folder.blockfuse("status", "\(row.job)", "--exit-status")
      #expect(end.status == row.status, "\(row.words): \(end.status) \(end.errors)")
    }
    for (row, watch) in zip(rows, watches) where row.ends {
      let end = watch.wait()
      #expect(end.status == row.status, "\(row.words), watched: \(end.status) \(end.errors)")
    }
    // those that wait have looked as often as those that end
    for (row, watch) in zip(rows, watches) where !row.ends {
      while watch.isRunning, watch.outputSoFar.split(separator: "\n").count < 3 { usleep(10_000) }
      #expect(watch.isRunning, "\(row.words): a watch ended with \(watch.wait().status)")
      watch.signal(SIGTERM)
      _ = watch.wait()
    }
    for run in scene.held where run.process.isRunning {
      run.goOn()
      _ = run.process.wait()
    }
  }

  /// Each watch begins with a job that somebody is at work on, or nobody was; then something comes to its end.
  @Test func whatHappensWhileItIsWatched() throws {
    let scene = try Scene()
    var watches: [(words: String, status: Int32, watch: RunningProcess)] = []
    func watched(_ words: String, _ status: Int32, _ job: Int, _ happens: (Int) throws -> Void) throws {
      let watch = try scene.folder.spawn("status", "\(job)", "--watch", "--exit-status", "--json")
      while watch.isRunning, watch.outputSoFar.isEmpty { usleep(5000) }
      #expect(watch.isRunning, "\(words)")
      try happens(job)
      watches.append((words, status, watch))
    }
    try watched("it is run", 0, scene.submitted()) { try scene.run($0) }
    try watched("it is run to a limit", 0, scene.submitted()) { try scene.run($0, "--limit", "2") }
    try watched("it is refused", 4, scene.submittedWithFile("o.json")) { try scene.refused($0, options: "o.json") }
    try watched("it is removed", 10, scene.submitted()) { try scene.call(["remove", "\($0)"]) }
    let failing = try scene.submitted("bad")
    try scene.run(failing, status: 3)
    try scene.call(["retry", "\(failing)"])
    try watched("it fails again", 3, failing) { try scene.run($0, status: 3) }
    for (signal, status) in [(SIGINT, 130), (SIGKILL, 1)] as [(Int32, Int32)] {
      let job = try scene.submitted()
      let run = try scene.running(job)
      try watched("its process gets signal \(signal)", status, job) { _ in
        run.process.signal(signal)
        run.goOn()
        _ = run.process.wait()
      }
    }
    let withdrawn = try scene.submitted()
    try scene.call(["order", "\(withdrawn)"])
    try watched("its order is withdrawn", 75, withdrawn) { try scene.call(["order", "\($0)", "--withdraw"]) }
    let ordered = try scene.submitted()
    let order = try scene.call(["order", "\(ordered)"]).output.trimmingCharacters(in: .whitespacesAndNewlines)
    try watched("its tasks do all of it", 0, ordered) { job in
      try scene.call(["work", order, "--task", "0", "--tasks", "1", "--quiet"])
      try scene.call(["collect", "\(job)"])
    }
    for (words, status, watch) in watches {
      let end = watch.wait()
      #expect(end.status == status, "\(words): \(end.status) \(end.errors)")
    }
  }

  /// Why a run was refused is what `status` says until the next one.
  @Test func whyARunWasRefused() throws {
    let scene = try Scene()
    let job = try scene.submittedWithFile("o.json")
    try scene.refused(job, options: "o.json")
    let text = try scene.call(["status", "\(job)"]).output
    #expect(text.contains("a run was refused") && text.contains("rounding"), "\(text)")
    let json = try scene.folder.status("\(job)")["refused"]
    #expect(json?["exit_status"]?.int == 4 && json?["message"]?.string?.contains("rounding") == true, "\(String(describing: json))")
    #expect(try scene.folder.database.runs(of: job).isEmpty && scene.folder.database.job(job).state == .pending)
    // that another process runs the job is no end of it
    let other = try scene.submitted()
    let run = try scene.running(other)
    try scene.run(other, status: 11)
    #expect(try scene.folder.status("\(other)")["refused"]?.isNull == true)
    run.goOn()
    _ = run.process.wait()
  }
}
