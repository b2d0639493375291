/// One field of an image that is not what it was.
public struct FingerprintChange: Sendable, Hashable, Codable {
  public let field: String
  /// The recorded value; nil if there was no such field.
  public let recorded: String?
  /// The value now; nil if there is none any more.
  public let found: String?

  public init(field: String, recorded: String?, found: String?) {
    (self.field, self.recorded, self.found) = (field, recorded, found)
  }
}

extension FingerprintChange: CustomStringConvertible {
  /// Whether nothing differs but a time that lost its last digits: copies by tar, rsync or over some network file systems
  /// keep whole seconds only.
  var isCutTime: Bool {
    guard let recorded, let found, recorded.utf8.count == found.utf8.count else { return false }
    let (was, now) = (Array(recorded.utf8), Array(found.utf8))
    guard let point = was.lastIndex(of: UInt8(ascii: ".")) else { return false }
    guard let cut = was.indices.first(where: { was[$0] != now[$0] }), cut > point else { return false }
    return now[cut...].allSatisfy { $0 == UInt8(ascii: "0") }
  }

  public var description: String { "\(field): was \(recorded ?? "absent"), is \(found ?? "absent")" }
}

extension View {
  /// The fields in which the image differs from its record; empty if it does not. An image that is gone or broken is a
  /// change too; errors that may pass are thrown.
  ///
  /// It costs a `stat` for each metadata file. Only if one differs is the image opened again: what differs in meaning
  /// is named; if nothing does, the rewritten files are, since the voxels may be others. Files of the same size whose times
  /// were merely cut are none of these.
  public func changes() throws(ViewsError) -> [FingerprintChange] {
    let files = fingerprint.filesNow(path: path).differences(from: fingerprint.filesRecorded)
    if files.isEmpty { return [] }
    do throws(ViewsError) {
      let now = try details.format.reader.fingerprint(of: self)
      let changes = now.differences(from: fingerprint.withoutFolders)
      let meaning = changes.filter { !$0.field.hasPrefix("file ") }
      return meaning.isEmpty ? changes.filter { !$0.isCutTime } : meaning
    } catch {
      if error.isTransient { throw error }
      return [FingerprintChange(field: "image", recorded: "readable", found: error.description)]
    }
  }
}
