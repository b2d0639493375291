import Files
import Foundation

/// A file that gets its name when it is finished. What is owed for the name is the sync of its folder, and of those above
/// that may have been made for it.
final class FileWriter: ObjectWriter {
  private let key: String
  private let folders: FolderMaker
  private let paysItself: Bool
  /// Nil once it is finished or discarded.
  private var file: AtomicFile?

  /// - Parameter paysItself: whether nothing is to be owed when the file is finished.
  init(_ key: String, tag: String, folders: FolderMaker, paysItself: Bool) throws(StorageError) {
    (self.key, self.folders, self.paysItself) = (key, folders, paysItself)
    try folders.ensureParent(of: key)
    file = try folders.file(key, tag: tag)
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws(StorageError) { try file?.append(bytes) }

  func finish() throws(StorageError) -> Debt {
    try file?.sync()
    try file.take()?.commit()
    return try owed()
  }

  /// As `finish`, with the version of the file; nil where the file of that name is to stay.
  ///
  /// - Parameter isNew: whether there is to be none of that name.
  func finish(isNew: Bool) throws(StorageError) -> (version: FileVersion, debt: Debt)? {
    try file?.sync()
    guard let version = try file?.version() else { return nil }
    if isNew {
      guard try file.take()?.commitIfAbsent() == true else { return nil }
    } else {
      try file.take()?.commit()
    }
    return (version, try owed())
  }

  func discard() { file.take()?.discard() }

  private func owed() throws(StorageError) -> Debt {
    guard paysItself else { return Debt([key]) }
    for folder in folders.takeUnsynced([key]) { try folders.sync(folder) }
    return .none
  }
}

/// A file that grows.
final class FileAppender: ObjectAppender {
  private let path: String
  private let descriptor: Int32

  init(path: String, descriptor: Int32) { (self.path, self.descriptor) = (path, descriptor) }

  deinit { close(descriptor) }

  func append(_ bytes: [UInt8]) throws(StorageError) {
    let number = writeWhole(bytes, to: descriptor)
    guard number == 0 else { throw .io(step: .write, path: path, errno: number) }
  }

  func sync() throws(StorageError) {
    let number = synchronize(descriptor)
    guard number == 0 else { throw .io(step: .sync, path: path, errno: number) }
  }
}
