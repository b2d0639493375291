import Geometry
import JSON

/// Reads the members of a metadata document with errors that name file and member.
struct MetadataReader {
  let path: String
  let members: [String: JSONValue]

  init(_ json: JSONValue, path: String) throws(ZarrError) {
    guard let members = json.object else {
      throw .metadataInvalid(path: path, reason: "it is \(json.kind), not an object")
    }
    (self.path, self.members) = (path, members)
  }

  func invalid(_ reason: String) -> ZarrError { .metadataInvalid(path: path, reason: reason) }
  func unsupported(_ feature: String, _ advice: String = Advice.codec) -> ZarrError {
    .unsupported(path: path, feature: feature, advice: advice)
  }

  func required(_ key: String) throws(ZarrError) -> JSONValue {
    guard let value = members[key] else { throw invalid("\"\(key)\" is missing") }
    return value
  }

  func string(_ key: String) throws(ZarrError) -> String {
    let value = try required(key)
    guard let string = value.string else { throw invalid("\"\(key)\" is \(value.excerpt), not a string") }
    return string
  }

  /// A list of lengths, each at least `minimum`; as many as `count`, or as an array may have axes.
  func lengths(_ key: String, minimum: Int, count: Int? = nil) throws(ZarrError) -> [Int] {
    let value = try required(key)
    guard let list = value.array else { throw invalid("\"\(key)\" is \(value.excerpt), not a list") }
    if let count {
      guard list.count == count else { throw invalid("\"\(key)\" has \(list.count) entries for \(count) axes") }
    } else {
      guard ArrayMetadata.axisCounts.contains(list.count) else { throw unsupported("an array of \(list.count) axes", Advice.axes) }
    }
    var lengths: [Int] = []
    for entry in list {
      guard let length = entry.int, length >= minimum else {
        throw invalid("\"\(key)\" has the entry \(entry.excerpt), not a whole number from \(minimum) up")
      }
      lengths.append(length)
    }
    return lengths
  }

  func zarrFormat(_ expected: Int) throws(ZarrError) {
    let value = try required("zarr_format")
    guard value.int == expected else { throw unsupported("\"zarr_format\" \(value.excerpt)", Advice.format) }
  }

  func fill(_ json: JSONValue, type: ElementType) throws(ZarrError) -> [UInt8] {
    guard let bytes = fillBytes(json, type: type) else {
      throw invalid("\"fill_value\" is \(json.excerpt), which is no \(type.rawValue)")
    }
    return bytes
  }

  /// The bytes of a chunk, within what codecs can hold, unless no more than parts of it are ever read.
  func chunkByteCount(_ shape: [Int], _ type: ElementType, isReadInParts: Bool = false) throws(ZarrError) -> Int {
    let limit = isReadInParts ? ChunkParts.largestChunk : CodecChain.maximumByteCount
    guard let byteCount = checkedProduct(shape + [type.byteCount]), byteCount <= limit else {
      throw unsupported("a chunk of \(shape) \(type.rawValue) (more than \(limit) bytes)", Advice.chunkSize)
    }
    return byteCount
  }
}
