/// A path that metadata gave, made safe to append to the folder that they lie in: `./a//b/` becomes `a/b`.
///
/// Absolute paths, `..` and NUL are refused; the empty path and `.` mean the folder itself and give "".
public func safeRelativePath(_ path: String) throws(ZarrError) -> String {
  guard !path.hasPrefix("/"), !path.utf8.contains(0) else { throw .unsafePath(path: path) }
  let parts = path.split(separator: "/").filter { $0 != "." }
  guard !parts.contains("..") else { throw .unsafePath(path: path) }
  return parts.joined(separator: "/")
}
