import Diagnostics
import Foundation
import Planning

/// Reads a log while others may write it: each call gives the whole records that have come since the last.
package struct LogTail {
  package let path: String
  /// The end of the last whole record.
  package private(set) var position: Int
  /// What the file had beyond that: a record being written, torn, or damaged.
  package private(set) var restByteCount = 0
  private var fileByteCount = -1

  /// Read at a time, unless a record is longer.
  private static let pieceByteCount = 1 << 20

  package init(path: String, position: Int = 0) {
    (self.path, self.position) = (path, position)
  }

  /// Nothing where the file is gone, is no log, or has not grown.
  package mutating func read(_ body: (LogRecord) throws -> Void) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return }
      throw failure(errno)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(errno) }
    let size = Int(status.st_size)
    // a size may be seen before the bytes are
    if size == fileByteCount, restByteCount == 0 { return }
    fileByteCount = size
    if position == 0 {
      guard try bytes(descriptor, at: 0, LogRecord.magic.count) == LogRecord.magic else {
        restByteCount = size
        return
      }
      position = LogRecord.magic.count
    }
    var wanted = Self.pieceByteCount
    while position < size {
      let piece = try bytes(descriptor, at: position, min(wanted, size - position))
      var used = 0
      try piece.withUnsafeBytes { raw in
        while used < raw.count {
          var byteCount = 0
          let record = LogRecord(UnsafeRawBufferPointer(rebasing: raw[used...]), byteCount: &byteCount)
          guard let record else { break }
          try body(record)
          used += byteCount
        }
      }
      position += used
      if used > 0 {
        wanted = Self.pieceByteCount
      } else if piece.count < wanted || wanted > LogRecord.contentLimit {
        break
      } else {
        // a record longer than a piece
        wanted = LogRecord.contentLimit + LogRecord.frameByteCount
      }
    }
    restByteCount = max(0, size - position)
  }

  private func bytes(_ descriptor: Int32, at offset: Int, _ count: Int) throws -> [UInt8] {
    var done = 0
    var number: Int32 = 0
    let result = [UInt8](unsafeUninitializedCapacity: count) { buffer, length in
      while done < count {
        let got = pread(descriptor, buffer.baseAddress.map { $0 + done }, count - done, off_t(offset + done))
        if got < 0 {
          if errno == EINTR { continue }
          number = errno
          break
        }
        if got == 0 { break }
        done += got
      }
      length = done
    }
    if number != 0 { throw failure(number) }
    return result
  }

  private func failure(_ number: Int32) -> JobError {
    .output("cannot read the log \(path): \(systemWords(number))", hint: "check its permissions and its disk")
  }
}
