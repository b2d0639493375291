import Diagnostics
import Files
import Foundation
import Geometry
import JSON
import Store
import Zarr

/// The state of an image when its job was made: enough to notice that it is another one now, and to say in what.
///
/// It has fields on the meaning of the metadata (`shape`, `type`, `codec`, `scale`, …), one for each metadata file (`file 0/.zarray`: size and
/// time), one for its bytes (`digest 0/.zarray`) where it holds metadata only, and, in a job's record, one for each folder of chunks that it
/// knows (`folder 0`: time). As long as sizes and times stay, nothing is read again; folders are asked only where a chunk is missing. Files
/// that hold voxels have no digest, and records of older versions have none at all.
public struct Fingerprint: Sendable, Hashable, Codable {
  public let fields: [String: String]

  public init(fields: [String: String]) {
    self.fields = fields
  }

  public init(from decoder: any Decoder) throws {
    fields = try decoder.singleValueContainer().decode([String: String].self)
  }

  public func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    try value.encode(fields)
  }

  /// The fields in which two fingerprints differ, in alphabetical order.
  public func differences(from recorded: Fingerprint) -> [FingerprintChange] {
    Set(fields.keys).union(recorded.fields.keys).sorted().compactMap { field in
      let (was, now) = (recorded.fields[field], fields[field])
      return was == now ? nil : FingerprintChange(field: field, recorded: was, found: now)
    }
  }

  static let filePrefix = "file "
  static let digestPrefix = "digest "
  static let folderPrefix = "folder "

  /// The metadata files, relative to the image.
  var files: [String] {
    let prefix = Fingerprint.filePrefix
    return fields.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
  }

  /// A fingerprint with the size and time of each of `files`, which lie below `path` unless absolute.
  ///
  /// - Parameter areMetadata: the files hold no voxels; their bytes count too.
  init(fields: [String: String], files: [String], path: String, areMetadata: Bool = false) {
    var fields = fields
    for file in files {
      let address = KnownStores.absolute(file, in: path)
      if areMetadata { fields[Fingerprint.digestPrefix + file] = fileDigest(address) }
      fields[Fingerprint.filePrefix + file] = fileState(address)
    }
    self.fields = fields
  }

  /// Whether the record can tell a file of other bytes from one of another time only.
  var knowsBytes: Bool { files.allSatisfy { fields[Fingerprint.digestPrefix + $0] != nil } }

  /// A fingerprint of the files only, as they are now.
  func filesNow(path: String) -> Fingerprint { Fingerprint(fields: [:], files: files, path: path) }

  /// The same with the times of folders of chunks. What is not there is known as such.
  func with(folders: [String: String?]) -> Fingerprint {
    var fields = fields
    for (name, time) in folders { fields[Fingerprint.folderPrefix + name] = time ?? Fingerprint.missing }
    return Fingerprint(fields: fields)
  }

  /// The recorded time of a folder of chunks; nil if it was not recorded.
  func folder(_ name: String) -> String? { fields[Fingerprint.folderPrefix + name] }

  /// The folders of chunks whose times were recorded.
  var folders: [String] {
    fields.keys.filter { $0.hasPrefix(Fingerprint.folderPrefix) }.map { String($0.dropFirst(Fingerprint.folderPrefix.count)) }
  }

  /// Whether times of folders were recorded: jobs of older versions have none.
  var knowsFolders: Bool { fields.keys.contains { $0.hasPrefix(Fingerprint.folderPrefix) } }

  /// How a folder of chunks differs from its record; nil if it does not, or has none.
  func change(ofFolder name: String, time: String?) -> FingerprintChange? {
    guard let recorded = folder(name) else { return nil }
    let change = FingerprintChange(field: Fingerprint.folderPrefix + name, recorded: recorded, found: time ?? Fingerprint.missing)
    return recorded == change.found || change.isCutTime ? nil : change
  }

  /// A fingerprint without the times of folders, which change for many reasons.
  var withoutFolders: Fingerprint {
    Fingerprint(fields: fields.filter { !$0.key.hasPrefix(Fingerprint.folderPrefix) })
  }

  private static let missing = "missing"

  /// A fingerprint of the files only, as they were.
  var filesRecorded: Fingerprint {
    Fingerprint(fields: fields.filter { $0.key.hasPrefix(Fingerprint.filePrefix) })
  }
}

/// The digest of a file's bytes; nil where it cannot be read, which its size and time say as well.
private func fileDigest(_ path: String) -> String? {
  guard let bytes = (try? Place(path).bytes(limit: JSONValue.maximumByteCount)) ?? nil else { return nil }
  return Digest(bytes).text
}

/// Size and time of a file, to the nanosecond.
private func fileState(_ path: String) -> String {
  do throws(StorageError) {
    return try Place(path).look()?.version.text ?? "missing"
  } catch {
    return error.isMissing ? "missing" : "unreadable (errno \(error.systemNumber ?? 0))"
  }
}
