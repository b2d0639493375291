import CHDF5
import Files
import Foundation
import Zarr

/// One HDF5 file, open for reading. All calls of libhdf5, which is not thread safe, take turns through `HDF5Library`.
public final class HDF5File: Sendable {
  public enum Kind: Sendable {
    case group, dataset
  }

  public let path: String
  let handle: Int64

  public static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Whether a file is one: its signature is at the beginning, or behind a block of another program at 512, 1024, 2048, …
  public static func isThere(_ path: String) -> Bool {
    guard let (descriptor, _) = try? RegularFile.open(path) else { return false }
    defer { close(descriptor) }
    var found = [UInt8](repeating: 0, count: signature.count)
    var offset = 0
    while offset < 1 << 60, found.withUnsafeMutableBytes({ pread(descriptor, $0.baseAddress, $0.count, off_t(offset)) }) == found.count {
      if found == signature { return true }
      offset = offset == 0 ? 512 : offset * 2
    }
    return false
  }

  /// The file of a path; one that is open already is shared.
  public static func open(_ path: String) throws(ZarrError) -> HDF5File {
    // for the errno, which libhdf5 hides
    let (descriptor, status) = try onStorage { () throws(StorageError) in try RegularFile.open(path) }
    defer { close(descriptor) }
    return try HDF5Library.file(path, status: status)
  }

  /// Called in turn.
  init(inTurn path: String) throws(ZarrError) {
    handle = chdf5_open_file(path)
    self.path = path
    if handle < 0 { throw HDF5Library.failure(path) }
  }

  deinit {
    let handle = handle
    if handle >= 0 { HDF5Library.inTurn { chdf5_close_file(handle) } }
  }

  /// Why what there is at a path in the file cannot be opened; nil: it can, or there is nothing.
  public func problem(_ inner: String) -> String? {
    HDF5Library.inTurn { chdf5_kind(handle, inner) < 0 ? String(cString: chdf5_error()) : nil }
  }

  /// The kind of what there is at a path in the file; nil for nothing, for neither of both, and for what cannot be opened.
  /// Where the system refused to read what says so, and may not later, that is an error.
  public func kind(_ inner: String) throws(ZarrError) -> Kind? {
    let (kind, refusal) = HDF5Library.inTurn { () -> (Int32, ZarrError?) in
      let kind = chdf5_kind(handle, inner)
      return (kind, kind < 0 ? HDF5Library.refusal(path) : nil)
    }
    if let refusal { throw refusal }
    return switch kind {
    case 1: .group
    case 2: .dataset
    default: nil
    }
  }

  /// The other file that a link on the way to a path leads to, as the link names it.
  public func linkedFile(_ inner: String) -> String? {
    var name = [CChar](repeating: 0, count: 2048)
    let isLink = HDF5Library.inTurn { chdf5_link_file(handle, inner, &name, 2048) } != 0
    return isLink ? String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
  }

  public enum Attribute: Sendable {
    case number(Double)
    case text(String)
  }

  /// An attribute of a data set; nil where it has none of the name.
  public func attribute(_ name: String, of inner: String) throws(ZarrError) -> Attribute? {
    var (value, text) = (0.0, [CChar](repeating: 0, count: 256))
    let (kind, problem) = HDF5Library.inTurn { () -> (Int32, ZarrError?) in
      let kind = chdf5_attribute(handle, inner, name, &value, &text, 256)
      return (kind, kind < 0 ? HDF5Library.failure(path, inner) : nil)
    }
    if let problem { throw problem }
    return switch kind {
    case 1: .number(value)
    case 2: .text(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    default: nil
    }
  }

  /// The rows of a small table of numbers.
  public func table(_ inner: String) throws(ZarrError) -> [[Double]] {
    let limit = 1024
    var values = [Double](repeating: 0, count: limit)
    var (rows, columns) = (Int32(0), Int32(0))
    let problem = HDF5Library.inTurn {
      chdf5_read_table(handle, inner, &values, Int32(limit), &rows, &columns) < 0
        ? String(cString: chdf5_error()) : nil
    }
    if let problem { throw .metadataInvalid(path: path, reason: "\(inner): \(problem)") }
    return (0..<Int(rows)).map { row in (0..<Int(columns)).map { values[row * Int(columns) + $0] } }
  }
}
