import Geometry

extension View {
  /// The view with its files as they are now, folders of chunks included, and what differs from its record.
  ///
  /// What differs in meaning is in the fingerprint only: whoever takes such an image plans anew. Throws where the image is
  /// gone or cannot be opened, and where a file is being written while it is looked at.
  package func retaken() throws(ViewsError) -> (view: View, changes: [FingerprintChange]) {
    let before = fingerprint.filesNow(path: path)
    let now = try fingerprintNow()
    // of files that are being written nobody knows what was read
    let shared = now.filesRecorded.differences(from: before).filter { $0.recorded != nil && $0.found != nil }
    if let change = shared.first ?? now.filesNow(path: path).differences(from: now.filesRecorded).first {
      throw .inputChanged(
        view: name, path: path, field: "\(change.field) is being written at this moment: it", recorded: change.recorded ?? "absent",
        found: change.found ?? "absent")
    }
    return (View(name: name, path: path, transforms: transforms, details: details, fingerprint: now), fingerprint.changes(in: now))
  }

  /// The same image with other pieces, or another codec: nothing that its place or its values rest on differs.
  package func isSameImage(as other: View) -> Bool {
    let (a, b) = (details, other.details)
    return level(a) == level(b) && a.times == b.times && a.channels == b.channels && a.intensityScale == b.intensityScale
      && a.intensityOffset == b.intensityOffset && (a.correction == b.correction || a.correction?.isLike(b.correction) == true)
  }

  private func level(_ details: ViewDetails) -> ViewLevel {
    let level = details.levels[0]
    return ViewLevel(
      arrayPath: "", stack: level.stack, shape: level.shape, chunk: .one, elementType: level.elementType, codecSummary: "",
      axes: level.axes, dataset: level.dataset)
  }
}

extension [FingerprintChange] {
  /// Whether the image itself is another one by its metadata, so that a job has to be planned with it anew.
  package var areOfMeaning: Bool { contains(where: \.isOfMeaning) }
  /// Whether nothing differs but times.
  package var areTimes: Bool { allSatisfy(\.isTimeOnly) }
}

extension View {
  /// Whether the record tells other bytes of the image's metadata from another time of their files. Where voxels and metadata
  /// are in one file, it cannot.
  package var knowsBytes: Bool { fingerprint.knowsBytes }
}
