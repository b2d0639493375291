import Foundation

/// The file systems that are mounted, as Linux lists them in `/proc/self/mountinfo`.
struct MountTable {
  struct Mount {
    /// Which folder of the file system is mounted.
    let root: String
    /// Where it is mounted.
    let point: String
    let type: String
    /// Those of the file system; version 1 of the control groups names its controllers here.
    let options: [String]
  }

  /// In the order of the table: of several at one point the last one is seen.
  let mounts: [Mount]

  init(_ text: String) {
    mounts = text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard fields.count > 4, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count else { return nil }
      let options = dash + 3 < fields.count ? fields[dash + 3].split(separator: ",").map(String.init) : []
      return Mount(root: Self.unescaped(fields[3]), point: Self.unescaped(fields[4]), type: String(fields[dash + 1]), options: options)
    }
  }

  /// The table writes a blank as `\040`.
  private static func unescaped(_ field: Substring) -> String {
    field.replacingOccurrences(of: "\\040", with: " ").replacingOccurrences(of: "\\011", with: "\t")
      .replacingOccurrences(of: "\\134", with: "\\")
  }
}
