import Faults
import Foundation
import JobStore
import Testing

/// Every fault point that `remove`, `remove --output`, `relocate` and `prune` reach, with a kill and an error at each: nothing
/// is lost that was not asked for, and the same command again ends it. `RetakenViewTests` has `retry --view`.
@Suite struct HousekeepingFaultTests {
  /// Fault points that only these commands reach.
  static let ownPoints: [FaultPoint] = [
    .outputPutAside, .ownFileRemoved, .othersPutBack, .forgettingJob, .jobForgotten, .relocating, .relocated,
  ]

  enum Command: String, CaseIterable {
    case remove
    case removeOutput
    /// An image that a link leads to.
    case removeLinked
    case relocate
    case prune

    var arguments: [String] {
      let line =
        switch self {
        case .remove: "remove 1"
        case .removeOutput, .removeLinked: "remove 1 --output"
        case .relocate: "relocate 1 --output place/new.ome.zarr --inputs mosaic=moved"
        case .prune: "prune"
        }
      return line.split(separator: " ").map(String.init)
    }

    /// Where the image is before it.
    var image: String {
      switch self {
      case .remove, .removeOutput, .prune: "out.ome.zarr"
      case .removeLinked: "disk/image.zarr"
      case .relocate: "place/new.ome.zarr"
      }
    }

    var mosaic: String { self == .relocate ? "moved" : "mosaic" }
    var removesImage: Bool { [.removeOutput, .removeLinked].contains(self) }
  }

  @Test func everyOwnPointIsReached() throws {
    let stage = try Stage()
    let reached = try Command.allCases.reduce(into: Set<FaultPoint>()) { $0.formUnion(try stage.reached($1).keys) }
    #expect(Set(Self.ownPoints).subtracting(reached) == [])
  }

  @Test(arguments: Command.allCases) func everyFaultIsRecoveredFrom(command: Command) throws {
    let stage = try Stage()
    let reached = try stage.reached(command)
    #expect(!reached.isEmpty)
    let errors = ["ENOSPC", "EIO", "EACCES"]
    for (turn, (point, count)) in reached.sorted(by: { $0.key.rawValue < $1.key.rawValue }).enumerated() {
      for occurrence in Set([1, (count + 1) / 2, count]) { try stage.recover(from: "\(point.rawValue)=kill@\(occurrence)", command) }
      try stage.recover(from: "\(point.rawValue)=\(errors[turn % errors.count])@1", command)
    }
  }

  /// A complete job, with an image, labels that another program put into it, and work orders beside it.
  struct Stage {
    let folder: TestFolder
    let kept: TestFolder
    let voxels: [[UInt8]]
    /// The files of the dataset, with their bytes.
    let inputs: [String: Data]

    init() throws {
      (folder, kept) = (try TestFolder(isInMemory: true), try TestFolder(isInMemory: true))
      let dataset = try folder.mosaic("--tiles", "1x2", "--shape", "8,40,40", "--chunk", "8,40,40")
      try #require(try folder.blockfuse("submit", dataset, "--output", "out.ome.zarr", "--output-chunksize", "16").status == 0)
      let order = try folder.blockfuse("order").output.trimmingCharacters(in: .newlines)
      try #require(try folder.blockfuse("work", order, "--task", "0", "--tasks", "2", "--quiet").status == 0)
      try #require(try folder.blockfuse("run", "--quiet").status == 0)
      try FileManager.default.createDirectory(atPath: folder.file("out.ome.zarr/labels"), withIntermediateDirectories: false)
      for name in Self.others { try Data("mine".utf8).write(to: URL(fileURLWithPath: folder.file(name))) }
      voxels = try levels(folder.file("out.ome.zarr"))
      inputs = try Self.files(folder.file("mosaic"))
      try copy(folder.path, to: kept.file("0"))
    }

    static let others = ["out.ome.zarr/labels/1", "out.ome.zarr/notes.txt", "out.ome.zarr/0/0/0/0/0/extra"]

    /// How often a command reaches each point, undisturbed.
    func reached(_ command: Command) throws -> [FaultPoint: Int] {
      try setUp(command)
      let end = try folder.blockfuse(command.arguments, fault: "trace")
      try #require(end.status == 0, "\(end.errors)")
      try expectDone(command, "undisturbed", isThorough: true)
      var counts: [FaultPoint: Int] = [:]
      for line in end.errors.split(separator: "\n") where line.hasPrefix("fault: ") {
        if let point = FaultPoint(rawValue: String(line.dropFirst(7))) { counts[point, default: 0] += 1 }
      }
      return counts
    }

