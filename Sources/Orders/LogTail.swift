import Diagnostics
import Files
import Planning
import Store

/// Reads a log while others may write it: each call gives the whole records that have come since the last.
package struct LogTail: Sendable {
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
  ///
  /// - Parameters:
  ///   - limit: read no further than to this byte.
  ///   - isOver: asked after each piece; if it says so, the rest is left to the next call.
  package mutating func read(
    to limit: Int = .max, isOver: () -> Bool = { false }, _ body: (LogRecord) throws -> Void
  ) throws {
    guard let log = try opened() else { return }
    let size = min(log.byteCount, limit)
    // a size may be seen before the bytes are
    if size == fileByteCount, restByteCount == 0 { return }
    fileByteCount = size
    if position == 0 {
      guard try bytes(of: log, at: 0, LogRecord.magic.count) == LogRecord.magic else {
        restByteCount = size
        return
      }
      position = LogRecord.magic.count
    }
    var wanted = Self.pieceByteCount
    while position < size {
      let piece = try bytes(of: log, at: position, min(wanted, size - position))
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
      if isOver() { break }
    }
    restByteCount = max(0, size - position)
  }

  private func opened() throws -> (any StoredObject)? {
    do throws(StorageError) {
      return try Place(path).open()
    } catch {
      guard error.isMissing else { throw failure(error) }
      return nil
    }
  }

  private func bytes(of log: any StoredObject, at offset: Int, _ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    do throws(StorageError) {
      let got = try bytes.withUnsafeMutableBufferPointer { (buffer) throws(StorageError) in
        try log.read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
      }
      bytes.removeLast(count - got)
    } catch {
      throw failure(error)
    }
    return bytes
  }

  private func failure(_ error: StorageError) -> JobError {
    .order("cannot read the log \(path)", error, hint: "check its permissions and its disk")
  }
}
