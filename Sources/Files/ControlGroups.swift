import Foundation

/// The control groups that this process is in, of Linux's version 1 and 2, and what they allow it. A group is bound by what
/// the groups above it allow, so the least counts.
///
/// Nothing but files below a root is read, by which tests can give what a system would.
package struct ControlGroups {
  private let root: String
  private let mounts: [MountTable.Mount]
  /// The lines of `/proc/self/cgroup`: a hierarchy, known by its controllers, and the group in it. Version 2 names none.
  private let memberships: [(controllers: [String], group: String)]

  /// - Parameter root: the folder that stands for `/`.
  package init(root: String = "") {
    self.root = root
    func text(_ path: String) -> String { (try? String(contentsOfFile: root + path, encoding: .utf8)) ?? "" }
    mounts = MountTable(text("/proc/self/mountinfo")).mounts
    memberships = text("/proc/self/cgroup").split(separator: "\n").compactMap { line in
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      return parts.count < 3 ? nil : (parts[1].split(separator: ",").map(String.init), String(parts[2]))
    }
  }

  /// How many processors the quota is worth, a part of one counted as one.
  package var processors: ProcessLimits.Limit? {
    let first = groups("cpu").compactMap { group -> (file: String, share: Double)? in
      let file = group.folder + (group.isUnified ? "/cpu.max" : "/cpu.cfs_quota_us")
      let words = words(file)
      guard let quota = words.first.flatMap(Double.init), quota > 0 else { return nil }
      let period = group.isUnified ? words.dropFirst().first : self.words(group.folder + "/cpu.cfs_period_us").first
      guard let period = period.flatMap(Double.init), period > 0 else { return nil }
      return (file, quota / period)
    }.min { $0.share < $1.share }
    guard let first else { return nil }
    return ProcessLimits.Limit(
      value: Int(max(1, min(first.share.rounded(.up), 1e6))), source: "the CPU quota of its control group (\(first.file))")
  }

  /// In bytes.
  package var memory: ProcessLimits.Limit? {
    let files = groups("memory").flatMap { group in
      (group.isUnified ? ["memory.max", "memory.high"] : ["memory.limit_in_bytes"]).map { "\(group.folder)/\($0)" }
    }
    let limits = files.compactMap { file -> (file: String, byteCount: Int)? in
      // `max`, or a number that no machine has, where there is no limit
      guard let byteCount = words(file).first.flatMap({ Int($0) }), byteCount > 0, byteCount < 1 << 60 else { return nil }
      return (file, byteCount)
    }
    guard let least = limits.min(by: { $0.byteCount < $1.byteCount }) else { return nil }
    return ProcessLimits.Limit(value: least.byteCount, source: "the memory limit of its control group (\(least.file))")
  }

  /// The folders of the groups of a controller that the process is in, from its own up to the highest that can be seen.
  private func groups(_ controller: String) -> [(folder: String, isUnified: Bool)] {
    memberships.flatMap { membership -> [(folder: String, isUnified: Bool)] in
      let isUnified = membership.controllers.isEmpty
      guard isUnified || membership.controllers.contains(controller) else { return [] }
      var places = mounts.filter { isUnified ? $0.type == "cgroup2" : $0.type == "cgroup" && $0.options.contains(controller) }
        .map { (root: $0.root, point: $0.point) }
      // also where the table does not list it, as in some containers
      if isUnified { places.append((root: "/", point: "/sys/fs/cgroup")) }
      return places.flatMap { Self.folders(membership.group, root: $0.root, point: $0.point) }.map { ($0, isUnified) }
    }
  }

  /// A group's folder and those above it, up to where its hierarchy is mounted.
  private static func folders(_ group: String, root: String, point: String) -> [String] {
    let above = root == "/" ? "" : root
    // a group outside what is mounted, as a container's may be, is bound by what is mounted
    var rest = group.hasPrefix(above) ? group.dropFirst(above.count)[...] : ""
    if !rest.hasPrefix("/") || rest.contains("/..") { rest = "" }
    var folders = [point]
    for part in rest.split(separator: "/") { folders.append("\(folders[folders.count - 1])/\(part)") }
    return folders.reversed()
  }

  private func words(_ file: String) -> [Substring] {
    ((try? String(contentsOfFile: root + file, encoding: .utf8)) ?? "").split(whereSeparator: \.isWhitespace)
  }
}
