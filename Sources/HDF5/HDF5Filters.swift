import CHDF5
import Diagnostics
import Geometry
import Zarr

/// The filters of a chunked data set that are undone here, outside libhdf5's turn.
struct HDF5Filters: Sendable {
  /// The filters in the order of encoding.
  private let filters: [any ByteCodec]

  var isEmpty: Bool { filters.isEmpty }

  /// Nil if libhdf5 has to undo them; an error where nobody can.
  init?(_ info: chdf5_info, elementType: ElementType, place: String) throws(ZarrError) {
    var filters: [any ByteCodec] = []
    for i in 0..<Int(info.filter_count) {
      let (id, values, _, name) = HDF5Array.filter(info, i)
      guard let kind = Codecs.hdf5(id) else { continue }
      let title = "the HDF5 filter \(id) (\(name))"
      filters.append(
        try kind.init(CodecSettings(format: .hdf5, title: title, values: values, elementType: elementType, path: place)))
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
  ) throws(CodecFailure) {
    var current = stored
    var borrowed = 0
    defer { context.pop(borrowed) }
    for i in filters.indices.reversed() where skipped & (1 << UInt32(i)) == 0 {
      // what is still to be undone may have made the chunk longer
      let room = i == 0 ? 0 : output.count / 16 + 1024
      let target = try context.push(byteCount: output.count + room)
      borrowed += 1
      let count = try filters[i].decode(current, into: target, context: context)
      current = UnsafeRawBufferPointer(rebasing: target[..<count])
    }
    guard current.count == output.count else {
      throw .damaged("it decodes to \(current.count) bytes where \(output.count) are expected")
    }
    output.copyMemory(from: current)
  }
}
