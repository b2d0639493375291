import Foundation

/// Paths with all links resolved, so that two names of one folder are seen to be one.
///
/// What does not exist yet is taken as it is written, below the nearest folder that does.
package struct PathResolver {
  package init() {}

  private var folders: [String: String] = [:]

  /// An absolute path without links, `.` and `..`.
  package mutating func resolve(_ path: String) -> String {
    let whole = FilePath.absolute(path)
    var status = stat()
    if lstat(whole, &status) == 0 {
      // a link itself is rare; only then is the whole path asked for
      if status.st_mode & S_IFMT == S_IFLNK { return Self.real(whole) ?? whole }
    }
    let parent = FilePath.folder(of: whole)
    guard parent != whole else { return whole }
    return join(resolveFolder(parent), FilePath.lastComponent(of: whole))
  }

  private mutating func resolveFolder(_ folder: String) -> String {
    if let known = folders[folder] { return known }
    let resolved: String
    if let real = Self.real(folder) {
      resolved = real
    } else {
      let parent = FilePath.folder(of: folder)
      resolved = parent == folder ? folder : join(resolveFolder(parent), FilePath.lastComponent(of: folder))
    }
    folders[folder] = resolved
    return resolved
  }

  private func join(_ folder: String, _ name: String) -> String { folder == "/" ? "/" + name : folder + "/" + name }

  private static func real(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}

/// Whether one of two folders is the other, or lies in it. Both are resolved.
package func isNested(_ a: String, _ b: String) -> Bool { a == b || a.hasPrefix(b + "/") || b.hasPrefix(a + "/") }
