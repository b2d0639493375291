import Foundation

/// Whether a path leads to a file, and to the same one later and in another process: what a shell gives by `<(…)`, and
/// /dev/stdin, lead through /proc (/dev/fd on a Mac) to what one process has open. /dev/shm holds files like any other folder.
package func isLasting(_ path: String) -> Bool {
  guard FileStatus.isFile(path) else { return false }
  var (resolver, path) = (PathResolver(), FilePath.absolute(path))
  // as many links as the system follows
  for _ in 0..<40 {
    let folder = resolver.resolve(FilePath.folder(of: path))
    if ["/proc", "/dev/fd"].contains(where: { folder == $0 || folder.hasPrefix($0 + "/") }) { return false }
    guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else { return true }
    path = FilePath.absolute(target, in: folder)
  }
  return false
}
