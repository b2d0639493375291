import Diagnostics
import Faults
import Files
import Foundation
import Fusion
import Geometry
import JSON
import Planning
import Store
import Views
import Zarr

/// A job's output in its store: its arrays, and the metadata that say what it is.
///
/// An OME-Zarr image is a group with an array a level; a plain array is the array itself. The attributes carry the job's
/// uuid, by which a run notices that the folder is not its own any more.
package final class OutputFolder: Sendable {
  package let place: Place
  /// Its address.
  package let path: String
  /// The place for whoever writes: where it is held, the very folder that was there then.
  package let target: Place
  let plan: JobPlan
  let uuid: String
  /// Marks temp files as this process's.
  package let temporaryTag: String
  private let arrays: [ZarrArray]
  private let provenance: JSONValue
  private let mark: String

  /// - Parameters:
  ///   - mark: tells this process from those of other hosts, which may have the same number.
  ///   - held: the same place, held, for whoever writes into it.
  package init(
    path: String, plan: JobPlan, uuid: String, provenance: JSONValue, mark: String = "", held: Place? = nil
  ) throws(ZarrError) {
    (self.path, self.plan, self.uuid, self.provenance, self.mark) = (path, plan, uuid, provenance, mark)
    place = Place(path)
    target = held ?? place.forWriting
    temporaryTag = "\(uuid.prefix(8))-\(ProcessInfo.processInfo.processIdentifier)\(mark)"
    var arrays: [ZarrArray] = []
    for layout in plan.levels {
      arrays.append(
        try ZarrArray(place: place / Self.arrayName(layout.level, plan), spec: Self.spec(layout, plan, attributes: .object([:]))))
    }
    self.arrays = arrays
  }

  /// The same, held open: what is written from now on goes into this very folder, never into one that took its place.
  ///
  /// - Throws: `JobError.changed` where it is not this job's; what may pass as it is.
  package func held(by title: String) throws -> OutputFolder {
    let held: Place
    do throws(StorageError) {
      held = try place.held()
    } catch {
      if !error.isTransient, let foreign = try foreignness() { throw Self.error(foreign, of: title) }
      throw error
    }
    // looked at by its path, and only now: what had the path before is what is held, or the uuid is another
    if let foreign = try foreignness() { throw Self.error(foreign, of: title) }
    return try OutputFolder(path: path, plan: plan, uuid: uuid, provenance: provenance, mark: mark, held: held)
  }

  /// Whatever else went wrong or well: throws where what was written is not where it is looked for. Of an output that does
  /// not answer that is not known.
  package func checkPlace(by title: String) throws(JobError) {
    if (try? target.store.isInPlace()) ?? true { return }
    let found = (try? foreignness()) ?? nil
    throw Self.error(found ?? "the output \(path) was moved away and put back while it was written", of: title)
  }

  private static func error(_ what: String, of title: String) -> JobError {
    .changed(
      job: title, differences: [what],
      advice: "put the image of this job back in its place; the same command continues where it stopped")
  }

  package func array(_ level: Int) -> ZarrArray { arrays[level] }

  /// The path of a block's file.
  func file(of position: TCZYX, level: Int) -> String {
    let array = arrays[level]
    return array.path + "/" + array.blockFile(array.index(at: position))
  }

  /// All metadata of a new output, by their names in it; those last by which it is known as the job's.
  package func metadataFiles() -> [MetadataFile] {
    let attributes = plan.output.isOMEZarr ? JSONValue.object([:]) : JSONValue.object(["blockfuse": provenance])
    let files = plan.levels.flatMap { layout in
      Self.spec(layout, plan, attributes: attributes).metadataFiles().map {
        MetadataFile(name: Self.name($0.name, in: Self.arrayName(layout.level, plan)), bytes: [UInt8]($0.bytes))
      }
    }
    guard plan.output.isOMEZarr else { return files }
    return files + groupFiles(windows: nil).map { MetadataFile(name: $0.name, bytes: [UInt8]($0.bytes)) }
  }

  package struct MetadataFile: Sendable {
    package let name: String
    package let bytes: [UInt8]
  }

  /// Says of a block of the coarsest level whether it is recorded done, and so has a file.
  package typealias IsDone = (TCZYX) throws -> Bool

  /// What is only known when all voxels are: the contrast windows of the channels, from the coarsest level.
  func writeFinalMetadata(isDone: IsDone) throws {
    guard plan.output.isOMEZarr else { return }
    let windows = try ContrastWindow.measure(arrays[arrays.count - 1], plan: plan, isDone: isDone)
    try reach(.finalMetadataBegun)
    for file in groupFiles(windows: windows) { try (target / file.name).put([UInt8](file.bytes)) }
    try reach(.finalMetadataWritten)
  }

  /// Writes the final metadata. Where the voxels that they rest on cannot be read back, that is no fault of this process:
  /// made again, they can.
  package func finish(job title: String, isDone: IsDone) throws {
    do {
      try writeFinalMetadata(isDone: isDone)
    } catch let error as any Failure where Self.isDamage(error) {
      throw JobError.damaged(job: title, what: error.description)
    }
  }

  /// Whether a file that was written well is not as it was.
  private static func isDamage(_ failure: any Failure) -> Bool {
    switch failure.code {
    case .chunkMissing, .chunkDamaged, .shardDamaged, .noFile: true
    default: [EISDIR, ENOTDIR].contains(failure.systemNumber)
    }
  }

  private func reach(_ point: FaultPoint) throws(StorageError) {
    if let number = Faults.reach(point) { throw .io(step: .write, path: path, errno: number) }
  }

  /// Whether the folder holds this job's output: nil if so, else what was found instead. Throws what may pass: then nobody
  /// knows.
  package func foreignness() throws(ZarrError) -> String? {
    guard try isThere() else {
      if OutputRemoval(of: self)?.isBegun == true {
        return "the output \(path) is being removed, and is not whole any more"
      }
      return "the output \(path) is not there; if its disk is not mounted, mount it"
    }
    guard let found = try foundUUID() else { return "the output \(path) has no metadata of this job" }
    return found == uuid ? nil : "the output \(path) was replaced by another job (\(found))"
  }

  private func isThere() throws(ZarrError) -> Bool {
    do throws(StorageError) {
      if try place.look() != nil { return true }
    } catch {
      if error.isTransient { throw .storage(error) }
    }
    return place.store.abilities.contains(.folders) ? false : place.isFolder
  }

  private func foundUUID() throws(ZarrError) -> String? {
    do throws(ZarrError) {
      return plan.output.isOMEZarr
        ? try readAttributes(ofGroup: place).flatMap { Self.uuid(in: $0.attributes) }
        : Self.uuid(in: try ZarrArray.open(place).attributes)
    } catch {
      if error.isTransient { throw error }
      return nil
    }
  }

  /// Nil unless the image's own metadata are gone or were written anew by others, while its arrays are this job's: then
  /// what is wrong. Only `repairMetadata` makes such a folder the job's again.
  package func lostMark() throws(ZarrError) -> String? {
    guard try isThere(), try foundUUID() == nil, try arrayProblems().isEmpty else { return nil }
    return "the metadata of the image \(path) are missing or not as this job wrote them"
  }

  /// Array metadata that is not as this job wrote it: readers would see other voxels, or none.
  package func metadataProblems() throws(ZarrError) -> [String] { try arrayProblems() + attributeProblems() }

  /// Attributes of arrays that cannot be read, so that readers refuse the array; others may have added to them.
  private func attributeProblems() throws(ZarrError) -> [String] {
    guard plan.output.isOMEZarr, plan.output.ngffVersion.zarrFormat == 2 else { return [] }
    var problems: [String] = []
    for layout in plan.levels {
      let file = place / Self.arrayName(layout.level, plan) / ZarrFileName.v2Attributes
      do throws(StorageError) {
        guard let bytes = try file.bytes(limit: JSONValue.maximumByteCount) else { continue }
        if (try? JSONValue.parse(bytes))?.object == nil { problems.append("the attributes \(file.address) are no JSON object") }
      } catch {
        if error.isTransient { throw .storage(error) }
        problems.append("the attributes \(file.address) are unreadable")
      }
    }
    return problems
  }

  private func arrayProblems() throws(ZarrError) -> [String] {
    var problems: [String] = []
    for layout in plan.levels {
      let spec = Self.spec(layout, plan, attributes: .object([:]))
      let file = place / Self.arrayName(layout.level, plan) / spec.decidingFile
      var bytes: [UInt8]?
      do throws(StorageError) {
        bytes = try file.bytes(limit: JSONValue.maximumByteCount)
      } catch {
        if error.isTransient { throw .storage(error) }
      }
      if let bytes {
        if !spec.isSaid(by: Data(bytes)) { problems.append("the metadata \(file.address) was altered") }
      } else {
        problems.append("the metadata \(file.address) is missing or unreadable")
      }
    }
    return problems
  }

  /// Writes all metadata again; the voxels stay, and what others added to an array's attributes.
  ///
  /// - Parameters:
  ///   - isComplete: whether all voxels are there, so that what is measured of them belongs to the image's.
  ///   - isDone: asked only then.
  package func repairMetadata(isComplete: Bool, isDone: IsDone) throws {
    let attributes = plan.output.isOMEZarr ? JSONValue.object([:]) : JSONValue.object(["blockfuse": provenance])
    for layout in plan.levels {
      let name = Self.arrayName(layout.level, plan)
      let found = (try? ZarrArray.open(place / name))?.attributes.object ?? [:]
      let kept = JSONValue.object(found.merging(attributes.object ?? [:]) { $1 })
      for file in Self.spec(layout, plan, attributes: kept).metadataFiles() { try (target / name / file.name).put([UInt8](file.bytes)) }
    }
    if try !plan.output.isOMEZarr || lostMark() == nil { return }
    for file in groupFiles(windows: nil) { try (target / file.name).put([UInt8](file.bytes)) }
    if isComplete { try writeFinalMetadata(isDone: isDone) }
  }

  /// The uuid of the job that made the image at a place, an OME-Zarr or an array; nil where none says that it did.
  package static func uuid(at place: Place) throws(ZarrError) -> String? {
    do throws(ZarrError) {
      if let group = try readAttributes(ofGroup: place) { return uuid(in: group.attributes) }
      return uuid(in: try ZarrArray.open(place).attributes)
    } catch {
      if error.isTransient { throw error }
      return nil
    }
  }

  private static func uuid(in attributes: JSONValue) -> String? {
    let own =
      attributes["blockfuse"] ?? attributes["ome"]?["multiscales"]?.array?.first?["metadata"]?["blockfuse"]
      ?? attributes["multiscales"]?.array?.first?["metadata"]?["blockfuse"]
    return own?["uuid"]?.string
  }

  private func groupFiles(windows: [OMEChannel.Window]?) -> [(name: String, bytes: Data)] {
    let colors = plan.output.colors(channelCount: plan.channelCount)
    let channels = (0..<plan.channelCount).map { c in
      OMEChannel(
        label: plan.output.channelNames?[c], color: colors[c], window: windows?[c])
    }
    let stack = plan.outputStack
    var writer = OMEWriter(
      version: plan.output.ngffVersion, name: plan.output.name, is3D: plan.is3D, spacing: stack.spacing, origin: stack.origin,
      levels: plan.levels.map { level in
        OMEWriter.Level(
          path: String(level.level), absoluteFactor: level.absoluteFactor, isSampled: plan.fusion.levelsAreSampled)
      },
      channels: channels, elementType: plan.outputType)
    writer.isPhysical = plan.isPhysical
    writer.timeScale = plan.output.timeScale
    writer.timeOrigin = plan.output.timeOrigin
    writer.timeUnit = plan.output.timeUnit
    writer.metadata = .object([
      "method": .string("\(Self.method(plan.fusion.downsampling)) of the window, odd remainder trimmed"), "blockfuse": provenance,
    ])
    return writer.groupFiles()
  }

  private static func method(_ downsampling: Downsampling) -> String {
    switch downsampling {
    case .mean: "mean"
    case .nearest: "first voxel"
    case .mode: "most frequent value"
    case .max: "largest value"
    }
  }

  /// An array's name in the output; "" for one that is the output itself.
  private static func arrayName(_ level: Int, _ plan: JobPlan) -> String { plan.output.isOMEZarr ? "\(level)" : "" }

  private static func name(_ file: String, in folder: String) -> String { folder.isEmpty ? file : "\(folder)/\(file)" }

  private static func spec(_ layout: LevelLayout, _ plan: JobPlan, attributes: JSONValue) -> ArraySpec {
    ArraySpec(
      zarrFormat: plan.output.ngffVersion.zarrFormat, shape: plan.outputAxes(layout.shape), chunkShape: plan.outputAxes(layout.chunk),
      shardShape: layout.shard.map { plan.outputAxes($0) }, elementType: plan.outputType,
      compressor: plan.output.compressor, dimensionNames: plan.axes.map(\.rawValue), attributes: attributes,
      fill: plan.fusion.backgroundJSON)
  }
}
