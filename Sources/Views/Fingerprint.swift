import Files
import Foundation
import Geometry
import Threads
import Zarr

/// What an image was when its job was made: enough to notice that it is another one now, and to say in what.
///
/// Fields on its meaning (`shape`, `type`, `codec`, `scale`, …) and one for each metadata file (`file 0/.zarray`: size and
/// time). As long as the files' sizes and times are what they were nothing is read again.
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

  private static let filePrefix = "file "

  /// The metadata files, relative to the image.
  var files: [String] {
    let prefix = Fingerprint.filePrefix
    return fields.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
  }

  /// With the size and time of each of `files`, which lie below `path` unless absolute.
  init(fields: [String: String], files: [String], path: String) {
    var fields = fields
    for file in files { fields[Fingerprint.filePrefix + file] = fileState(FilePath.absolute(file, in: path)) }
    self.fields = fields
  }

  /// The files only, as they are now.
  func filesNow(path: String) -> Fingerprint { Fingerprint(fields: [:], files: files, path: path) }

  /// The files only, as they were.
  var filesRecorded: Fingerprint {
    Fingerprint(fields: fields.filter { $0.key.hasPrefix(Fingerprint.filePrefix) })
  }
}

/// One field of an image that is not what it was.
public struct FingerprintChange: Sendable, Hashable, Codable {
  public let field: String
  /// Nil where there was no such field.
  public let recorded: String?
  /// Nil where there is none any more.
  public let found: String?

  public init(field: String, recorded: String?, found: String?) {
    (self.field, self.recorded, self.found) = (field, recorded, found)
  }
}

extension FingerprintChange: CustomStringConvertible {
  public var description: String { "\(field): was \(recorded ?? "absent"), is \(found ?? "absent")" }
}

extension View {
  /// In what the image differs from when it was recorded; empty where it does not. An image that is gone or broken is a
  /// change too; errors that may pass are thrown.
  ///
  /// Costs a `stat` for each metadata file. Only where one differs is the image opened again: what differs in meaning
  /// is named; where nothing does, the rewritten files are, since the voxels may be others.
  public func changes() throws(ViewsError) -> [FingerprintChange] {
    let files = fingerprint.filesNow(path: path).differences(from: fingerprint.filesRecorded)
    if files.isEmpty { return [] }
    do throws(ViewsError) {
      let now = try currentFingerprint()
      let changes = now.differences(from: fingerprint)
      let meaning = changes.filter { !$0.field.hasPrefix("file ") }
      return meaning.isEmpty ? changes : meaning
    } catch {
      if error.isTransient { throw error }
      return [FingerprintChange(field: "image", recorded: "readable", found: error.description)]
    }
  }
}

/// The views that are not what they were recorded as, with what differs, by their position; looked at in parallel.
public func changedViews(
  _ views: [View], threads: Int? = nil
) throws(ViewsError) -> [(view: Int, changes: [FingerprintChange])] {
  let results = parallelMap(count: views.count, threads: threads) { i in
    Result { () throws(ViewsError) in try views[i].changes() }
  }
  var changed: [(view: Int, changes: [FingerprintChange])] = []
  for (i, result) in results.enumerated() {
    let changes = try result.get()
    if !changes.isEmpty { changed.append((view: i, changes: changes)) }
  }
  return changed
}

/// Size and time of a file, to the nanosecond.
private func fileState(_ path: String) -> String {
  do throws(StorageError) {
    return try FileVersion(ofFile: path).text
  } catch {
    return error.isMissing ? "missing" : "unreadable (errno \(error.systemNumber ?? 0))"
  }
}
