import Files
import Foundation

/// Whether what the program was started with is text. Bytes that are no UTF-8, as in file names of old systems, would be read
/// as other characters, and lead to other files.
enum NameText {
  /// Throws where an argument, the current folder or the variable of the database is none.
  static func check() throws {
    for i in 1..<max(1, Int(CommandLine.argc)) {
      guard let bytes = CommandLine.unsafeArgv[i] else { continue }
      try check(
        bytes, "argument \(i)", hint: "rename the file or folder, such as with `convmv -f latin1 -t utf8 --notest`, or give a link to it")
    }
    if let bytes = getenv("BLOCKFUSE_DB") { try check(bytes, "BLOCKFUSE_DB", hint: "name another database with --db") }
    guard let folder = getcwd(nil, 0) else { return }
    defer { free(folder) }
    try check(folder, "the name of the current folder", hint: "rename it, or start from another folder and give whole paths")
  }

  private static func check(_ bytes: UnsafePointer<CChar>, _ what: String, hint: String) throws {
    guard String(validatingCString: bytes) == nil else { return }
    throw CommandLineMistake.error(
      "\(what) is not UTF-8: \(bytesText(UnsafeBufferPointer(start: bytes, count: strlen(bytes))))", hint: hint)
  }
}
