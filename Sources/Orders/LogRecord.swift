import CSystem
import Diagnostics
import Foundation

/// One record of a task's log, and how it is written: 4 bytes length, 4 bytes CRC-32C of length and content, content.
///
/// The content is a kind, then numbers, little endian, or JSON. A reader stops at the first record that is cut short or
/// whose checksum is wrong: what follows it counts as never written.
package enum LogRecord: Equatable, Sendable {
  /// Who writes: the first record of each file.
  case header(LogHeader)
  /// Blocks whose files are durable, or that are empty.
  case settled(at: Date, [SettledBlock])
  case failed(FailedBlock)
  /// Whole bricks of nothing but fill.
  case emptyBricks(at: Date, [Range<Int>])
  /// What the writer is about to do; others do something else first. Not synced: a hint.
  case taken([BlockPlace])
  /// The attempt came to an end of its own: it has nothing in hand any more.
  case ended(at: Date, outcome: String)

  package static let magic: [UInt8] = Array("BFTASK1\n".utf8)
  package static let frameByteCount = 8
  /// Larger ones are not written, nor believed.
  package static let contentLimit = 1 << 22

  private enum Kind: UInt8 {
    case header = 1, settled, failed, emptyBricks, taken, ended
  }

  /// With its length and checksum.
  package var bytes: [UInt8] {
    var content = ByteWriter()
    switch self {
    case .header(let header):
      content.put(Kind.header.rawValue)
      content.put(json: header)
    case .settled(let date, let blocks):
      content.put(Kind.settled.rawValue)
      content.put(UInt64(bitPattern: Int64(date.milliseconds)))
      for block in blocks {
        content.put(block.place)
        content.put(UInt8(block.isEmpty ? 1 : 0) | (block.checksum == nil ? 0 : 2))
        if let sum = block.checksum { content.put(sum) }
      }
    case .failed(let block):
      content.put(Kind.failed.rawValue)
      content.put(json: block)
    case .emptyBricks(let date, let runs):
      content.put(Kind.emptyBricks.rawValue)
      content.put(UInt64(bitPattern: Int64(date.milliseconds)))
      for run in runs {
        content.put(UInt32(run.lowerBound))
        content.put(UInt32(run.count))
      }
    case .taken(let blocks):
      content.put(Kind.taken.rawValue)
      for block in blocks { content.put(block) }
    case .ended(let date, let outcome):
      content.put(Kind.ended.rawValue)
      content.put(UInt64(bitPattern: Int64(date.milliseconds)))
      content.bytes += Array(outcome.utf8)
    }
    var length = ByteWriter()
    length.put(UInt32(content.bytes.count))
    var sum = UInt32(0)
    for part in [length.bytes, content.bytes] { sum = part.withUnsafeBytes { csystem_crc32c(sum, $0.baseAddress, $0.count) } }
    length.put(sum)
    return length.bytes + content.bytes
  }

  /// The record that `bytes` begin with, and its length; nil where it is cut short, damaged, or of no known kind.
  package init?(_ bytes: UnsafeRawBufferPointer, byteCount: inout Int) {
    guard bytes.count > Self.frameByteCount else { return nil }
    let length = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
    guard length > 0, length <= Self.contentLimit, bytes.count - Self.frameByteCount >= length else { return nil }
    let content = UnsafeRawBufferPointer(rebasing: bytes[Self.frameByteCount..<Self.frameByteCount + length])
    var sum = csystem_crc32c(0, bytes.baseAddress, 4)
    sum = csystem_crc32c(sum, content.baseAddress, content.count)
    guard UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)) == sum else { return nil }
    var reader = ByteReader(content)
    guard let kind = reader.byte().flatMap(Kind.init), let record = Self.decode(kind, &reader) else { return nil }
    byteCount = Self.frameByteCount + length
    self = record
  }

  private static func decode(_ kind: Kind, _ reader: inout ByteReader) -> LogRecord? {
    switch kind {
    case .header: return reader.json(LogHeader.self).map { .header($0) }
    case .failed: return reader.json(FailedBlock.self).map { .failed($0) }
    case .settled:
      guard let date = reader.date() else { return nil }
      var blocks: [SettledBlock] = []
      while !reader.isAtEnd {
        guard let place = reader.place(), let flags = reader.byte(), flags < 4 else { return nil }
        var sum: UInt32?
        if flags & 2 != 0 {
          guard let value = reader.number() else { return nil }
          sum = value
        }
        blocks.append(SettledBlock(place: place, isEmpty: flags & 1 != 0, checksum: sum))
      }
      return .settled(at: date, blocks)
    case .emptyBricks:
      guard let date = reader.date() else { return nil }
      var runs: [Range<Int>] = []
      while !reader.isAtEnd {
        guard let first = reader.number(), let count = reader.number() else { return nil }
        runs.append(Int(first)..<Int(first) + Int(count))
      }
      return .emptyBricks(at: date, runs)
    case .taken:
      var blocks: [BlockPlace] = []
      while !reader.isAtEnd {
        guard let place = reader.place() else { return nil }
        blocks.append(place)
      }
      return .taken(blocks)
    case .ended:
      guard let date = reader.date() else { return nil }
      return .ended(at: date, outcome: reader.text())
    }
  }
}

