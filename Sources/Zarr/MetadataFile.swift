import Files
import Foundation
import JSON

/// The bytes of a metadata file; nil if there is none.
func metadataBytes(_ path: String) throws(ZarrError) -> [UInt8]? {
  // probing a path below a file that is no folder finds nothing either
  guard let file = try onStorage({ () throws(StorageError) in try FileReader.open(path, absence: [ENOENT, ENOTDIR]) }) else { return nil }
  guard file.byteCount <= JSONValue.maximumByteCount else {
    throw .metadataInvalid(path: path, reason: "it has \(file.byteCount) bytes, too many for metadata")
  }
  var bytes = [UInt8](repeating: 0, count: file.byteCount)
  do throws(StorageError) {
    let count = try bytes.withUnsafeMutableBufferPointer { (buffer) throws(StorageError) -> Int in
      try file.read(at: 0, into: UnsafeMutableRawBufferPointer(buffer))
    }
    bytes.removeLast(bytes.count - count)
  } catch {
    throw .storage(error)
  }
  return bytes
}

/// A metadata document; nil if there is none.
func metadataDocument(_ path: String) throws(ZarrError) -> JSONValue? {
  guard let bytes = try metadataBytes(path) else { return nil }
  do throws(JSONError) {
    return try JSONValue.parse(bytes)
  } catch {
    throw .metadataInvalid(path: path, reason: "\(error)")
  }
}
