import Threads

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
  public var description: String { "\(field): was \(recorded ?? "absent"), is \(found ?? "absent")" }
}

extension View {
  /// The fields in which the image differs from its record; empty if it does not. An image that is gone or broken is a
  /// change too; errors that may pass are thrown.
  ///
  /// It costs a `stat` for each metadata file. Only if one differs is the image opened again: what differs in meaning
  /// is named; if nothing does, the rewritten files are, since the voxels may be others.
  public func changes() throws(ViewsError) -> [FingerprintChange] {
    let files = fingerprint.filesNow(path: path).differences(from: fingerprint.filesRecorded)
    if files.isEmpty { return [] }
    do throws(ViewsError) {
      let now = try details.format.reader.fingerprint(of: self)
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
