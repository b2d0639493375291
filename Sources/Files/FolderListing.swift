import Foundation

/// The entries of a folder but `.` and `..`, in no order.
///
/// Opened once, so that a folder which comes or goes meanwhile is either there or not: `errno` of an error is ENOENT where
/// there is none, ENOTDIR where it is no folder.
package struct FolderListing {
  package struct Entry: Sendable {
    /// Where it is not UTF-8, its other bytes as `\xe4`: no name by which the entry can be opened.
    package let name: String
    package let isText: Bool
    /// A link to a folder is none.
    package let isFolder: Bool
  }

  private let path: String

  package init(_ path: String) { self.path = path }

  /// Goes on while `body` says so.
  package func forEach(_ body: (Entry) -> Bool) throws(StorageError) {
    guard let stream = opendir(path) else { throw .io(step: .open, path: path, errno: errno) }
    defer { closedir(stream) }
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let (name, isText) = withUnsafeBytes(of: &entry.pointee.d_name) { name in
        let bytes = name.prefix { $0 != 0 }
        return String(validating: bytes, as: UTF8.self).map { ($0, true) } ?? (bytesText(bytes), false)
      }
      if name == "." || name == ".." { continue }
      var isFolder = Int(entry.pointee.d_type) == Int(DT_DIR)
      if Int(entry.pointee.d_type) == Int(DT_UNKNOWN) {
        var status = stat()
        isFolder = lstat("\(path)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      }
      guard body(Entry(name: name, isText: isText, isFolder: isFolder)) else { return }
    }
    guard errno == 0 else { throw .io(step: .read, path: path, errno: errno) }
  }

  package func entries() throws(StorageError) -> [Entry] {
    var entries: [Entry] = []
    try forEach {
      entries.append($0)
      return true
    }
    return entries
  }

  package func names() throws(StorageError) -> [String] { try entries().map(\.name) }
}

/// Bytes that are no UTF-8, for people: what is ASCII as it is, the others as `\xe4`.
package func bytesText<Bytes: Sequence>(_ bytes: Bytes) -> String where Bytes.Element: FixedWidthInteger {
  bytes.map { byte in
    let number = UInt8(truncatingIfNeeded: byte)
    if number < 0x80 { return String(Unicode.Scalar(number)) }
    return "\\x" + String(number, radix: 16)
  }.joined()
}