/// A block of a level: its brick, and its bit in it.
package struct BlockPlace: Hashable, Sendable, Codable {
  package let brick: Int
  package let index: Int

  package init(brick: Int, index: Int) {
    (self.brick, self.index) = (brick, index)
  }
}

package struct SettledBlock: Hashable, Sendable {
  package let place: BlockPlace
  package let isEmpty: Bool
  /// The crc32c of the block's file; nil if its codecs have checksums of their own.
  package var checksum: UInt32?

  package init(place: BlockPlace, isEmpty: Bool, checksum: UInt32? = nil) {
    (self.place, self.isEmpty, self.checksum) = (place, isEmpty, checksum)
  }
}

package struct FailedBlock: Hashable, Sendable, Codable {
  package let place: BlockPlace
  package let code: String
  package let message: String
  package let at: Int

  package init(place: BlockPlace, code: String, message: String, at: Int) {
    (self.place, self.code, self.message, self.at) = (place, code, message, at)
  }
}

/// Who writes a log.
package struct LogHeader: Hashable, Sendable, Codable {
  /// The work order's uuid.
  package let order: String
  package let level: Int
  package let share: Int
  package let shareCount: Int
  /// The task that writes; another than the share's where it helps.
  package let task: Int
  package let host: String
  package let pid: Int
  package let program: String
  /// In the names of the temp files of blocks.
  package let temporaryTag: String
  package let startedAt: Int

  package init(
    order: String, level: Int, share: Int, shareCount: Int, task: Int, host: String, pid: Int, program: String,
    temporaryTag: String, startedAt: Int
  ) {
    (self.order, self.level, self.share, self.shareCount) = (order, level, share, shareCount)
    (self.task, self.host, self.pid, self.program) = (task, host, pid, program)
    (self.temporaryTag, self.startedAt) = (temporaryTag, startedAt)
  }
}

private struct ByteWriter {
  var bytes: [UInt8] = []

  mutating func put<Number: FixedWidthInteger>(_ number: Number) {
    withUnsafeBytes(of: number.littleEndian) { bytes += Array($0) }
  }

  mutating func put(_ place: BlockPlace) {
    put(UInt32(place.brick))
    put(UInt16(place.index))
  }

  mutating func put(json value: some Encodable) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // plain numbers and texts: nothing that could not be written
    if let data = try? encoder.encode(value) { bytes += Array(data) }
  }
}

private struct ByteReader {
  private var rest: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

  var isAtEnd: Bool { rest.isEmpty }

  private mutating func take<Number: FixedWidthInteger>(_ type: Number.Type) -> Number? {
    guard rest.count >= MemoryLayout<Number>.size else { return nil }
    defer { rest = UnsafeRawBufferPointer(rebasing: rest[MemoryLayout<Number>.size...]) }
    return Number(littleEndian: rest.loadUnaligned(as: Number.self))
  }

  mutating func byte() -> UInt8? { take(UInt8.self) }
  mutating func number() -> UInt32? { take(UInt32.self) }

  mutating func place() -> BlockPlace? {
    guard let brick = take(UInt32.self), let index = take(UInt16.self) else { return nil }
    return BlockPlace(brick: Int(brick), index: Int(index))
  }

  mutating func date() -> Date? {
    guard let value = take(UInt64.self) else { return nil }
    // a date that no clock shows is no reason to disbelieve the blocks
    return Date(milliseconds: Int(clamping: min(Int64(clamping: value), 1 << 52)))
  }

  mutating func text() -> String {
    defer { rest = UnsafeRawBufferPointer(start: nil, count: 0) }
    return String(decoding: rest, as: UTF8.self)
  }

  mutating func json<Value: Decodable>(_ type: Value.Type) -> Value? {
    try? JSONDecoder().decode(type, from: Data(text().utf8))
  }
}
