import Files
import Foundation
import Planning

/// Writes a picture or a page that a user named. One that is there is replaced; a file of another kind (a tile, a dataset, a
/// database) never is.
///
/// - Parameter kind: what the bytes are, for people.
func writeReplacing(_ bytes: Data, to path: String, kind: String) throws {
  // what a shell has opened for us is its affair
  if !isOwnOutput(path), FileStatus.isFile(path) {
    let file = FileHandle(forReadingAtPath: path)
    defer { try? file?.close() }
    let head = (try? file?.read(upToCount: 8)) ?? Data()
    guard head.isEmpty || head.elementsEqual(bytes.prefix(head.count)) else {
      throw JobError.invalid(what: "\(path) exists, and is no \(kind)", hint: "name another file; this one is left as it is")
    }
  }
  try writeNamedFile(bytes, to: path, sync: false)
}
