import CHDF5
import Files
import Foundation
import Zarr

/// A data set that is open: its handle, its file, and a descriptor to read voxels by that lie in one piece.
final class HDF5Dataset: Sendable {
  let handle: Int64
  /// The descriptor; -1 if the voxels are only read through libhdf5.
  let descriptor: Int32
  /// The file that its voxels are in: another one if a link leads there.
  let path: String
  private let file: HDF5File

  /// - Parameter info: what the library says of it.
  init(_ file: HDF5File, _ inner: String, info: inout chdf5_info) throws(ZarrError) {
    let (handle, failure) = HDF5Library.inTurn {
      let handle = chdf5_open_dataset(file.handle, inner, &info)
      return (handle, handle < 0 ? HDF5Library.failure(file.path, inner) : nil)
    }
    if let failure { throw failure }
    var name = [CChar](repeating: 0, count: 4096)
    let isNamed = HDF5Library.inTurn { chdf5_file_name(handle, &name, 4096) } != 0
    path = isNamed ? String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : file.path
    (self.file, self.handle) = (file, handle)
    guard Self.isInOnePiece(info) else {
      descriptor = -1
      return
    }
    do throws(StorageError) {
      descriptor = try RegularFile.open(path).descriptor
    } catch {
      // from here on the handle is closed with this object
      descriptor = -1
      throw .storage(error)
    }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    let handle = handle
    HDF5Library.inTurn { chdf5_close_dataset(handle) }
  }

  static func isInOnePiece(_ info: chdf5_info) -> Bool {
    Int(info.layout) == Int(CHDF5_CONTIGUOUS.rawValue) && info.offset < UInt64(Int.max)
  }
}
