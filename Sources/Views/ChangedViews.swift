import Diagnostics
import Files
import Foundation

/// Views that are not as they were recorded, in words: what differs in dates and sizes, and many views in a few lines.
package struct ChangedViews: Sendable {
  /// What became of a view, by what matters most.
  package enum Kind: Sendable {
    case gone
    /// It is there, and cannot be opened.
    case broken
    /// Its shape, type, codec, place, …
    case otherImage
    /// Its metadata mean the same, and a file of it has another size or other bytes.
    case otherBytes
    /// Nothing but times.
    case otherTime
  }

  package struct Entry: Sendable {
    /// The view's number.
    package let index: Int
    package let view: View
    package let kind: Kind
    package let changes: [FingerprintChange]

    init(_ index: Int, _ view: View, _ changes: [FingerprintChange]) {
      (self.index, self.view, self.changes) = (index, view, changes)
      kind =
        changes.contains(where: \.isAbsence)
        ? .gone
        : changes.contains { $0.field == FingerprintChange.image }
          ? .broken : changes.contains(where: \.isOfMeaning) ? .otherImage : changes.allSatisfy(\.isTimeOnly) ? .otherTime : .otherBytes
    }
  }

  package let entries: [Entry]

  package init(_ changed: [WatchedViews.Changed], of views: [View]) {
    entries = changed.map { Entry($0.view, views[$0.view], $0.changes) }
  }

  package var isEmpty: Bool { entries.isEmpty }
  package var kinds: Set<Kind> { Set(entries.map(\.kind)) }

  /// Whether a folder of chunks has another time: chunks that are missing may be removed ones.
  package var areFoldersChanged: Bool { entries.contains { $0.changes.contains { $0.folder != nil } } }

  package static let listedAtMost = 20
  /// Views of one kind from which on they are one line.
  private static let groupedFrom = 4
  private static let namedAtMost = 3

  /// A line for each view, or for many views that changed in the same way.
  package var lines: [String] {
    var lines: [String] = []
    for (kind, words) in [(Kind.gone, "are gone"), (.otherTime, ""), (.otherBytes, "have other bytes")] {
      let same = entries.filter { $0.kind == kind }
      if same.count < (kind == .gone ? 2 : Self.groupedFrom) {
        lines += same.map(line)
      } else {
        lines.append(
          "\(same.count.grouped) views \(kind == .otherTime ? timesText(same) : words), all below \(commonFolder(same)): \(names(same))"
            + (kind == .gone ? Self.missingElsewhere(same) : ""))
      }
    }
    lines += entries.filter { $0.kind == .broken || $0.kind == .otherImage }.map(line)
    if lines.count <= Self.listedAtMost { return lines }
    return lines.prefix(Self.listedAtMost) + ["… and \(lines.count - Self.listedAtMost) more views"]
  }

  /// A file that is not there and lies in none of the images: one that several views are corrected by.
  private static func missingElsewhere(_ entries: [Entry]) -> String {
    for entry in entries {
      guard case .inputMissing(_, let file)? = entry.view.absence else { continue }
      if file != entry.view.path && !file.hasPrefix(entry.view.path + "/") { return "; \(file) is not there" }
    }
    return ""
  }

  // MARK: One view

  private func line(_ entry: Entry) -> String {
    let place = "view \"\(entry.view.name)\" (\(entry.view.path))"
    switch entry.kind {
    case .gone:
      let what = entry.view.absence?.description ?? ""
      return "\(place): is gone" + (what.isEmpty ? "" : ": " + what.replacingOccurrences(of: "view \"\(entry.view.name)\": ", with: ""))
    case .broken: return "\(place): cannot be opened any more: \(entry.changes.first?.found ?? "")"
    case .otherImage: return "\(place): " + entry.changes.filter(\.isOfMeaning).map(\.description).joined(separator: "; ")
    case .otherBytes, .otherTime: return "\(place): " + differences(entry).joined(separator: "; ")
    }
  }

  private func differences(_ entry: Entry) -> [String] {
    let rewritten = Set(entry.changes.compactMap(\.digestedFile))
    var told: Set<String> = []
    var parts: [String] = []
    for change in entry.changes {
      if let file = change.file {
        told.insert(file)
        let subject = file == entry.view.path ? "" : "its file \(file) "
        parts.append(subject + fileText(change, isRewritten: rewritten.contains(file)))
      } else if let folder = change.folder {
        parts.append("its folder of chunks \(folder) \(folderText(change))")
      }
    }
    // what differs in bytes only has the size and time that were recorded
    return parts + rewritten.subtracting(told).sorted().map { "its file \($0) has other bytes, with its old size and time" }
  }

  private func fileText(_ change: FingerprintChange, isRewritten: Bool) -> String {
    guard let (was, now) = change.states else { return "was \(change.recorded ?? "no part of it"), is \(change.found ?? "no part of it")" }
    let size =
      was.byteCount == now.byteCount
      ? isRewritten ? "same size, other bytes" : "same size" : "\(now.byteCount.grouped) bytes, was \(was.byteCount.grouped)"
    if let remark = now.remark, was.modificationTime == now.modificationTime { return "was \(remark); \(size), same time" }
    return "is \(Self.age(was, now)); \(size)"
  }

  private func folderText(_ change: FingerprintChange) -> String {
    guard let was = change.recorded.flatMap(Self.nanoseconds), let now = change.found.flatMap(Self.nanoseconds) else {
      return "was \(change.recorded ?? "absent"), is \(change.found ?? "absent")"
    }
    let text = FileTimeText(now: now, was: was)
    return "is \(now > was ? "newer" : "older"): \(text.now), was \(text.was)"
  }

  private static func nanoseconds(_ time: String) -> Int64? { RecordedFileState("0 bytes, \(time)")?.modificationTime }

  /// `newer: 30 Nov 2026 10:12, was 09:40`.
  private static func age(_ was: RecordedFileState, _ now: RecordedFileState) -> String {
    if was.modificationTime == now.modificationTime { return "of the same time" }
    let text = FileTimeText(now: now.modificationTime, was: was.modificationTime)
    return "\(now.modificationTime > was.modificationTime ? "newer" : "older"): \(text.now), was \(text.was)"
  }

  // MARK: Many views

  private func timesText(_ entries: [Entry]) -> String {
    let states = entries.compactMap { $0.changes.lazy.compactMap(\.states).first }
    let isNewer = states.count == entries.count && states.allSatisfy { $0.found.modificationTime > $0.recorded.modificationTime }
    return "\(isNewer ? "are newer" : "have other times"), each with its old size"
  }

  private func names(_ entries: [Entry]) -> String {
    var names = entries.prefix(Self.namedAtMost).map { entry in
      guard entry.kind == .otherTime, let (was, now) = entry.changes.lazy.compactMap(\.states).first else {
        return "\"\(entry.view.name)\""
      }
      return "\"\(entry.view.name)\" (\(Self.age(was, now)))"
    }
    if entries.count > names.count { names.append("…") }
    return names.joined(separator: ", ")
  }

  /// The deepest folder that all of them are in.
  private func commonFolder(_ entries: [Entry]) -> String {
    var common: [Substring]?
    for entry in entries {
      let parts = FilePath.folder(of: entry.view.path).split(separator: "/", omittingEmptySubsequences: false)
      common = common.map { known in Array(zip(known, parts).prefix { $0 == $1 }.map(\.0)) } ?? parts
    }
    let path = (common ?? []).joined(separator: "/")
    return path.isEmpty ? "/" : path
  }
}
