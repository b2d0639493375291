import Files
import Foundation
import Geometry
import JobStore
import Output
import Planning
import Threads
import Zarr

/// Writes a level of a job's output, or a part of it, as one OME-TIFF: BigTIFF in tiles, compressed with deflate, which
/// Fiji (Bio-Formats), QuPath, napari and tifffile read.
///
/// Only what is complete is exported. The file has its name when all of it is written. Of the voxels as many are in memory as
/// each thread has in hand, however large the level is.
package struct TIFFExport {
  package struct Request: Sendable {
    package var level: Int
    /// Of the axes that are cut, in voxels of the level; an upper end of `Int.max` is the end of the axis.
    package var region: [Axis: Range<Int>]
    package var path: String
    package var overwrites: Bool

    package init(level: Int, region: [Axis: Range<Int>], path: String, overwrites: Bool) {
      (self.level, self.region, self.path, self.overwrites) = (level, region, path, overwrites)
    }
  }

  package struct Result: Sendable {
    package let shape: TCZYX
    package let pageCount: Int
    package let byteCount: Int
  }

  /// Places of tiles are in memory until the end: 256 MiB of them.
  static let tileLimit = 1 << 24

  private let job: LoadedJob
  private let store: JobStore
  private let request: Request
  private let layout: LevelLayout
  private let stopFlag: StopFlag

  package static func write(
    _ job: LoadedJob, in store: JobStore, _ request: Request, stopFlag: StopFlag = StopFlag()
  ) throws -> Result {
    let levels = job.plan.levels
    guard levels.indices.contains(request.level) else {
      throw JobError.invalid(
        what: "job \(job.title) has no level \(request.level)",
        hint: levels.count == 1 ? "it has level 0 alone" : "it has levels 0 to \(levels.count - 1)")
    }
    var resolver = PathResolver()
    var request = request
    request.path = resolver.resolve(request.path)
    return try TIFFExport(
      job: job, store: store, request: request, layout: levels[request.level], stopFlag: stopFlag
    ).write()
  }

  private func write() throws -> Result {
    let type = job.plan.outputType
    guard let pixels = TIFFPixels(type) else {
      throw JobError.invalid(
        what: "OME-TIFF cannot hold \(type.rawValue), the type of job \(job.title)",
        hint: "fuse it once more with another --output-dtype, such as \(type == .float16 ? "float32" : "uint32 or float64")")
    }
    let region = try LevelRegion(request.region, of: layout.shape, level: layout.level)
    try ExportPlace(request.path).check(for: job, in: store, overwrites: request.overwrites)
    try checkComplete()
    let cut = TileCut(region, chunk: layout.chunk, elementByteCount: type.byteCount)
    guard cut.pageCount.multipliedReportingOverflow(by: cut.tilesPerPage).partialValue <= Self.tileLimit,
      region.box.shape[1] <= Int(UInt32.max), region.box.shape[2] <= Int(UInt32.max)
    else {
      throw JobError.invalid(
        what: "\(region.shape.array.map(String.init).joined(separator: " x ")) voxels (t c z y x) are too many for one TIFF",
        hint: "choose a coarser --level, or a part with --region")
    }
    let software = "blockfuse \(Program.version)"
    let description = OMEDescription(plan: job.plan, layout: layout, region: region, pixels: pixels, software: software)
    let pages = BigTIFFFile.Layout(
      width: region.box.shape[2], height: region.box.shape[1], tile: cut.tile, pageCount: cut.pageCount,
      tilesPerPage: cut.tilesPerPage, pixels: pixels, resolution: resolution(description.spacing), description: description.text,
      software: software)
    guard let byteCount = try fill(pages, cut) else { throw ExportPlace.taken(request.path) }
    return Result(shape: region.shape, pageCount: cut.pageCount, byteCount: byteCount)
  }

  private func checkComplete() throws {
    if let problem = try job.output.foreignness() { throw job.error(foreignOutput: problem) }
    let records = try store.levels(of: job.record.id)
    guard let counts = records.first(where: { $0.layout.level == layout.level })?.counts, !counts.isSettled else { return }
    let hint =
      counts.failed > 0
      ? "`blockfuse blocks \(job.record.id) --state failed` says why, `blockfuse retry \(job.record.id)` sets them to pending"
      : "`blockfuse run \(job.record.id)` makes them"
    throw JobError.invalid(
      what: "level \(layout.level) of job \(job.title) is not complete: \(counts.total - counts.settled) of \(counts.total) blocks "
        + "are missing, and a TIFF does not show which", hint: hint)
  }

  /// Pixels a centimetre; nil where that is not known, or no number that TIFF has.
  private func resolution(_ spacing: Vector3) -> (x: Double, y: Double)? {
    let (x, y) = (1e4 / spacing[2], 1e4 / spacing[1])
    guard job.plan.isPhysical, x < 4e9, y < 4e9, x > 1e-9, y > 1e-9 else { return nil }
    return (x, y)
  }

  private struct Work: ~Copyable {
    var file: BigTIFFFile?
    var next = 0
    var error: (any Error)?
  }

  /// Tiles come in the order in which threads are ready with them. Returns the length of the file; nil where its name is taken.
  private func fill(_ pages: BigTIFFFile.Layout, _ cut: TileCut) throws -> Int? {
    let element = job.plan.outputType.byteCount
    let perThread = cut.pieceVoxelCount * element + layout.chunk.product * element
    // of chunks of 1 GiB one at a time
    let threads = max(1, min(8, ProcessLimits.current.processors.value, (512 << 20) / perThread))
    // processes of other hosts, which may have the same number, may write the same file
    let tag = "\(ProcessInfo.processInfo.processIdentifier)-\(String(UInt32.random(in: 0...UInt32.max), radix: 16))"
    let work = Monitor(Work(file: try BigTIFFFile(target: request.path, tag: tag, layout: pages)))
    try ThreadGroup(name: "blockfuse-tiff", count: threads) { [self] _ in
      let reader = LevelReader(job, layout, store: store)
      let packer = TilePacker(cut, elementByteCount: element)
      let voxels = UnsafeMutableRawBufferPointer.allocate(byteCount: cut.pieceVoxelCount * element, alignment: 64)
      defer { voxels.deallocate() }
      while let number = work.update({ next(&$0, of: cut.pieceCount) }) {
        do {
          let piece = cut.piece(number)
          let own = UnsafeMutableRawBufferPointer(rebasing: voxels[..<(piece.box.count * element)])
          let isThere = try reader.read(t: piece.t, c: piece.c, box: piece.box, into: own)
          try packer.pack(piece, isThere ? UnsafeRawBufferPointer(own) : nil) { bytes, page, tile in
            try work.update { try $0.file?.append(bytes, page: page, tile: tile) }
          }
        } catch {
          work.update { $0.error = $0.error ?? error }
        }
      }
    }.join()
    if let error = work.update({ $0.error }) { throw error }
    return try work.update { work in
      guard let file = work.file.take() else { throw JobError.unexpected("the file of the export is gone") }
      return try file.finish(overwrites: request.overwrites)
    }
  }

  private func next(_ work: inout Work, of count: Int) -> Int? {
    if let signal = stopFlag.signal { work.error = work.error ?? JobError.interrupted(signal: signal) }
    guard work.error == nil, work.next < count else { return nil }
    defer { work.next += 1 }
    return work.next
  }
}
