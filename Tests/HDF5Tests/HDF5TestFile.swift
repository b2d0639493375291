@preconcurrency import CHDF5Library
import Foundation
import HDF5
import TestSupport
import Testing

/// A file for one test, made by libhdf5 itself. It is read after `close`.
final class HDF5TestFile {
  struct Filter {
    var id: Int32
    var values: [UInt32] = []
  }

  let path: String
  private let temporary: TemporaryFolder
  private var file: hid_t = -1

  /// - Parameter userBlock: bytes of another program at the beginning.
  init(_ name: String = "data.h5", userBlock: Int = 0) throws {
    temporary = try TemporaryFolder()
    let path = temporary.path + "/" + name
    self.path = path
    file = HDF5Library.inTurn {
      _ = H5open()
      let creation = H5Pcreate(H5P_CLS_FILE_CREATE_ID_g)
      defer { H5Pclose(creation) }
      if userBlock > 0 { H5Pset_userblock(creation, hsize_t(userBlock)) }
      // 2: a file that is there is replaced
      return H5Fcreate(path, 2, creation, 0)
    }
    try #require(file >= 0)
  }

  deinit {
    close()
    temporary.remove()
  }

  var folder: String { temporary.path }

  func close() {
    if file >= 0 { HDF5Library.inTurn { _ = H5Fclose(file) } }
    file = -1
  }

  /// A data set.
  ///
  /// - Parameters:
  ///   - chunk: nil for one in one piece.
  ///   - voxels: in C order, in the type's own bytes; nil: nothing is written.
  ///   - chunks: stored bytes, written as they are, each with the filters that it has not (a bit for each).
  func add(
    _ name: String, shape: [Int], type: HDF5TestType = .uint16, chunk: [Int]? = nil, filters: [Filter] = [], fill: [UInt8]? = nil,
    scaleOffset: Bool = false, voxels: [UInt8]? = nil, chunks: [(at: [Int], bytes: [UInt8], skipped: UInt32)] = []
  ) throws {
    let isDone = HDF5Library.inTurn { () -> Bool in
      let type = type.make()
      let space = H5Screate_simple(Int32(shape.count), shape.map { hsize_t($0) }, nil)
      let creation = H5Pcreate(H5P_CLS_DATASET_CREATE_ID_g)
      defer {
        H5Pclose(creation)
        H5Sclose(space)
        H5Tclose(type)
      }
      if let chunk { H5Pset_chunk(creation, Int32(chunk.count), chunk.map { hsize_t($0) }) }
      if scaleOffset { H5Pset_scaleoffset(creation, H5Z_SO_INT, 0) }
      // 1: a filter that libhdf5 lacks may be named all the same
      for filter in filters { H5Pset_filter(creation, filter.id, 1, filter.values.count, filter.values) }
      if let fill { H5Pset_fill_value(creation, type, fill) }
      let dataset = H5Dcreate2(file, name, type, space, 0, creation, 0)
      guard dataset >= 0 else { return false }
      defer { H5Dclose(dataset) }
      if let voxels, H5Dwrite(dataset, type, 0, 0, 0, voxels) < 0 { return false }
      return chunks.allSatisfy { chunk in
        H5Dwrite_chunk(dataset, 0, chunk.skipped, chunk.at.map { hsize_t($0) }, chunk.bytes.count, chunk.bytes) >= 0
      }
    }
    try #require(isDone, "\(name)")
  }

  /// A link to an object of another file.
  func link(_ name: String, to file: String, _ object: String) throws {
    let status = HDF5Library.inTurn { H5Lcreate_external(file, object, self.file, name, 0, 0) }
    try #require(status >= 0)
  }

  func cut(to byteCount: Int) throws {
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try handle.truncate(atOffset: UInt64(byteCount))
    try handle.close()
  }

  var byteCount: Int { (try? Data(contentsOf: URL(fileURLWithPath: path)).count) ?? 0 }
}

enum HDF5TestType: CaseIterable {
  case uint16, uint16Big, int16, int8, uint64, float32, float64Big, bits, text, twelveBits

  /// To be closed.
  func make() -> hid_t {
    switch self {
    case .uint16: return H5Tcopy(H5T_STD_U16LE_g)
    case .uint16Big: return H5Tcopy(H5T_STD_U16BE_g)
    case .int16: return H5Tcopy(H5T_STD_I16LE_g)
    case .int8: return H5Tcopy(H5T_STD_I8LE_g)
    case .uint64: return H5Tcopy(H5T_STD_U64LE_g)
    case .float32: return H5Tcopy(H5T_IEEE_F32LE_g)
    case .float64Big: return H5Tcopy(H5T_IEEE_F64BE_g)
    case .bits: return H5Tcopy(H5T_STD_B16LE_g)
    case .text:
      let type = H5Tcopy(H5T_C_S1_g)
      H5Tset_size(type, 4)
      return type
    case .twelveBits:
      let type = H5Tcopy(H5T_STD_U16LE_g)
      H5Tset_precision(type, 12)
      return type
    }
  }
}
