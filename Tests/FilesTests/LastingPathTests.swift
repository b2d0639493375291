import Files
import Foundation
import Testing

/// Which paths lead to the same file later, and in other processes.
@Suite struct LastingPathTests {
  @Test func filesAndWhatOneProcessHasOpen() throws {
    let folders = [NSTemporaryDirectory()] + ["/dev/shm"].filter { FileManager.default.isWritableFile(atPath: $0) }
    for folder in folders {
      let path = "\(folder)/lasting-\(UUID().uuidString)"
      let link = path + "-link"
      try Data("{}".utf8).write(to: URL(fileURLWithPath: path))
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
      defer { for path in [path, link] { try? FileManager.default.removeItem(atPath: path) } }
      #expect(isLasting(path) && isLasting(link), "\(folder)")
      let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      // the same file, by the number that this process has for it
      for folder in ["/dev/fd", "/proc/self/fd"] where FileManager.default.fileExists(atPath: folder) {
        #expect(!isLasting("\(folder)/\(handle.fileDescriptor)"), "\(folder)")
        let far = path + "-far"
        try FileManager.default.createSymbolicLink(atPath: far, withDestinationPath: "\(folder)/\(handle.fileDescriptor)")
        #expect(!isLasting(far), "a link into \(folder)")
        try FileManager.default.removeItem(atPath: far)
      }
      try handle.close()
    }
    #expect(!isLasting("/nowhere/at all") && !isLasting(NSTemporaryDirectory()) && !isLasting("/dev/null"))
  }
}