    func recover(from fault: String, _ command: Command) throws {
      try setUp(command)
      let note = Comment(rawValue: "\(command.rawValue) with \(fault)")
      let end = try folder.blockfuse(command.arguments, fault: fault)
      #expect(end.errors.contains("made to fail"), note)
      if fault.contains("=kill") { #expect(end.status == 128 + SIGKILL, note) }
      let isForgotten = try folder.database.jobs().isEmpty
      // at no time is anything of others gone, wherever it is
      #expect(try countOthers() == Self.others.count || command == .prune, note)
      #expect(try Self.files(folder.file(command.mosaic)) == inputs, note)
      if !command.removesImage, command != .prune { #expect(try levels(folder.file(command.image)) == voxels, note) }
      #expect(try folder.database.integrityCheck() == [], note)
      if !isForgotten, command != .prune, !command.removesImage { try expectStand(command, note) }
      let again = try folder.blockfuse(command.arguments, fault: "")
      #expect(again.status == (isForgotten && command != .prune ? 10 : 0), "\(note): \(again.errors)")
      try expectDone(command, note)
    }

    /// All of it happened, or nothing.
    private func expectStand(_ command: Command, _ note: Comment) throws {
      let store = try folder.database
      let job = try store.job(1)
      let isMoved = job.description.outputPath == folder.file("place/new.ome.zarr")
      let views = try store.views(of: 1)
      #expect(views.allSatisfy { $0.path.hasPrefix(folder.file(isMoved ? "moved/" : "mosaic/")) }, note)
      #expect(command == .relocate || !isMoved, note)
      #expect(job.counts.settled == job.counts.total, note)
    }

    /// - Parameter isThorough: blocks are made again, too.
    private func expectDone(_ command: Command, _ note: Comment, isThorough: Bool = false) throws {
      let files = FileManager.default
      let names = try files.contentsOfDirectory(atPath: folder.path)
      #expect(names.allSatisfy { !$0.hasSuffix(".tmp") }, "\(note): \(names)")
      #expect(try folder.blockfuse("verify", "--quiet").status == (command == .relocate ? 0 : 10), note)
      switch command {
      case .remove:
        #expect(try levels(folder.file("out.ome.zarr")) == voxels, note)
      case .removeOutput, .removeLinked:
        let left = try #require(files.enumerator(atPath: folder.file(command.image))).compactMap { $0 as? String }
        #expect(
          Set(left) == ["labels", "labels/1", "notes.txt", "0", "0/0", "0/0/0", "0/0/0/0", "0/0/0/0/0", "0/0/0/0/0/extra"],
          "\(note): \(left)")
        #expect(!names.contains("out.ome.zarr.blockfuse"), note)
      case .relocate:
        let job = try folder.database.job(1)
        #expect(job.description.outputPath == folder.file("place/new.ome.zarr"), note)
        #expect(try folder.database.views(of: 1).allSatisfy { $0.path.hasPrefix(folder.file("moved/")) }, note)
        #expect(try levels(folder.file("place/new.ome.zarr")) == voxels, note)
        guard isThorough else { return }
        // the moved views are found, and are what they were
        try files.removeItem(atPath: folder.file("place/new.ome.zarr/0/0/0/0/0/1"))
        try #require(try folder.blockfuse("verify", "--repair", "--quiet").status == 0, note)
        let run = try folder.blockfuse("run", "--quiet")
        #expect(run.status == 0, "\(note): \(run.errors)")
        #expect(try levels(folder.file("place/new.ome.zarr")) == voxels, note)
      case .prune: break
      }
    }

    private static func files(_ path: String) throws -> [String: Data] {
      let names = try #require(FileManager.default.enumerator(atPath: path)).compactMap { $0 as? String }
      return try names.reduce(into: [:]) { files, name in
        let url = URL(fileURLWithPath: "\(path)/\(name)")
        if try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true { files[name] = try Data(contentsOf: url) }
      }
    }

    private func countOthers() throws -> Int {
      let names = Set(Self.others.map { ($0 as NSString).lastPathComponent }).subtracting(["1"])
      let all = try #require(FileManager.default.enumerator(atPath: folder.path)).compactMap { $0 as? String }
      return all.filter { names.contains(($0 as NSString).lastPathComponent) || $0.hasSuffix("labels/1") }.count
    }

    /// With the times of the views. A file that is there stays that file.
    private func copy(_ from: String, to: String) throws {
      let end = try RunningProcess("/bin/cp", ["-a", from, to], folder: kept.path).wait()
      try #require(end.status == 0, "\(end.errors)")
    }

    /// The folder as it was, and then what the command is for.
    private func setUp(_ command: Command) throws {
      let files = FileManager.default
      // with another inode the database would be a copy
      let database = "jobs.sqlite"
      for name in try files.contentsOfDirectory(atPath: folder.path) where name != database {
        try files.removeItem(atPath: folder.file(name))
      }
      try copy(kept.file("0/."), to: folder.path)
      switch command {
      case .remove, .removeOutput: break
      case .removeLinked:
        try files.createDirectory(atPath: folder.file("disk"), withIntermediateDirectories: false)
        try files.moveItem(atPath: folder.file("out.ome.zarr"), toPath: folder.file(command.image))
        try files.createSymbolicLink(atPath: folder.file("out.ome.zarr"), withDestinationPath: command.image)
      case .prune: try files.removeItem(atPath: folder.file("out.ome.zarr"))
      case .relocate:
        try files.moveItem(atPath: folder.file("mosaic"), toPath: folder.file("moved"))
        try files.createDirectory(atPath: folder.file("place"), withIntermediateDirectories: false)
        for end in ["", ".blockfuse"] {
          try files.moveItem(atPath: folder.file("out.ome.zarr\(end)"), toPath: folder.file("place/new.ome.zarr\(end)"))
        }
      }
    }
  }
}
