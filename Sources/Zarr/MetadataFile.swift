import Files
import JSON
import Store

/// The bytes of a metadata object; nil if there is none.
func metadataBytes(_ place: Place) throws(ZarrError) -> [UInt8]? {
  let opened: (any StoredObject)?
  do throws(StorageError) {
    opened = try place.open()
  } catch {
    // probing a path below a file that is no folder finds nothing either
    guard error.isMissing else { throw .storage(error) }
    return nil
  }
  guard let object = opened else { return nil }
  guard object.byteCount <= JSONValue.maximumByteCount else {
    throw .metadataInvalid(path: place.address, reason: "it has \(object.byteCount) bytes, too many for metadata")
  }
  return try onStorage { () throws(StorageError) in try object.readWhole() }
}

/// A metadata document; nil if there is none.
func metadataDocument(_ place: Place) throws(ZarrError) -> JSONValue? {
  guard let bytes = try metadataBytes(place) else { return nil }
  do throws(JSONError) {
    return try JSONValue.parse(bytes)
  } catch {
    throw .metadataInvalid(path: place.address, reason: "\(error)")
  }
}

/// Throws unless the metadata of an array are there.
func checkMetadata(_ file: Place, of array: String) throws(ZarrError) {
  do throws(StorageError) {
    if try file.look() != nil { return }
  } catch {
    guard error.isMissing else { throw .storage(error) }
  }
  throw .arrayMissing(path: array)
}
