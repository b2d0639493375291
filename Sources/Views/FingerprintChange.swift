import Store
import Zarr

/// One field of an image that is not what it was.
public struct FingerprintChange: Sendable, Hashable, Codable {
  public let field: String
  /// The recorded value; nil if there was no such field.
  public let recorded: String?
  /// The value now; nil if there is none any more.
  public let found: String?
  /// Whether the image, or a part of its metadata, is not there at all.
  public let isAbsence: Bool

  public init(field: String, recorded: String?, found: String?, isAbsence: Bool = false) {
    (self.field, self.recorded, self.found, self.isAbsence) = (field, recorded, found, isAbsence)
  }
}

extension FingerprintChange {
  /// The field of an image that cannot be opened.
  static let image = "image"

  /// The file, for a change of its size or time.
  var file: String? { name(after: Fingerprint.filePrefix) }
  /// The file, for a change of its bytes.
  var digestedFile: String? { name(after: Fingerprint.digestPrefix) }
  /// The folder of chunks, for a change of its time.
  var folder: String? { name(after: Fingerprint.folderPrefix) }
  /// Whether the image itself is another one, by what its metadata say: its shape, its type, its codec, …
  var isOfMeaning: Bool { file == nil && digestedFile == nil && folder == nil }

  private func name(after prefix: String) -> String? { field.hasPrefix(prefix) ? String(field.dropFirst(prefix.count)) : nil }

  /// The states of a file whose size or time differs.
  var states: (recorded: RecordedFileState, found: RecordedFileState)? {
    guard file != nil, let was = recorded.flatMap(RecordedFileState.init), let now = found.flatMap(RecordedFileState.init) else {
      return nil
    }
    return (was, now)
  }

  /// Whether it is a time that differs, and nothing else.
  package var isTimeOnly: Bool { folder != nil || states.map { $0.recorded.byteCount == $0.found.byteCount } == true }

  /// Whether nothing differs but a time that lost its last digits: copies by tar, rsync or over some network file systems
  /// keep whole seconds only.
  var isCutTime: Bool {
    guard let recorded, let found, recorded.utf8.count == found.utf8.count else { return false }
    let (was, now) = (Array(recorded.utf8), Array(found.utf8))
    guard let point = was.lastIndex(of: UInt8(ascii: ".")) else { return false }
    guard let cut = was.indices.first(where: { was[$0] != now[$0] }), cut > point else { return false }
    return now[cut...].allSatisfy { $0 == UInt8(ascii: "0") }
  }
}

extension FingerprintChange: CustomStringConvertible {
  public var description: String { "\(field): was \(recorded ?? "absent"), is \(found ?? "absent")" }
}

extension View {
  /// The fields in which the image differs from its record; empty if it does not. An image that is gone or broken is a
  /// change too; errors that may pass are thrown.
  ///
  /// It costs a `stat` for each metadata file. Only if one differs is the image opened again: what differs in meaning
  /// is named; if nothing does, the rewritten files are, since the voxels may be others. Files of the same bytes whose times
  /// were merely cut are none of these.
  public func changes() throws(ViewsError) -> [FingerprintChange] {
    let files = fingerprint.filesNow(path: path).differences(from: fingerprint.filesRecorded)
    if files.isEmpty { return [] }
    do throws(ViewsError) {
      return fingerprint.changes(in: try fingerprintNow())
    } catch {
      if error.isTransient { throw error }
      return [
        FingerprintChange(field: FingerprintChange.image, recorded: "readable", found: error.description, isAbsence: error.isAbsence)
      ]
    }
  }
}

extension View {
  /// The fingerprint of the view as it is now: its image and those that correct it are opened again.
  func fingerprintNow() throws(ViewsError) -> Fingerprint {
    try details.format.reader.fingerprint(of: self).adding(details.correction?.reopened(view: name))
  }
}

extension Fingerprint {
  /// What differs in an image as it is now, folders of chunks aside: in meaning; if nothing does, in bytes and times.
  func changes(in now: Fingerprint) -> [FingerprintChange] {
    let changes = now.withoutFolders.differences(from: withoutFolders).filter { change in
      // records of older versions have no digests
      change.digestedFile == nil || change.recorded != nil
    }
    let meaning = changes.filter(\.isOfMeaning)
    if !meaning.isEmpty { return meaning }
    let rewritten = Set(changes.compactMap(\.digestedFile))
    return changes.filter { change in !change.isCutTime || change.file.map(rewritten.contains) == true }
  }
}
