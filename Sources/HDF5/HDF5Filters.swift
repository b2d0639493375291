import CHDF5
import Diagnostics
import Zarr

/// The filters of a chunked data set that are undone here, outside libhdf5's turn.
struct HDF5Filters: Sendable {
  private enum Filter: Sendable {
    case deflate, lzf, zstd, blosc, fletcher32
    case shuffle(elementByteCount: Int)
  }

  enum Failure: Error {
    case damaged(String)
    case other(ZarrError)
  }

  /// The filters in the order of encoding.
  private let filters: [Filter]

  var isEmpty: Bool { filters.isEmpty }

  /// Nil if libhdf5 has to undo them; an error where nobody can.
  init?(_ info: chdf5_info, elementByteCount: Int, place: String) throws(ZarrError) {
    var filters: [Filter] = []
    for i in 0..<Int(info.filter_count) {
      switch HDF5Array.filter(info, i).id {
      case 1: filters.append(.deflate)
      case 2: filters.append(.shuffle(elementByteCount: elementByteCount))
      case 3: filters.append(.fletcher32)
      case 32000: filters.append(.lzf)
      case 32001: filters.append(.blosc)
      case 32015: filters.append(.zstd)
      default: break
      }
    }
    guard filters.count == Int(info.filter_count) else {
      // libhdf5 has to undo all of a chain, also those that could be undone here
      for i in 0..<Int(info.filter_count) {
        let (id, _, isAvailable, name) = HDF5Array.filter(info, i)
        if !isAvailable {
          throw .unsupported(
            path: place, feature: "the HDF5 filter \(id) (\(name))",
            advice: "write the data set again with gzip, lzf, zstd or blosc, for example `h5repack -f GZIP=4 IN OUT`")
        }
      }
      return nil
    }
    self.filters = filters
  }

  /// Decodes into exactly the bytes of a chunk.
  func decode(
    _ stored: UnsafeRawBufferPointer, skipped: UInt32, into output: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(Failure) {
    var current = stored
    var borrowed = 0
    defer { for _ in 0..<borrowed { context.giveBack() } }
    for i in filters.indices.reversed() where skipped & (1 << UInt32(i)) == 0 {
      // what is still to be undone may have made the chunk longer
      let room = i == 0 ? 0 : output.count / 16 + 1024
      let target: UnsafeMutableRawBufferPointer
      do throws(ZarrError) { target = try context.scratch(byteCount: output.count + room) } catch { throw .other(error) }
      borrowed += 1
      let count = try undo(filters[i], current, into: target, context: context)
      current = UnsafeRawBufferPointer(rebasing: target[..<count])
    }
    guard current.count == output.count else {
      throw .damaged("it decodes to \(current.count) bytes where \(output.count) are expected")
    }
    output.copyMemory(from: current)
  }

  private func undo(
    _ filter: Filter, _ stored: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(Failure) -> Int {
    switch filter {
    case .deflate: return try unpack(.zlib, stored, into: target, context: context)
    case .zstd: return try unpack(.zstd, stored, into: target, context: context)
    case .blosc: return try unpack(.blosc, stored, into: target, context: context)
    case .lzf: return try decodeLzf(stored, into: target)
    case .fletcher32:
      guard stored.count >= 4 else { throw .damaged("fletcher32: it ends early") }
      let content = UnsafeRawBufferPointer(rebasing: stored.dropLast(4))
      guard content.count <= target.count else { throw .damaged("fletcher32: it has more than \(target.count) bytes") }
      let written = UInt32(littleEndian: stored.loadUnaligned(fromByteOffset: content.count, as: UInt32.self))
      let sum = Fletcher32.checksum(content)
      // early versions of libhdf5 wrote the bytes of each half the other way round
      guard written == sum || written == (sum & 0x00FF_00FF) << 8 | (sum & 0xFF00_FF00) >> 8 else {
        throw .damaged("fletcher32: its checksum is not that of its bytes")
      }
      target.copyMemory(from: content)
      return content.count
    case .shuffle(let width):
      // bytes of equal rank lie together; a rest that makes no whole element stays as it is
      guard stored.count <= target.count else { throw .damaged("shuffle: it has more than \(target.count) bytes") }
      let count = stored.count / width
      for rank in 0..<width {
        for i in 0..<count { target[i &* width &+ rank] = stored[rank &* count &+ i] }
      }
      for i in (count * width)..<stored.count { target[i] = stored[i] }
      return stored.count
    }
  }

  private func unpack(
    _ packing: Packing, _ stored: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, context: CodecContext
  ) throws(Failure) -> Int {
    do throws(PackingFailure) {
      return try packing.unpack(stored, into: target, context: context)
    } catch {
      switch error {
      case .damaged(let reason): throw .damaged(reason)
      case .outOfMemory(let byteCount): throw .other(.outOfMemory(byteCount: byteCount))
      }
    }
  }

  /// LZF, h5py's own: runs of letters, and references to what came before.
  private func decodeLzf(
    _ stored: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int {
    var (at, done) = (0, 0)
    func byte() throws(Failure) -> Int {
      guard at < stored.count else { throw .damaged("lzf: it ends early") }
      defer { at += 1 }
      return Int(stored[at])
    }
    while at < stored.count {
      let control = try byte()
      if control < 32 {
        let count = control + 1
        guard count <= stored.count - at else { throw .damaged("lzf: it ends early") }
        guard count <= target.count - done else { throw .damaged("lzf: it decodes to more than \(target.count) bytes") }
        for i in 0..<count { target[done + i] = stored[at + i] }
        at += count
        done += count
        continue
      }
      var count = control >> 5
      if count == 7 { count += try byte() }
      count += 2
      let back = (control & 0x1F) << 8 + (try byte()) + 1
      guard back <= done else { throw .damaged("lzf: a reference before its beginning") }
      guard count <= target.count - done else { throw .damaged("lzf: it decodes to more than \(target.count) bytes") }
      // one by one: a reference may reach into itself
      for i in 0..<count { target[done + i] = target[done - back + i] }
      done += count
    }
    return done
  }
}
