import Files

/// A file that is open to be read.
final class FileObject: StoredObject {
  private let file: FileReader

  init(_ file: consuming FileReader) { self.file = file }

  var byteCount: Int { file.byteCount }
  var version: ObjectVersion { .file(file.version) }

  func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(StorageError) -> Int {
    try file.read(at: offset, into: target)
  }
}
