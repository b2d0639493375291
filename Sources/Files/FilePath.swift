import Foundation

/// Paths joined and tidied as text, so symbolic links stay as the user wrote them. Only what stands before a `..` is asked
/// for: above a link is the folder above what it leads to, as for the system, and not the folder that it lies in.
package enum FilePath {
  /// `path` seen from `folder`, without `.`, `..` and double slashes.
  package static func absolute(_ path: String, in folder: String) -> String {
    let isAbsolute = path.utf8.first == UInt8(ascii: "/")
    return tidy(isAbsolute ? path : folder + "/" + path)
  }

  /// `path` seen from the current folder.
  package static func absolute(_ path: String) -> String {
    absolute(path, in: FileManager.default.currentDirectoryPath)
  }

  package static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
  }

  package static func lastComponent(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// An absolute path as seen from a folder: below it relative, elsewhere absolute.
  package static func relative(_ path: String, to folder: String) -> String {
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
  }

  /// Where a link leads by its last name, also where nothing is there; the path as it is where it is no link.
  package static func linkEnd(of path: String) throws(StorageError) -> String {
    var end = path
    // as many as the system follows
    for _ in 0..<40 {
      var target = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
      let count = readlink(end, &target, target.count - 1)
      guard count >= 0 else { return end }
      end = absolute(
        String(decoding: target[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self), in: absolute(parentFolder(of: end)))
    }
    throw .io(step: .open, path: path, errno: ELOOP)
  }

  private static func tidy(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") {
      switch part {
      case ".": continue
      case "..":
        if let real = target(ofLink: "/" + parts.joined(separator: "/")) { parts = real.split(separator: "/") }
        _ = parts.popLast()
      default: parts.append(part)
      }
    }
    return "/" + parts.joined(separator: "/")
  }

  /// Where a link leads, without any links; nil where there is none, or it leads to nothing.
  private static func target(ofLink path: String) -> String? {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK, let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
